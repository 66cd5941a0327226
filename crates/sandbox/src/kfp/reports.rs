//! What the agents inside of an installation report: the state of workflows.

use serde_json::Value;

use crate::kfp::message::parse;
use crate::kfp::resources::{RECURRING_RUN, RUN};
use crate::kfp::{KfpError, execution, recurring_runs, runs};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

/// The label that says which run a workflow executes.
const RUN_LABEL: &str = "pipeline/runid";

/// A workflow's phase becomes the state of its run, unless the run has ended.
pub(super) fn workflow(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let manifest =
        manifest(call).map_err(|error| error.while_attempting("Failed to report a workflow"))?;
    let label = manifest.pointer("/metadata/labels");
    let run_id = label.and_then(|labels| labels.get(RUN_LABEL)?.as_str());
    let phase = manifest.pointer("/status/phase").and_then(Value::as_str);
    let run = run_id.and_then(|id| RUN.find(store, id)).cloned();
    if let Some(run) = run.filter(|run| !runs::is_final(run)) {
        let now = store.clock.now();
        let message = manifest.pointer("/status/message").and_then(Value::as_str);
        match phase {
            Some("Succeeded") => execution::finish(store, run, "SUCCEEDED", None, now),
            Some("Failed" | "Error") => {
                let message = message.unwrap_or("The workflow failed");
                execution::finish(store, run, "FAILED", Some(message), now);
            }
            _ => {}
        }
    }
    Ok(Reply::ok(Object::new()))
}

/// A scheduled workflow's UID is the id of its recurring run.
pub(super) fn scheduled_workflow(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let manifest = manifest(call)
        .map_err(|error| error.while_attempting("Failed to report a scheduled workflow"))?;
    let id = manifest.pointer("/metadata/uid").and_then(Value::as_str);
    let enabled = manifest.pointer("/spec/enabled").and_then(Value::as_bool);
    let recurring = RECURRING_RUN.find(store, id.unwrap_or_default()).cloned();
    if let (Some(recurring), Some(enabled)) = (recurring, enabled) {
        recurring_runs::set_enabled(store, recurring, enabled);
    }
    Ok(Reply::ok(Object::new()))
}

/// The body is one JSON string, which holds the manifest as JSON.
fn manifest(call: &Call<'_>) -> Result<Value, KfpError> {
    let Value::String(text) = parse(call.body)? else {
        let message = "proto: syntax error: the body must be a JSON string";
        return Err(KfpError::unreadable(message));
    };
    let manifest: Value = serde_json::from_str(&text)
        .map_err(|error| KfpError::invalid_input(format!("the manifest is not JSON: {error}")))?;
    for field in ["name", "namespace", "uid"] {
        let value = manifest.get("metadata").and_then(|held| held.get(field));
        if value.and_then(Value::as_str).is_none_or(str::is_empty) {
            let message = format!("the manifest must have metadata.{field}");
            return Err(KfpError::invalid_input(message));
        }
    }
    Ok(manifest)
}
