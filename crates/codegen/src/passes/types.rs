//! Structs, open enums, unions and builders that distinguish absent, null and unknown values.
//!
//! Why: progenitor's types cannot hold all that the servers send, and send values that the caller
//! did not set: see `structs`, `open_enums` and `unions`. Its builders report errors late: see
//! `builders`.

mod builders;
mod open_enums;
mod structs;
mod unions;

use syn::Item;

use self::structs::Field;
use super::Context;
use crate::model::Kind;
use crate::tree::{Tree, last_name, take_module};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    // Defaults are not sent, and builders return the errors of the runtime.
    take_module(&mut tree.types, "defaults");
    take_module(&mut tree.types, "error");
    tree.type_builders.clear();
    for item in std::mem::take(&mut tree.types) {
        let name = match &item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            Item::Impl(block) => last_name(&block.self_ty),
            _ => None,
        };
        let schema = name.as_ref().and_then(|name| api.schemas.get(name));
        let written = match (item, schema.map(|it| &it.schema.kind)) {
            (Item::Struct(mut item), Some(Kind::Object(object))) => {
                let fields = Field::all(&mut item, object);
                let builder = builders::written(api, &item.ident, &fields);
                tree.type_builders.extend(builder);
                Some(structs::written(api, &item.ident, object, &fields).into())
            }
            (Item::Enum(item), Some(Kind::Enum(values))) => {
                Some(vec![open_enums::written(api, &item.ident, values)])
            }
            (Item::Enum(item), Some(Kind::Union(members))) => unions::untagged(api, &item, members),
            (Item::Enum(item), Some(Kind::Tagged(tagged))) => unions::tagged(api, &item, tagged),
            (Item::Struct(_) | Item::Enum(_), _) => None,
            // progenitor's implementations for the types above.
            (Item::Impl(_), Some(_)) => continue,
            (item, _) => Some(vec![item]),
        };
        let unexpected = || format!("progenitor's type {name:?} has an unexpected shape");
        tree.types.extend(written.ok_or_else(unexpected)?);
    }
    Ok(())
}
