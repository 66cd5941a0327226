//! Names that progenitor would choose differently.
//!
//! Why: progenitor derives every Rust name from the name in the document. The names of two types,
//! properties or values can collide (`a-b` and `a_b`), and it then refuses the document or takes
//! them for one. The generator chooses names itself, and hands placeholders to progenitor.

use proc_macro2::Ident;
use syn::visit_mut::VisitMut;

use super::Context;
use crate::placeholders::Placeholders;
use crate::tree::{Tree, ident};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    tree.visit(&mut Restore(context.placeholders));
    Ok(())
}

struct Restore<'a>(&'a Placeholders<'a>);

impl VisitMut for Restore<'_> {
    fn visit_ident_mut(&mut self, name: &mut Ident) {
        if let Some(restored) = self.0.restored(&name.to_string()) {
            *name = ident(restored);
        }
    }
}
