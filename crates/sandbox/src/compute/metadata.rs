use chrono::{DateTime, Timelike, Utc};
use serde_json::{Value, json};

use crate::compute::paging::PageRequest;
use crate::compute::validation::Validation;
use crate::compute::{BACKEND_ID, ComputeError, ComputeStore};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let mut validation = Validation::of(call);
    let body = validation.body_object()?;
    let backend_id = validation.optional_integer_field(&body, "backend_id");
    let data = validation.object_field(&body, "data");
    validation.finish()?;

    let backend_id = backend_id.unwrap_or(BACKEND_ID);
    if !store.compute.backends.contains(&backend_id) {
        return Err(ComputeError::unprocessable(&format!(
            "Backend {backend_id} does not exist"
        )));
    }
    let created_on = store.clock.now();
    Ok(Reply::created(add(
        &mut store.compute,
        backend_id,
        created_on,
        data,
    )))
}

pub(super) fn list_of_backend(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let mut validation = Validation::of(call);
    let backend_id = validation.path_integer("backend_id");
    let page = PageRequest::read(&mut validation);
    validation.finish()?;

    let of_backend = |metadata: &&Object| metadata.get("backend_id") == Some(&json!(backend_id));
    let metadata = store.compute.metadata.iter().filter(of_backend).collect();
    page.page_of(metadata, &["id", "backend_id", "created_on"], "created_on")
}

pub(super) fn read(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let mut validation = Validation::of(call);
    let id = validation.path_integer("id");
    validation.finish()?;

    let found = store.compute.metadata.get(&[&id.to_string()]);
    let metadata = found.ok_or_else(|| ComputeError::not_found("Metadata not found"))?;
    Ok(Reply::ok(metadata.clone()))
}

pub(super) fn add(
    store: &mut ComputeStore,
    backend_id: i64,
    created_on: DateTime<Utc>,
    data: Object,
) -> Object {
    let metadata = Object::from_iter([
        ("id".to_owned(), json!(store.metadata.len() + 1)),
        ("backend_id".to_owned(), json!(backend_id)),
        ("created_on".to_owned(), json!(naive(created_on))),
        ("data".to_owned(), Value::Object(data)),
    ]);
    store.metadata.put(metadata.clone());
    metadata
}

/// As Python's `isoformat` writes a time without an offset: microseconds only where there are any.
fn naive(time: DateTime<Utc>) -> String {
    let whole_second = time.nanosecond() < 1000;
    let format = if whole_second {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6f"
    };
    time.format(format).to_string()
}
