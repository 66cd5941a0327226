//! Flows without an async runtime.

use std::thread;

use compute_kfp::blocking;
use compute_kfp::{ErrorKind, Result};
use compute_kfp_sandbox::Sandbox;

use super::jobs::job;
use super::sandbox::{CIRCUIT, compute};
use super::server::{Clients as _, SOON};
use compute_kfp_test_server::TestServer;

#[test]
fn a_plain_thread_sends_operations_lists_and_waits() {
    let sandbox = Sandbox::builder().speed(100.0).start_blocking().unwrap();
    let client = compute(&sandbox);
    let work = move || -> Result<()> {
        let types = client.read_backend_types().items().blocking();
        let types = types.collect::<Result<Vec<_>>>()?;
        let run = client.run_circuit(CIRCUIT, &*types[0].name).owner_id(1);
        let id = blocking::wait(run.submit())?.id;
        assert_eq!(blocking::wait(client.read_job(id).send())?.id, id);
        let ended = blocking::wait(client.wait_for_job(id).min_interval(SOON).send())?;
        assert!(ended.succeeded());
        let mut lines = client.follow_job_logs(id).lines();
        let line = blocking::wait(async { lines.next().await.transpose() })?;
        assert!(line.is_some());
        Ok(())
    };
    // In a separate thread, and in that of the test.
    thread::spawn(work.clone()).join().unwrap().unwrap();
    work().unwrap();
}

#[tokio::test]
async fn inside_a_runtime_blocking_calls_fail_with_a_remedy() {
    let server = TestServer::playing([job("completed")]);
    let client = server.compute();
    let wait = blocking::wait(client.wait_for_job(7).send()).map(drop);
    let call = blocking::wait(client.read_job(7).send()).map(drop);
    let list = client.read_projects().items().blocking().next().unwrap();
    for outcome in [wait, call, list.map(drop)] {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains("use `.await`"), "{error}");
    }
    assert!(server.requests().is_empty());
    // The suggested remedy works.
    let client = server.compute();
    let wait = move || blocking::wait(client.wait_for_job(7).send());
    let ended = tokio::task::spawn_blocking(|| thread::spawn(wait).join());
    assert!(ended.await.unwrap().unwrap().unwrap().succeeded());
}
