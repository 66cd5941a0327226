use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compute::ComputeError;
use crate::compute::resources::{existing, parameters};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::Store;

/// Nanoseconds between two lines that are logged together.
const APART: i64 = 1000;

/// The lines that each job has logged, in order.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Logs {
    lines: BTreeMap<i64, Vec<Line>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Nanoseconds since 1970.
    timestamp: i64,
    text: String,
}

impl Logs {
    /// Adds lines, each a microsecond after the previous one.
    pub(super) fn add(
        &mut self,
        job: i64,
        at: DateTime<Utc>,
        texts: impl IntoIterator<Item = String>,
    ) {
        let lines = self.lines.entry(job).or_default();
        let mut timestamp = at.timestamp_nanos_opt().unwrap_or(i64::MAX);
        for text in texts {
            let after_last = lines
                .last()
                .map(|last| last.timestamp.saturating_add(APART));
            timestamp = after_last.map_or(timestamp, |after| after.max(timestamp));
            lines.push(Line { timestamp, text });
        }
    }
}

/// Returns a page of the lines from `start` to `end`, inclusive. `next_start` is the timestamp of the
/// first line that was left out.
pub(super) fn read(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let job = existing(store, call, &parameters)?;
    let id = job.get("id").and_then(Value::as_i64).unwrap_or_default();
    let number = |name| parameters.get(name).and_then(Value::as_i64);
    let (start, end) = (
        number("start").unwrap_or(i64::MIN),
        number("end").unwrap_or(i64::MAX),
    );
    if start > end {
        return Err(ComputeError::bad_request("start is after end"));
    }
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok());
    let lines = store.compute.logs.lines.get(&id);
    let mut wanted = lines
        .into_iter()
        .flatten()
        .filter(|line| (start..=end).contains(&line.timestamp));
    let page: Vec<Value> = wanted
        .by_ref()
        .take(limit.unwrap_or(100))
        .map(|line| json!({ "timestamp": line.timestamp, "line": line.text }))
        .collect();
    let next_start = wanted.next().map(|line| line.timestamp);
    Ok(Reply::ok(json!({ "logs": page, "next_start": next_start })))
}
