use compute_kfp::ErrorKind;
use serde_json::{Value, json};

use super::server::{Clients as _, SOON, broken};
use compute_kfp_test_server::{Response, TestServer};

fn run(state: &str, tasks: &[(&str, &str)]) -> Value {
    let tasks = tasks
        .iter()
        .map(|(id, state)| json!({"task_id": id, "state": state}));
    let tasks: Vec<_> = tasks.collect();
    json!({"run_id": "r1", "state": state, "tasks": tasks})
}

#[tokio::test]
async fn each_change_of_each_task_comes_once() {
    let server = TestServer::playing([
        json!({"run_id": "r1"}).into(),
        run("RUNNING", &[("a", "RUNNING")]).into(),
        broken(),
        run("RUNNING", &[("a", "RUNNING")]).into(),
        run("RUNNING", &[("a", "SUCCEEDED"), ("b", "RUNNING")]).into(),
        Response::json(500, json!({})),
        run(
            "FAILED",
            &[("a", "SUCCEEDED"), ("b", "SHELVED"), ("c", "SKIPPED")],
        )
        .into(),
    ]);
    let mut tasks = server
        .kfp()
        .watch_run("r1")
        .min_interval(SOON)
        .max_interval(SOON)
        .tasks();
    assert!(server.requests().is_empty());
    let mut changes = Vec::new();
    while let Some(task) = tasks.next().await {
        let task = task.unwrap();
        changes.push((task.task_id.unwrap(), task.state.unwrap().to_string()));
    }
    let changes: Vec<_> = changes.iter().map(|(id, s)| (&**id, &**s)).collect();
    assert_eq!(
        changes,
        [
            ("a", "RUNNING"),
            ("a", "SUCCEEDED"),
            ("b", "RUNNING"),
            ("b", "SHELVED"),
            ("c", "SKIPPED")
        ]
    );
    assert!(tasks.next().await.is_none());
    let requests = server.requests();
    assert_eq!(requests.len(), 7);
    assert!(
        requests
            .iter()
            .all(|r| r.target == "/apis/v2beta1/runs/r1?view=FULL")
    );
}

#[tokio::test]
async fn tasks_end_after_an_error() {
    let refusal = Response::json(404, json!({"message": "no"}));
    let server = TestServer::playing([run("RUNNING", &[("a", "RUNNING")]).into(), refusal]);
    let mut tasks = server.kfp().watch_run("r1").min_interval(SOON).tasks();
    tasks.next().await.unwrap().unwrap();
    let error = tasks.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(tasks.next().await.is_none());
}
