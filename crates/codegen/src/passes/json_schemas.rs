//! JSON Schemas of the types, with a feature.
//!
//! Why: progenitor adds a derive either to all builds or to none.

use syn::{Item, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::model::{Api, Kind};
use crate::tree::Tree;

pub(super) const PASS: Pass = Pass {
    name: "json_schemas",
    changes: &[(Change::Changes, Part::Type)],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for item in &mut tree.types {
        let attributes = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) if is_tagged(context.api, &item.ident.to_string()) => {
                item.attrs.push(parse_quote! {
                    #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema), schemars(untagged))]
                });
                continue;
            }
            // The macro of open enums derives it.
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

/// Returns whether a type is a union with its own serialization.
fn is_tagged(api: &Api, name: &str) -> bool {
    let schema = api.schemas.get(name);
    schema.is_some_and(|it| matches!(it.schema.kind, Kind::Tagged(_)))
}
