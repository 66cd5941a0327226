//! Flows of several calls: waiting, following, running, uploading, recording.

#[cfg(feature = "blocking")]
mod blocking;
mod circuits;
mod jobs;
mod logs;
mod many;
mod outages;
mod pipelines;
mod recording;
mod runs;
mod sandbox;
mod server;
mod tasks;

use serde_json::{Map, Value, json};

/// A compiled pipeline of one step.
fn one_step() -> Map<String, Value> {
    let pipeline = json!({
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "calibrate"},
        "root": {"dag": {"tasks": {"calibrate": {
            "taskInfo": {"name": "calibrate"}, "componentRef": {"name": "comp-calibrate"},
        }}}},
        "components": {"comp-calibrate": {"executorLabel": "exec-calibrate"}},
        "deploymentSpec": {"executors": {"exec-calibrate": {
            "container": {"image": "alpine", "command": ["true"]},
        }}},
    });
    serde_json::from_value(pipeline).unwrap()
}
