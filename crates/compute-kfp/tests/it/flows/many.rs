//! Concurrent waits for many runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compute_kfp::kfp;
use compute_kfp::kfp::types::Run;
use compute_kfp::waiting::Unfinished;
use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Barrier;

use super::server::{Clients as _, NEVER};
use compute_kfp_test_server::{Response, TestServer};

/// Maximum number of concurrent requests.
const MAX_REQUESTS: usize = 128;

#[tokio::test]
async fn many_waits_send_a_limited_number_of_concurrent_requests() {
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Responds when there are as many requests as are allowed.
    let complete = Arc::new(Barrier::new(MAX_REQUESTS));
    let seen = most.clone();
    let server = TestServer::keeping_alive(move |_| {
        let count = under_way.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(count, Ordering::SeqCst);
        let (complete, under_way) = (complete.clone(), under_way.clone());
        Response::json(200, r#"{"state":"SUCCEEDED"}"#).after(async move {
            complete.wait().await;
            under_way.fetch_sub(1, Ordering::SeqCst);
        })
    });
    let kfp = kfp::Client::builder(server.url()).build().unwrap();
    let waits = (0..3 * MAX_REQUESTS).map(|number| {
        // The limit includes the requests of clones.
        let wait = kfp.clone().wait_for_run(format!("r{number}"));
        wait.send()
    });
    for ended in join_all(waits).await {
        assert!(ended.unwrap().succeeded());
    }
    assert_eq!(most.load(Ordering::SeqCst), MAX_REQUESTS);
}

#[test]
fn a_wait_takes_little_memory() {
    let kfp = kfp::Client::builder("http://localhost").build().unwrap();
    let waiting = kfp.wait_for_run("r1").send();
    let size = size_of_val(&waiting);
    assert!(size <= 1024, "{size} bytes, before anything was read");
}

#[tokio::test]
async fn the_last_value_is_kept_without_loss() {
    let run = json!({
        "run_id": "r1",
        "state": "HIBERNATING",
        "created_at": "2025-11-03T01:07:07.120533Z",
        "run_details": {"pipeline_context_id": "4711"},
        "runtime_config": {"parameters": {"tolerance": 0.1, "qubits": [0, 1], "none": null}},
        "since_the_next_version": {"big": 18446744073709551615_u64},
    });
    let server = TestServer::playing([run]);
    let kfp = server.kfp();
    let read = kfp.get_run("r1").send().await.unwrap().into_inner();
    let wait = kfp
        .wait_for_run("r1")
        .timeout(NEVER)
        .min_interval(NEVER * 2);
    let error = wait.on_change(|_| tokio::time::pause()).send().await;
    let error = error.unwrap_err();
    let last = Unfinished::<Run>::of(&error).unwrap().last();
    assert_eq!(last, Some(&read));
}
