use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::collection::Rank;
use crate::compute::error::ComputeError;
use crate::object::Object;
use crate::reply::Reply;

/// The parameters that the list operations share, validated.
pub(super) struct PageRequest {
    page: usize,
    size: usize,
    latest: bool,
    sort_by: Option<String>,
}

impl PageRequest {
    /// Names of these parameters. They do not filter objects.
    pub(super) const NAMES: &[&str] = &["page", "size", "latest", "sort_by"];

    pub(super) fn of(parameters: &Object) -> Self {
        Self {
            page: count(parameters.get("page"), 1),
            size: count(parameters.get("size"), 50),
            latest: parameters.get("latest") == Some(&json!(true)),
            sort_by: parameters
                .get("sort_by")
                .and_then(Value::as_str)
                .filter(|sort_by| !sort_by.is_empty())
                .map(str::to_owned),
        }
    }

    /// Returns one page of `objects`, which are in the order of their creation.
    pub(super) fn page_of(
        &self,
        mut objects: Vec<&Object>,
        sortable: &[&str],
        shown: impl Fn(&Object) -> Object,
    ) -> Result<Reply, ComputeError> {
        if self.latest {
            let newest = objects
                .into_iter()
                .max_by_key(|object| (rank(object, "created_on"), rank(object, "id")));
            objects = newest.into_iter().collect();
        }
        if let Some(sort_by) = &self.sort_by {
            sort(&mut objects, sort_by, sortable)?;
        }
        let total = objects.len();
        let skipped = (self.page - 1).saturating_mul(self.size);
        let page = objects.into_iter().skip(skipped).take(self.size);
        let items: Vec<Object> = page.map(shown).collect();
        Ok(Reply::ok(json!({
            "items": items,
            "total": total,
            "page": self.page,
            "size": self.size,
            "pages": total.div_ceil(self.size),
        })))
    }
}

/// Returns a number, at least 1.
fn count(number: Option<&Value>, default: usize) -> usize {
    number
        .and_then(Value::as_u64)
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or(default)
        .max(1)
}

fn sort(objects: &mut [&Object], sort_by: &str, sortable: &[&str]) -> Result<(), ComputeError> {
    let (field, descending) = match sort_by.strip_prefix('-') {
        Some(field) => (field, true),
        None => (sort_by, false),
    };
    if !sortable.contains(&field) {
        return Err(ComputeError::unprocessable(&format!(
            "Cannot sort by '{field}', only by {}",
            sortable.join(", ")
        )));
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
