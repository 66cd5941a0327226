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
use crate::tree::Tree;

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    tree.type_builders.clear();
    for item in std::mem::take(&mut tree.types) {
        let name = match &item {
            Item::Struct(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            // Defaults are not sent, and builders return the errors of the runtime.
            _ => continue,
        };
        let schema = api.schemas.get(&name.to_string());
        let written = match (&item, schema.map(|it| &it.schema.kind)) {
            (Item::Struct(item), Some(Kind::Object(object))) => {
                let fields = Field::all(item, object);
                let builder = builders::written(api, name, &fields);
                tree.type_builders.extend(builder);
                Some(structs::written(api, name, object, &fields).into())
            }
            (_, Some(Kind::Enum(values))) => Some(vec![open_enums::written(api, name, values)]),
            (Item::Enum(item), Some(Kind::Union(members))) => unions::untagged(api, item, members),
            (Item::Enum(item), Some(Kind::Tagged(tagged))) => unions::tagged(api, item, tagged),
            _ => None,
        };
        let unexpected = || format!("progenitor's type `{name}` has an unexpected shape");
        tree.types.extend(written.ok_or_else(unexpected)?);
    }
    Ok(())
}
