//! Reports of an installation's agents about the state of workflows.

use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::objects::is_final;
use crate::kfp::proto_json::parse;
use crate::kfp::resource::{RECURRING_RUN, RUN};
use crate::kfp::{execution, recurring_runs};
use crate::operation::Call;
use crate::store::Store;

/// Label that names the run of a workflow.
const RUN_LABEL: &str = "pipeline/runid";

/// Sets the state of a run from the phase of its workflow, unless the run has ended.
pub(super) fn workflow(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let manifest = manifest(call)?;
    let run_id = manifest["metadata"]["labels"][RUN_LABEL].as_str();
    let phase = manifest["status"]["phase"].as_str();
    let run = run_id.and_then(|id| RUN.find(store, id)).cloned();
    if let Some(run) = run.filter(|run| !is_final(run)) {
        let now = store.clock.now();
        let message = manifest["status"]["message"].as_str();
        match phase {
            Some("Succeeded") => execution::finish(store, run, "SUCCEEDED", None, now),
            Some("Failed" | "Error") => {
                let message = message.unwrap_or("The workflow failed");
                execution::finish(store, run, "FAILED", Some(message), now);
            }
            _ => {}
        }
    }
    Ok(json!({}))
}

/// Handles the report of a scheduled workflow. Its UID is the id of the recurring run.
pub(super) fn scheduled_workflow(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let manifest = manifest(call)?;
    let id = manifest["metadata"]["uid"].as_str();
    let enabled = manifest["spec"]["enabled"].as_bool();
    let recurring = RECURRING_RUN.find(store, id.unwrap_or_default()).cloned();
    if let (Some(recurring), Some(enabled)) = (recurring, enabled) {
        recurring_runs::set_enabled(store, recurring, enabled);
    }
    Ok(json!({}))
}

/// Parses the body: one JSON string, which contains the manifest as JSON.
fn manifest(call: &Call<'_>) -> Result<Value, KfpError> {
    let Value::String(text) = parse(call.body)? else {
        let message = "proto: syntax error: the body must be a JSON string";
        return Err(KfpError::unreadable(message));
    };
    let manifest: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the manifest is invalid JSON: {error}"))?;
    for field in ["name", "namespace", "uid"] {
        let value = manifest["metadata"][field].as_str();
        if value.is_none_or(str::is_empty) {
            return Err(format!("the manifest must have metadata.{field}").into());
        }
    }
    Ok(manifest)
}
