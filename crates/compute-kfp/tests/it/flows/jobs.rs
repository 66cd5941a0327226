use compute_kfp::ErrorKind;
use compute_kfp::compute::types::{BatchJobStatus, JobStatus};
use serde_json::{Value, json};

use super::server::{Clients as _, SOON, broken};
use compute_kfp_test_server::{Response, TestServer};

pub fn job(status: &str) -> Value {
    json!({
        "id": 7, "created_on": "2026-11-22T06:00:00", "file_id": 1, "algorithm_type": "quantum",
        "status": status, "batch_job_id": 8, "queued_at": null, "finished_at": null,
        "number_of_shots": 1024, "raw_data_enabled": false, "session_id": "", "trace_id": "",
        "message": if status == "failed" { "the fridge is warm" } else { "" },
    })
}

fn batch_jobs(status: &str) -> Value {
    let batch_job = json!({
        "id": 8, "created_on": "2026-11-22T06:00:00", "status": status, "user_id": 1,
        "backend_type_id": 2, "backend_id": null, "queued_at": null, "reserved_at": null,
        "finished_at": null, "job_ids": [7], "aggregated_algorithm_type": "quantum",
    });
    json!({"items": [batch_job], "total": 1, "page": 1, "size": 50, "pages": 1})
}

#[tokio::test]
async fn each_final_state_ends_a_wait_for_a_job() {
    for (status, succeeded, message) in [
        ("completed", true, None),
        ("cancelled", false, None),
        ("failed", false, Some("the fridge is warm")),
    ] {
        let responses = ["planned", "running", "on hold", status].map(job);
        let server = TestServer::playing(responses);
        let wait = server.compute().wait_for_job(7).min_interval(SOON);
        let ended = wait.max_interval(SOON).send().await.unwrap();
        assert_eq!(ended.state().as_str(), status);
        assert_eq!(ended.succeeded(), succeeded);
        assert_eq!(ended.message(), message);
        assert_eq!(ended.into_inner().id, 7);
        assert_eq!(server.requests().len(), 4);
        assert_eq!(server.requests()[0].target, "/jobs/7");
    }
}

#[tokio::test]
async fn faults_do_not_end_a_wait_for_a_job() {
    let failure = Response::json(503, json!({"detail": "restarting"}));
    let responses = [broken(), failure, job("completed").into()];
    let server = TestServer::playing(responses);
    let wait = server.compute().wait_for_job(7).min_interval(SOON);
    assert!(wait.send().await.unwrap().succeeded());
}

#[tokio::test]
async fn a_batch_job_is_waited_for_through_its_list() {
    let responses = ["planned", "queued", "reserved", "running", "finished"].map(batch_jobs);
    let server = TestServer::playing(responses);
    let wait = server.compute().wait_for_batch_job(8).min_interval(SOON);
    let ended = wait.max_interval(SOON).send().await.unwrap();
    assert!(ended.succeeded());
    assert_eq!(ended.state(), &BatchJobStatus::Finished);
    assert_eq!(ended.job_ids, [7]);
    assert_eq!(server.requests().len(), 5);
    assert_eq!(server.requests()[0].target, "/batch_jobs?id=8");
}

#[tokio::test]
async fn a_missing_batch_job_is_not_found() {
    let none = json!({"items": [], "total": 0, "page": 1, "size": 50, "pages": 0});
    let server = TestServer::playing([none]);
    let error = server.compute().wait_for_batch_job(8).send().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("batch job 8"), "{error}");
}

#[tokio::test]
async fn changes_of_a_job_can_be_followed() {
    let responses = ["planned", "planned", "running", "completed"].map(job);
    let server = TestServer::playing(responses);
    let mut changes = server
        .compute()
        .wait_for_job(7)
        .min_interval(SOON)
        .changes();
    let mut states = Vec::new();
    while let Some(job) = changes.next().await {
        states.push(job.unwrap().status);
    }
    let expected = [JobStatus::Planned, JobStatus::Running, JobStatus::Completed];
    assert_eq!(states, expected);
}
