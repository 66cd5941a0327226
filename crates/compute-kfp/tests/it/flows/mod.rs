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

use compute_kfp::{compute, kfp};
use serde_json::{Map, Value, json};

/// Every flow can run in a task of its own, as `tokio::spawn` demands. This only has to compile.
#[expect(dead_code, reason = "nothing is called")]
fn flows_are_send(kfp: &kfp::Client, compute: &compute::Client, job: &compute::types::Job) {
    fn is_send(_: impl Send) {}

    is_send(compute.run_circuit("", 1).send());
    is_send(compute.run_circuit("", 1).submit());
    is_send(compute.latest_calibration(1).send());
    is_send(compute.wait_for_job(1).send());
    is_send(compute.wait_for_job(1).changes());
    is_send(compute.follow_job_logs(1).lines());
    is_send(kfp.wait_for_run("").send());
    is_send(kfp.watch_run("").tasks());
    is_send(kfp.upload_pipeline_named("", "".to_owned()).send());
    is_send(kfp.run_pipeline("").send());
    is_send(kfp.list_run_artifacts("").send());
    is_send(kfp.record_job(job, "").send());
}

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
