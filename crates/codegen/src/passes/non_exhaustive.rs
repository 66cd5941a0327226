//! New properties are not breaking changes.
//!
//! Why: APIs keep adding properties. progenitor's structs can be built and matched field by field,
//! so that each new property would break callers. A `#[non_exhaustive]` struct is created by its
//! builder, or from its default by assigning fields.

use syn::parse_quote;

use super::{Change, Context, Part, Pass};
use crate::tree::{Tree, structs};

pub(super) const PASS: Pass = Pass {
    name: "non_exhaustive",
    changes: &[(Change::Changes, Part::Type)],
    run,
};

fn run(_: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for item in structs(&mut tree.types) {
        item.attrs.push(parse_quote! { #[non_exhaustive] });
    }
    Ok(())
}
