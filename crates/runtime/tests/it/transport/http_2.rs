//! HTTP/2 error codes that show whether a request was executed.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};

use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::{ErrorKind, Request, Transport};
use h2::Reason;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::item::{GET, POST};

/// Resets the first request for this reason, before or after the head of its response, and answers the
/// others; gives the methods it saw.
async fn resetting(reason: Reason, after_head: bool) -> (Transport, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let log = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let log = log.clone();
            tokio::spawn(async move {
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let mut log = log.lock().unwrap();
                    log.push(request.method().to_string());
                    if log.len() == 1 && after_head {
                        let head = http::Response::builder().status(200).body(()).unwrap();
                        let stream = respond.send_response(head, false).unwrap();
                        tokio::spawn(reset_when_read(stream, reason));
                    } else if log.len() == 1 {
                        respond.send_reset(reason);
                    } else {
                        let answer = http::Response::builder().status(204).body(()).unwrap();
                        respond.send_response(answer, true).unwrap();
                    }
                }
            });
        }
    });
    let builder = Transport::builder(url);
    let builder = builder.configure_http(|http| http.http2_prior_knowledge());
    (builder.build().unwrap(), seen)
}

/// Resets a stream once the client has read of the body: more is sent than its first window holds.
async fn reset_when_read(mut stream: h2::SendStream<bytes::Bytes>, reason: Reason) {
    const WINDOW: usize = 65_535;
    const MORE_THAN_ANY_WINDOW: usize = 8 * 1024 * 1024;
    let mut sent = 0;
    while sent <= MORE_THAN_ANY_WINDOW {
        stream.reserve_capacity(WINDOW);
        let Some(Ok(room)) = poll_fn(|context| stream.poll_capacity(context)).await else {
            return;
        };
        stream.send_data(vec![b' '; room].into(), false).unwrap();
        sent += room;
    }
    stream.send_reset(reason);
}

async fn send(
    operation: &'static Operation,
    reason: Reason,
) -> (Result<(), compute_kfp_runtime::Error>, usize) {
    let (transport, seen) = resetting(reason, false).await;
    let outcome = transport.send_empty(Request::new(operation)).await;
    let requests = seen.lock().unwrap().len();
    (outcome.map(|_| ()), requests)
}

#[tokio::test]
async fn a_stream_that_the_server_refused_is_sent_again_whatever_it_does() {
    for operation in [&GET, &POST] {
        let (outcome, requests) = send(operation, Reason::REFUSED_STREAM).await;
        outcome.unwrap();
        assert_eq!(requests, 2);
    }
}

#[tokio::test]
async fn a_stream_that_broke_is_sent_again_only_if_it_may_be() {
    let (outcome, requests) = send(&GET, Reason::INTERNAL_ERROR).await;
    outcome.unwrap();
    assert_eq!(requests, 2);

    let (outcome, requests) = send(&POST, Reason::INTERNAL_ERROR).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent() && !error.is_retryable());
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn what_has_a_response_was_executed_though_its_stream_is_refused_then() {
    let (transport, seen) = resetting(Reason::REFUSED_STREAM, true).await;
    let error = transport.send_json::<Value>(Request::new(&POST)).await;
    let error = error.unwrap_err();
    assert!(error.was_sent() && !error.is_retryable(), "{error:?}");
    assert_eq!(*seen.lock().unwrap(), ["POST"]);
}
