use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::compute::ComputeError;
use crate::compute::validation::{Bounds, Validation};
use crate::reply::Reply;
use crate::store::Object;

const PAGE: Bounds = Bounds {
    minimum: 1,
    maximum: None,
    default: 1,
};
const SIZE: Bounds = Bounds {
    minimum: 1,
    maximum: Some(100),
    default: 50,
};

/// The parameters that the 20 list operations share.
pub(super) struct PageRequest {
    page: usize,
    size: usize,
    latest: bool,
    sort_by: Option<String>,
}

impl PageRequest {
    pub(super) fn read(validation: &mut Validation<'_>) -> Self {
        Self {
            page: to_count(validation.query_integer("page", &PAGE)),
            size: to_count(validation.query_integer("size", &SIZE)),
            latest: validation.query_boolean("latest").unwrap_or_default(),
            sort_by: validation
                .query_text("sort_by")
                .filter(|sort_by| !sort_by.is_empty()),
        }
    }

    /// Answers with one page of `objects`, which are in the order of their creation.
    pub(super) fn page_of(
        &self,
        mut objects: Vec<&Object>,
        sortable: &[&str],
        creation_time: &str,
    ) -> Result<Reply, ComputeError> {
        if self.latest {
            objects = objects
                .into_iter()
                .max_by_key(|object| text(object, creation_time))
                .into_iter()
                .collect();
        }
        if let Some(sort_by) = &self.sort_by {
            sort(&mut objects, sort_by, sortable)?;
        }
        let total = objects.len();
        let skipped = (self.page - 1).saturating_mul(self.size);
        let items: Vec<_> = objects.into_iter().skip(skipped).take(self.size).collect();
        Ok(Reply::ok(json!({
            "items": items,
            "total": total,
            "page": self.page,
            "size": self.size,
            "pages": total.div_ceil(self.size),
        })))
    }
}

/// At least 1, for a stand-in of a value that did not pass its validation too.
fn to_count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default().max(1)
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
    objects.sort_by(|one, other| {
        let ordering = compare(one.get(field), other.get(field));
        if descending {
            ordering.reverse()
        } else {
            ordering
        }
    });
    Ok(())
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one, other) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(other),
        (Some(one), Some(other)) => one.as_i64().cmp(&other.as_i64()),
        _ => Ordering::Equal,
    }
}

fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
