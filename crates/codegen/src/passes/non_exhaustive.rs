//! A new property is no breaking change.
//!
//! Why: an API adds properties to its objects all the time. progenitor's structs can be built and
//! matched field by field, so that each would break callers. A `#[non_exhaustive]` struct is made
//! by its builder, or from its default by assigning fields.

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
