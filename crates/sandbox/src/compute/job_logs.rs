use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::existing;
use crate::store::Store;

/// Returns a page of the lines from `start` to `end`, inclusive. `next_start` is the timestamp of the
/// first line that was left out.
pub(super) fn read(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let job = existing(store, call)?;
    let id = job.get("id").and_then(Value::as_i64).unwrap_or_default();
    let number = |name| call.parameters.get(name).and_then(Value::as_i64);
    let (start, end) = (
        number("start").unwrap_or(i64::MIN),
        number("end").unwrap_or(i64::MAX),
    );
    if start > end {
        return Err(ComputeError::bad_request("start is after end"));
    }
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok());
    let mut wanted = store
        .compute
        .log_of(id)
        .filter(|line| (start..=end).contains(&line.timestamp));
    let page: Vec<Value> = wanted
        .by_ref()
        .take(limit.unwrap_or(100))
        .map(|line| json!({ "timestamp": line.timestamp, "line": line.text }))
        .collect();
    let next_start = wanted.next().map(|line| line.timestamp);
    Ok(json!({ "logs": page, "next_start": next_start }))
}
