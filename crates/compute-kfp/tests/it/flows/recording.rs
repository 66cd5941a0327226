use compute_kfp::compute::types::{Job, Metadata, Result as JobResult};
use compute_kfp::{ErrorKind, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};
use serde_json::{Value, json};

use super::jobs::job;

fn result(id: i64) -> JobResult {
    serde_json::from_value(json!({
        "id": id, "created_on": "2026-11-22T06:00:00", "job_id": 7,
        "execution_time_in_seconds": 0.25, "shots_requested": 4, "shots_done": id,
        "results": {"00": 1, "11": 3}, "raw_data": ["00", "11", "11", "11"],
    }))
    .unwrap()
}

fn calibration() -> Metadata {
    serde_json::from_value(json!({
        "id": 5, "backend_id": 2, "created_on": "2026-11-22T05:00:00",
        "data": {"fridge": "cold", "qubits": [{"t1": 4.1e-5}, {"t1": 3.4e-5}], "temperature": 0.01},
    }))
    .unwrap()
}

#[tokio::test]
async fn a_job_is_recorded_and_its_lineage_listed_back() {
    let sandbox = Sandbox::builder().kfp_token("t").start().await.unwrap();
    let kfp = kfp::Client::builder(sandbox.url()).bearer_token("t");
    let kfp = kfp.namespace(NAMESPACE).build().unwrap();
    let job: Job = serde_json::from_value(job("completed")).unwrap();
    let (results, calibration) = ([result(1), result(2)], calibration());
    let record = async |run: &str, task: &str| {
        let record = kfp.record_job(&job, run, task).results(&results);
        record.calibration(&calibration).send().await.unwrap()
    };
    let recorded = record("run-1", "task-1").await;
    let again = record("run-2", "task-2").await;

    let names = |artifacts: &[kfp::types::Artifact]| {
        let names = artifacts
            .iter()
            .map(|artifact| artifact.name.clone().unwrap());
        names.collect::<Vec<_>>()
    };
    let expected = ["result-1", "result-2", "calibration-5"];
    assert_eq!(names(&recorded.artifacts), expected);
    // Both runs share the calibration, and nothing else.
    let ids = |artifacts: &[kfp::types::Artifact]| {
        let ids = artifacts
            .iter()
            .map(|artifact| artifact.artifact_id.clone().unwrap());
        ids.collect::<Vec<_>>()
    };
    let (first, second) = (ids(&recorded.artifacts), ids(&again.artifacts));
    assert_ne!(first[..2], second[..2]);
    assert_eq!(first[2], second[2]);

    let listed = kfp.list_run_artifacts("run-1").await.unwrap();
    let mut found: Vec<_> = listed
        .iter()
        .map(|found| {
            let [link] = &*found.links else {
                panic!("{:?}", found.links);
            };
            assert_eq!(link.task_id.as_deref(), Some("task-1"));
            let name = found.artifact.name.clone().unwrap();
            (name, link.key.clone().unwrap())
        })
        .collect();
    found.sort();
    let key = |name: &str, key: &str| (name.to_owned(), key.to_owned());
    let expected = [
        key("calibration-5", "calibration"),
        key("result-1", "result-1"),
        key("result-2", "result-2"),
    ];
    assert_eq!(found, expected);

    let of_result = listed
        .iter()
        .find(|found| found.artifact.name.as_deref() == Some("result-2"));
    let metadata = of_result.unwrap().artifact.metadata.clone().unwrap();
    assert_eq!(metadata["job_id"], 7);
    assert_eq!(metadata["results"], json!({"00": 1, "11": 3}));
    assert!(!metadata.contains_key("raw_data"));

    let page = kfp.list_run_metrics("run-1").page_size(200).send().await;
    let mut metrics: Vec<(String, Value)> = page
        .unwrap()
        .into_inner()
        .metrics
        .into_iter()
        .flatten()
        .map(|metric| (metric.name.unwrap(), metric.value.unwrap()))
        .collect();
    metrics.sort_by(|one, other| one.0.cmp(&other.0));
    let names: Vec<_> = metrics.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "calibration.qubits.0.t1",
            "calibration.qubits.1.t1",
            "calibration.temperature",
            "result-1.execution_time_in_seconds",
            "result-1.shots_done",
            "result-1.shots_requested",
            "result-2.execution_time_in_seconds",
            "result-2.shots_done",
            "result-2.shots_requested",
        ]
    );
    assert_eq!(metrics[7].1.as_f64(), Some(2.0));
}

#[tokio::test]
async fn the_latest_calibration_is_the_one_reported_last() {
    let sandbox = Sandbox::start().await.unwrap();
    let compute = compute::Client::builder()
        .endpoint(sandbox.url())
        .bearer_token(sandbox.compute_token())
        .api_key(sandbox.compute_api_key())
        .build()
        .unwrap();
    let report = compute::types::MetadataIn::builder().backend_id(BACKEND_ID);
    let report = report.data([("fridge", "cold")]);
    #[allow(deprecated, reason = "the sandbox has it")]
    let reported = compute.create_metadata_self(report).send().await.unwrap();
    let latest = compute.latest_calibration(BACKEND_ID).await.unwrap();
    assert_eq!(latest.id, reported.id);
    assert_eq!(latest.data["fridge"], "cold");
    let error = compute.latest_calibration(999_999).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
