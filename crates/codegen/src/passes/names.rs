//! Names that progenitor would choose differently.
//!
//! Why: progenitor derives every Rust name from the name in the document. The names of two types or
//! properties can collide (`a-b` and `a_b`). The generator chooses such names itself and hands
//! placeholders to progenitor.

use proc_macro2::Ident;
use syn::LitStr;
use syn::visit_mut::VisitMut;

use super::{Change, Context, Part, Pass};
use crate::escapes::Escapes;
use crate::model::Object;
use crate::tree::{Tree, ident};

pub(super) const PASS: Pass = Pass {
    name: "names",
    changes: &[
        (Change::Adds, Part::Field),
        (Change::Removes, Part::Field),
        (Change::Adds, Part::Setter),
        (Change::Removes, Part::Setter),
        (Change::Changes, Part::Docs),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    if !context.escapes.is_empty() {
        let mut restore = Restore(context.escapes);
        for items in tree.modules_mut() {
            items
                .iter_mut()
                .for_each(|item| restore.visit_item_mut(item));
        }
    }
    Ok(())
}

/// Returns the name of the field for undeclared properties, distinct from all properties.
pub(super) fn extra_name(object: &Object) -> String {
    let mut name = "extra".to_owned();
    let taken = |name: &str| object.properties.values().any(|it| it.ident == name);
    while taken(&name) {
        name.push_str("_properties");
    }
    name
}

struct Restore<'a>(&'a Escapes);

impl VisitMut for Restore<'_> {
    fn visit_ident_mut(&mut self, name: &mut Ident) {
        if let Some(restored) = self.0.replaced(&name.to_string()) {
            *name = ident(&restored);
        }
    }

    fn visit_lit_str_mut(&mut self, literal: &mut LitStr) {
        let text = literal.value();
        let restored = match self.0.restored(&text) {
            Some((escaped, "")) => Some(escaped.wire.clone()),
            _ => self.0.replaced(&text),
        };
        if let Some(restored) = restored {
            *literal = LitStr::new(&restored, literal.span());
        }
    }
}
