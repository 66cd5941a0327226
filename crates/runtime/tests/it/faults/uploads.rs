//! Content that is sent again, or must not be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use compute_kfp_runtime::credentials::{Authorization, Credentials, Pending};
use compute_kfp_runtime::{Content, ErrorKind, Request, RetryPolicy};

use super::server::{POST, PUT, Server, Step, answer, call};

const CONTENT: &[u8] = b"components: {}";

/// A server that asks for a second attempt, and what it got in each.
async fn twice() -> (Server, Arc<Mutex<Vec<Bytes>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let keeping = got.clone();
    let server = Server::start(1, move |visit| {
        keeping.lock().unwrap().push(visit.body.clone());
        match visit.count {
            1 => Step::refused(answer(503, "retry-after: 0", "later")),
            _ => Step::succeed(),
        }
    });
    (server, got)
}

fn upload(content: Content) -> Request {
    let mut request = call(&PUT, 0);
    request.raw_body("application/yaml", content);
    request
}

fn form(content: Content) -> Request {
    let mut request = call(&POST, 0);
    request.file_part("uploadfile", content);
    request
}

fn policy() -> RetryPolicy {
    let millisecond = Duration::from_millis(1);
    RetryPolicy::default().backoff(millisecond, millisecond)
}

#[tokio::test]
async fn bytes_are_sent_again_as_a_whole() {
    for request in [
        upload(CONTENT.to_vec().into()),
        form(CONTENT.to_vec().into()),
    ] {
        let (server, got) = twice().await;
        let client = server.transport().retry(policy()).build().unwrap();
        client.send_empty(request).await.unwrap();
        let got = got.lock().unwrap();
        assert_eq!(got.len(), 2);
        for body in got.iter() {
            let held = body.windows(CONTENT.len()).filter(|part| *part == CONTENT);
            assert_eq!(held.count(), 1);
        }
        assert_eq!(server.executions(0), 1);
    }
}

#[tokio::test]
async fn a_stream_is_sent_once_whatever_comes_of_it() {
    let length = Some(CONTENT.len() as u64);
    for request in [
        upload(Content::stream(CONTENT, length)),
        form(Content::stream(CONTENT, length)),
    ] {
        let (server, got) = twice().await;
        let client = server.transport().retry(policy()).build().unwrap();
        let error = client.send_empty(request).await.unwrap_err();
        // The failure itself, not that the stream is used up.
        assert_eq!(error.kind(), ErrorKind::Server);
        assert_eq!((error.attempts(), got.lock().unwrap().len()), (1, 1));
    }
}

#[tokio::test]
async fn the_time_limits_of_calls_do_not_end_an_upload() {
    let (server, got) = twice().await;
    let limit = Duration::from_nanos(1);
    let transport = server.transport().retry(policy());
    let client = transport.timeout(limit).attempt_timeout(limit);
    let client = client
        .read_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    client
        .send_empty(upload(CONTENT.to_vec().into()))
        .await
        .unwrap();
    assert_eq!(got.lock().unwrap().len(), 2);
}

/// A token that takes a while to get, and another one after a refusal.
#[derive(Debug, Default)]
struct Slow(AtomicBool);

impl Credentials for Slow {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let renewed = self.0.load(Ordering::SeqCst);
            authorization.token(if renewed {
                "renewed-token"
            } else {
                "first-token"
            })
        })
    }

    fn renew<'a>(&'a self, _: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(!self.0.swap(true, Ordering::SeqCst))
        })
    }
}

#[tokio::test]
async fn an_upload_that_took_long_can_still_be_authorised_again() {
    const LIMIT: Duration = Duration::from_millis(500);
    for (status, headers) in [(503, "retry-after: 0"), (401, "")] {
        let server = Server::start(1, move |visit| match visit.count {
            1 => {
                Step::refused(answer(status, headers, "later").after(tokio::time::sleep(2 * LIMIT)))
            }
            _ => Step::succeed(),
        });
        let transport = server.transport().retry(policy());
        let transport = transport.credentials("user", Slow::default());
        let transport = transport.timeout(LIMIT);
        let client = transport
            .read_timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        client
            .send_empty(upload(CONTENT.to_vec().into()))
            .await
            .unwrap();
        assert_eq!((server.visits(0), server.executions(0)), (2, 1));
    }
}

#[tokio::test]
async fn a_refused_stream_renews_the_credential_for_the_next_call() {
    let server = Server::start(2, |visit| match visit.count {
        1 => Step::refused(answer(401, "", "expired")),
        _ => Step::succeed(),
    });
    let renewed = Arc::new(Slow::default());
    let transport = server.transport().retry(policy());
    let client = transport
        .credentials("user", renewed.clone())
        .build()
        .unwrap();
    let stream = Content::stream(CONTENT, Some(CONTENT.len() as u64));
    let error = client.send_empty(upload(stream)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.attempts(), 1);
    assert!(renewed.0.load(Ordering::SeqCst));
}
