use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::collection::Rank;
use crate::compute::error::ComputeError;
use crate::object::{Object, text};

/// The parameters that the list operations share. They do not filter objects.
pub(super) const NAMES: &[&str] = &["page", "size", "latest", "sort_by"];

/// Returns one page of `objects`, which are in the order of their creation.
pub(super) fn page_of(
    parameters: &Object,
    mut objects: Vec<&Object>,
    sortable: &[&str],
    shown: impl Fn(&Object) -> Object,
) -> Result<Value, ComputeError> {
    let number = |name| usize::try_from(parameters.get(name)?.as_u64()?).ok();
    let page = number("page").unwrap_or(1).max(1);
    let size = number("size").unwrap_or(50).max(1);
    if parameters.get("latest") == Some(&json!(true)) {
        let newest = objects
            .into_iter()
            .max_by_key(|object| (rank(object, "created_on"), rank(object, "id")));
        objects = newest.into_iter().collect();
    }
    let sort_by = text(parameters, "sort_by");
    if !sort_by.is_empty() {
        sort(&mut objects, sort_by, sortable)?;
    }
    let total = objects.len();
    let skipped = (page - 1).saturating_mul(size);
    let items = objects.into_iter().skip(skipped).take(size).map(shown);
    Ok(json!({
        "items": items.collect::<Vec<_>>(),
        "total": total,
        "page": page,
        "size": size,
        "pages": total.div_ceil(size),
    }))
}

fn sort(objects: &mut [&Object], sort_by: &str, sortable: &[&str]) -> Result<(), ComputeError> {
    let (field, descending) = match sort_by.strip_prefix('-') {
        Some(field) => (field, true),
        None => (sort_by, false),
    };
    if !sortable.contains(&field) {
        let known = sortable.join(", ");
        return Err(format!("Cannot sort by '{field}', only by {known}").into());
    }
    if descending {
        objects.sort_by_cached_key(|object| Reverse(rank(object, field)));
    } else {
        objects.sort_by_cached_key(|object| rank(object, field));
    }
    Ok(())
}

fn rank(object: &Object, field: &str) -> Rank {
    match object.get(field) {
        Some(Value::String(text)) => Rank::Text(text.clone()),
        Some(Value::Bool(boolean)) => Rank::Boolean(*boolean),
        Some(Value::Number(number)) => Rank::number(number.as_f64().unwrap_or_default()),
        _ => Rank::Absent,
    }
}
