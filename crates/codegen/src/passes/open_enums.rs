//! Enums that accept unknown values.
//!
//! Why: progenitor's enums only have the values of the document, so that one new value from a newer
//! server fails the whole response. The variants are kept; the rest is written by the runtime's
//! macro `open_enum`, which adds `Unknown`.

use syn::{Item, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::model::Kind;
use crate::tree::{Tree, ident, is_implementation_for};

pub(super) const PASS: Pass = Pass {
    name: "open_enums",
    changes: &[
        (Change::Changes, Part::Type),
        (Change::Adds, Part::Variant),
        (Change::Changes, Part::Variant),
        (Change::Removes, Part::Variant),
        (Change::Removes, Part::Implementation),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for (name, schema) in &context.api.schemas {
        let Kind::Enum(values) = &schema.schema.kind else {
            continue;
        };
        tree.types.retain(|item| !is_implementation_for(item, name));
        let found = tree.types.iter_mut().find_map(|item| match item {
            Item::Enum(item) if item.ident == name => Some(item),
            _ => None,
        });
        let found = found.ok_or_else(|| format!("progenitor generated no enum `{name}`"))?;
        // Enums with discriminants become calls of the macro, see `layout`.
        found
            .attrs
            .retain(|attribute| attribute.path().is_ident("doc"));
        found.variants = values
            .iter()
            .map(|it| -> syn::Variant {
                let (variant, value) = (ident(&it.variant), &it.value);
                parse_quote! { #variant = #value }
            })
            .collect();
    }
    Ok(())
}
