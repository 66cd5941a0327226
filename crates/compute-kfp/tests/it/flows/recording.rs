use compute_kfp::compute::types::{Job, Metadata, Result as JobResult};
use compute_kfp::kfp::types::PipelineTaskTaskState;
use compute_kfp::{ErrorKind, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, Sandbox};
use serde_json::{Value, json};

use super::jobs::job;
use super::server::Clients as _;
use compute_kfp_test_server::{Response, TestServer};

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

/// A run of a pipeline of one step.
async fn run(kfp: &kfp::Client) -> String {
    let run = kfp::types::Run::builder()
        .display_name("calibrate")
        .pipeline_spec(super::one_step());
    let run = kfp.create_run(run).send().await.unwrap();
    run.into_inner().run_id.unwrap()
}

/// The name of each artifact of a run, with the type and the task and key of its link.
async fn listed(kfp: &kfp::Client, run: &str) -> Vec<[String; 4]> {
    let listed = kfp.list_run_artifacts(run).send().await.unwrap();
    let mut found: Vec<_> = listed
        .into_iter()
        .map(|found| {
            let [link] = &*found.links else {
                panic!("{:?}", found.links);
            };
            let link = link.clone();
            [
                found.artifact.name.unwrap(),
                found.artifact.type_.unwrap().to_string(),
                link.task_id.unwrap(),
                link.key.unwrap(),
            ]
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_job_that_is_recorded_again_adds_nothing() {
    let sandbox = Sandbox::builder().kfp_token("t").start().await.unwrap();
    let kfp = kfp::Client::builder(sandbox.url()).bearer_token("t");
    let kfp = kfp.build().unwrap();
    let job: Job = serde_json::from_value(job("completed")).unwrap();
    let (results, calibration) = ([result(1), result(2)], calibration());
    let run = run(&kfp).await;
    let record = async || {
        let record = kfp.record_job(&job, &run).results(&results);
        record.calibration(&calibration).send().await.unwrap()
    };
    let recorded = record().await;
    let task = recorded.task_id.clone();
    let of_task = kfp.get_task(&run, &task).send().await.unwrap();
    assert_eq!(of_task.name.as_deref(), Some("quantum-job-7"));
    assert_eq!(of_task.state, Some(PipelineTaskTaskState::Succeeded));

    let row = |name: &str, kind: &str, key: &str| [name, kind, &task, key].map(str::to_owned);
    let metric = |name: &str| row(name, "Metric", name);
    let expected = [
        row("calibration-5", "Dataset", "calibration"),
        metric("calibration.qubits.0.t1"),
        metric("calibration.qubits.1.t1"),
        metric("calibration.temperature"),
        row("result-1", "Dataset", "result-1"),
        metric("result-1.execution_time_in_seconds"),
        metric("result-1.shots_done"),
        metric("result-1.shots_requested"),
        row("result-2", "Dataset", "result-2"),
        metric("result-2.execution_time_in_seconds"),
        metric("result-2.shots_done"),
        metric("result-2.shots_requested"),
    ];
    assert_eq!(listed(&kfp, &run).await, expected);
    assert_eq!((recorded.artifacts.len(), recorded.metrics.len()), (3, 9));
    let done = recorded.metrics.iter();
    let mut done = done.filter(|it| it.name.as_deref() == Some("result-2.shots_done"));
    assert_eq!(done.next().unwrap().number_value, Some(2.0));
    let metadata = recorded.artifacts[1].metadata.clone().unwrap();
    assert_eq!(metadata["job_id"], 7);
    assert_eq!(metadata["results"], json!({"00": 1, "11": 3}));
    assert!(!metadata.contains_key("raw_data"));

    assert_eq!(record().await, recorded);
    assert_eq!(listed(&kfp, &run).await, expected);
}

#[tokio::test]
async fn a_figure_that_changed_is_recorded_again() {
    let sandbox = Sandbox::builder().kfp_token("t").start().await.unwrap();
    let kfp = kfp::Client::builder(sandbox.url()).bearer_token("t");
    let kfp = kfp.build().unwrap();
    let job: Job = serde_json::from_value(job("completed")).unwrap();
    let run = run(&kfp).await;
    let mut ids = Vec::new();
    for shots_done in [3, 4] {
        let mut result = result(1);
        result.shots_done = Some(shots_done);
        let recorded = kfp.record_job(&job, &run).results(&[result]).send().await;
        ids.extend(
            recorded
                .unwrap()
                .metrics
                .into_iter()
                .filter_map(|it| it.artifact_id),
        );
    }
    ids.sort();
    ids.dedup();
    // The two other figures did not change.
    assert_eq!(ids.len(), 4);
}

/// Records a job in a run, and returns the namespaces that were sent.
async fn recorded(
    experiment: Value,
    health: Value,
    settings: Option<&str>,
) -> (compute_kfp::Result<()>, Vec<Value>) {
    let server = TestServer::start(move |request| {
        let path = request.path().strip_prefix("/apis/v2beta1").unwrap();
        match (&*request.method, path) {
            ("GET", "/runs/r") => json!({"run_id": "r", "experiment_id": "e"}).into(),
            ("GET", "/experiments/e") => experiment.clone().into(),
            ("GET", "/healthz") => health.clone().into(),
            ("POST", "/artifacts") => json!({"artifact_id": "a"}).into(),
            other => panic!("{other:?}"),
        }
    });
    let mut kfp = kfp::Client::builder(server.url());
    if let Some(namespace) = settings {
        kfp = kfp.namespace(namespace);
    }
    let kfp = kfp.build().unwrap();
    let job: Job = serde_json::from_value(job("completed")).unwrap();
    let record = kfp.record_job(&job, "r").task("t");
    let ended = record.results(&[result(1)]).send().await;
    let requests = server.requests();
    let artifacts = requests.iter().filter(|it| it.method == "POST");
    let namespaces = artifacts.map(|it| it.json()["artifact"]["namespace"].clone());
    (ended.map(|_| ()), namespaces.collect())
}

#[tokio::test]
async fn the_namespace_is_that_of_the_run_or_the_client_or_a_single_user() {
    let (of_run, none) = (
        json!({"namespace": "of-run"}),
        json!({"experiment_id": "e"}),
    );
    let single = json!({"multi_user": false});
    for (experiment, settings, expected) in [
        (&of_run, Some("of-settings"), "of-run"),
        (&none, Some("of-settings"), "of-settings"),
        (&none, None, "kubeflow"),
    ] {
        let (ended, namespaces) = recorded(experiment.clone(), single.clone(), settings).await;
        ended.unwrap();
        // The result and its three figures.
        assert_eq!(namespaces, [expected; 4]);
    }
    let (ended, namespaces) = recorded(none, json!({"multi_user": true}), None).await;
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("namespace"), "{error}");
    assert!(namespaces.is_empty());
}

#[tokio::test]
async fn the_error_of_a_server_without_artifacts_names_its_release() {
    let server =
        TestServer::start(
            |request| match request.path().strip_prefix("/apis/v2beta1").unwrap() {
                "/runs/r" => json!({"run_id": "r"}).into(),
                "/healthz" => json!({"multi_user": false, "tag_name": "2.17.0"}).into(),
                _ => Response::json(404, json!({"code": 5, "message": "Not Found"})),
            },
        );
    let job: Job = serde_json::from_value(job("completed")).unwrap();
    let record = server.kfp().record_job(&job, "r").send().await;
    let error = record.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let message = error.to_string();
    assert!(message.starts_with("list_tasks: 404: "), "{message}");
    assert!(
        message.contains("does not have this operation"),
        "{message}"
    );
    assert!(message.contains("release `2.17.0`"), "{message}");
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
    let latest = compute.latest_calibration(BACKEND_ID).send().await.unwrap();
    assert_eq!(latest.id, reported.id);
    assert_eq!(latest.data["fridge"], "cold");
    let error = compute
        .latest_calibration(999_999)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
