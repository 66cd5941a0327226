//! The states of runs and tasks.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::kfp::time;
use crate::object::{Object, set, text};

/// Name of the root task, which represents the whole run.
pub(super) const ROOT: &str = "root";

/// Sets the state of a run or a task, and adds it to the history.
pub(super) fn enter(object: &mut Object, state: &str, now: DateTime<Utc>) {
    set(object, "state", state);
    let history = object.entry("state_history").or_insert_with(|| json!([]));
    if let Some(history) = history.as_array_mut() {
        history.push(json!({ "update_time": time::text(now), "state": state }));
    }
}

pub(super) fn is_final(run: &Object) -> bool {
    let state = text(run, "state");
    matches!(state, "SUCCEEDED" | "SKIPPED" | "FAILED" | "CANCELED")
}
