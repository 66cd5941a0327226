//! Which operations list, told by their shape: no list of operations stands here.

use indexmap::IndexMap;

use crate::model::{Kind, Location, NamedSchema, Object, Operation, Paging, Success};

pub(super) fn detect(
    operation: &Operation,
    schemas: &IndexMap<String, NamedSchema>,
) -> Option<Paging> {
    let Success::Json(schema) = &operation.success else {
        return None;
    };
    let Kind::Reference(name) = &schema.kind else {
        return None;
    };
    let Kind::Object(page) = &schemas.get(name)?.schema.kind else {
        return None;
    };
    let takes = |wanted: &str| {
        operation.parameters.iter().any(|parameter| {
            parameter.location == Location::Query && !parameter.required && parameter.name == wanted
        })
    };
    let gives = |wanted: &str| page.properties.contains_key(wanted);
    let items = only_list(page)?;
    if takes("page_token") && gives("next_page_token") {
        return Some(Paging::Token { items });
    }
    if takes("page") && takes("size") && items == "items" && gives("page") && gives("pages") {
        return Some(Paging::Numbered { items });
    }
    None
}

/// The one property of a page that is a list.
fn only_list(page: &Object) -> Option<String> {
    let mut lists = page
        .properties
        .iter()
        .filter(|(_, property)| matches!(property.schema.kind, Kind::Array(_)))
        .map(|(name, _)| name.clone());
    let first = lists.next()?;
    lists.next().is_none().then_some(first)
}
