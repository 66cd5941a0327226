//! JSON Schemas of the types, behind a feature.
//!
//! Why: progenitor adds a derive to all builds or to none.

use syn::{Item, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::tree::Tree;

pub(super) const PASS: Pass = Pass {
    name: "json_schemas",
    changes: &[(Change::Changes, Part::Type)],
    run,
};

fn run(_: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for item in &mut tree.types {
        let attributes = match item {
            Item::Struct(item) => &mut item.attrs,
            // The macro of an open enum has it.
            Item::Enum(item) if item.variants.iter().all(|it| it.discriminant.is_none()) => {
                &mut item.attrs
            }
            _ => continue,
        };
        attributes.push(
            parse_quote! { #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))] },
        );
    }
    Ok(())
}
