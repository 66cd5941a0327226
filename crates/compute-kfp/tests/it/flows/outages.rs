//! A server that stops during a wait, with its port and its connections, and starts again.

use std::sync::Arc;

use compute_kfp::{ErrorKind, RetryPolicy, compute, middleware};
use compute_kfp_test_server::TestServer;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::jobs::job;
use super::server::SOON;

/// Returns the response to a path.
type Responses = Arc<dyn Fn(&str) -> Value + Send + Sync>;

/// An address for a server, and a client that counts the requests that found none.
struct Place {
    failures: UnboundedReceiver<ErrorKind>,
    client: compute::Client,
    server: TestServer,
}

impl Place {
    fn new(responses: Responses) -> Self {
        let server = TestServer::keeping_alive(move |request| responses(request.path()).into());
        let (failed, failures) = unbounded_channel();
        let client = compute::Client::builder()
            .endpoint(server.url())
            .bearer_token("t")
            .transport(|transport| {
                let note = middleware::after(move |_, outcome| {
                    if let Err(error) = outcome {
                        let _ = failed.send(error.kind());
                    }
                });
                transport.retry(RetryPolicy::never()).middleware(note)
            })
            .build()
            .unwrap();
        Self {
            failures,
            client,
            server,
        }
    }

    async fn received(&mut self, times: usize) {
        for _ in 0..times {
            self.server.arrival().await;
        }
    }

    /// Closes the port and every connection, and opens it again when enough requests have failed.
    async fn restart(self, responses: Responses) -> Self {
        let Self {
            client,
            mut failures,
            server,
        } = self;
        let address = server.address();
        server.stop().await;
        for _ in 0..5 {
            assert_eq!(failures.recv().await, Some(ErrorKind::Connection));
        }
        let server = TestServer::again_at(address, move |request| responses(request.path()).into());
        Self {
            client,
            failures,
            server: server.await,
        }
    }
}

#[tokio::test]
async fn a_wait_continues_when_its_server_is_back() {
    let mut place = Place::new(Arc::new(|_| job("running")));
    let wait = place.client.wait_for_job(7).min_interval(SOON);
    let wait = tokio::spawn(wait.max_interval(SOON).send());
    place.received(3).await;
    let mut place = place.restart(Arc::new(|_| job("running"))).await;
    place.received(3).await;
    let _place = place.restart(Arc::new(|_| job("completed"))).await;
    assert!(wait.await.unwrap().unwrap().succeeded());
}

#[tokio::test]
async fn a_log_is_followed_over_a_restart_of_its_server() {
    // The lines that were written meanwhile share a time with earlier ones.
    let responses = |state: &'static str, lines: &'static [(i64, &str)]| -> Responses {
        Arc::new(move |path| match path {
            "/jobs/7" => job(state),
            _ => {
                let lines = lines.iter();
                let lines = lines.map(|(time, line)| json!({"timestamp": time, "line": line}));
                json!({"logs": lines.collect::<Vec<_>>(), "next_start": null})
            }
        })
    };
    let mut place = Place::new(responses("running", &[(1, "a"), (2, "b"), (2, "d")]));
    let follow = place.client.follow_job_logs(7).min_interval(SOON);
    let mut lines = follow.max_interval(SOON).lines();
    let following = tokio::spawn(async move {
        let mut read = Vec::new();
        while let Some(line) = lines.next().await {
            read.push(line.unwrap().line);
        }
        read
    });
    place.received(6).await;
    let after = [(1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e")];
    let after: &'static [_] = Box::leak(Box::new(after));
    let _place = place.restart(responses("completed", after)).await;
    assert_eq!(following.await.unwrap(), ["a", "b", "d", "c", "e"]);
}
