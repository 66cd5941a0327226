//! Detection of paged operations by their shape.

use crate::model::{
    Api, InPageToken, Kind, Location, Object, Operation, Paging, PagingScheme, Schema, Success,
};

pub(super) fn detect(api: &Api, operation: &Operation) -> Option<Paging> {
    let Success::Json(schema) = &operation.success else {
        return None;
    };
    let Kind::Reference(name) = &schema.kind else {
        return None;
    };
    let page = api.object(name)?;
    let takes = |wanted: &str| {
        operation.parameters.iter().any(|parameter| {
            parameter.location == Location::Query
                && !parameter.required
                && parameter.argument == wanted
        })
    };
    let gives = |wanted: &str, is: fn(&Kind) -> bool| {
        let property = page.properties.get(wanted);
        property.is_some_and(|property| is(&property.schema.kind))
    };
    let text: fn(&Kind) -> bool = |kind| *kind == Kind::String;
    let (items, item) = only_list(page)?;
    let numbered = gives("page", is_whole_number) && gives("pages", is_whole_number);
    let timed = gives("next_start", is_whole_number) && has_time(api, item);
    let scheme = if takes("page_token") && gives("next_page_token", text) {
        PagingScheme::Token
    } else if takes("page") && takes("size") && items == "items" && numbered {
        PagingScheme::Numbered
    } else if takes("start") && takes("limit") && timed {
        PagingScheme::Timed
    } else {
        return None;
    };
    Some(Paging {
        scheme,
        page: name.clone(),
        items,
    })
}

/// Documents at the page token which parameters a call with it must leave out.
pub(super) fn document_token(operation: &mut Operation) {
    let scheme = operation.paging.as_ref().map(|it| it.scheme);
    if scheme != Some(PagingScheme::Token) {
        return;
    }
    let held = operation.parameters.iter();
    let held = held.filter_map(|parameter| match &parameter.in_page_token {
        InPageToken::Nothing => None,
        InPageToken::Whole => Some(format!("Leave out `{}`.", parameter.name)),
        InPageToken::PredicatesExcept(prefix) => Some(format!(
            "Of `{}`, send only the predicates whose key begins with `{prefix}`; leave it out if it \
             has none.",
            parameter.name
        )),
    });
    let held: Vec<String> = held.collect();
    let token = operation.parameters.iter_mut();
    let token = token.into_iter().find(|it| it.argument == "page_token");
    if let (Some(token), false) = (token, held.is_empty()) {
        let own = token.description.take().unwrap_or_default();
        token.description = Some(format!(
            "{own} {} The token holds the rest. Streams of pages and items do this by themselves.",
            held.join(" ")
        ));
    }
}

fn has_time(api: &Api, item: &Schema) -> bool {
    let Kind::Object(object) = api.kind(item) else {
        return false;
    };
    let time = object.properties.get("timestamp");
    time.is_some_and(|time| is_whole_number(&time.schema.kind))
}

pub(crate) fn is_whole_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer(_) | Kind::IntegerText { .. })
}

/// Returns the only list property of a page, and its items.
fn only_list(page: &Object) -> Option<(String, &Schema)> {
    let mut lists =
        page.properties
            .iter()
            .filter_map(|(name, property)| match &property.schema.kind {
                Kind::Array(item) => Some((name.clone(), &**item)),
                _ => None,
            });
    let first = lists.next()?;
    lists.next().is_none().then_some(first)
}
