//! Credentials that a server no longer accepts.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compute_kfp_runtime::credentials::{AccessToken, BearerToken, Credentials, RenewedToken};
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Content, Error, ErrorKind, Request, RetryPolicy, Transport};
use serde_json::Value;

use crate::item::html;
use compute_kfp_test_server::{Received, Response, TestServer};

static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
static GET: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER]]);
static POST: Operation =
    Operation::new("read_item", "read_item", "POST", "/items").security(&[&[&USER]]);

/// Tokens `token-1`, `token-2` and so on.
fn numbered() -> impl Credentials {
    let fetched = Arc::new(AtomicUsize::new(0));
    RenewedToken::new(move || {
        let number = fetched.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok(AccessToken::new(format!("token-{number}"))) }
    })
}

fn transport(server: &TestServer, credentials: impl Credentials) -> Transport {
    Transport::builder(server.url())
        .credentials("user", credentials)
        .build()
        .unwrap()
}

fn tokens(server: &TestServer) -> Vec<String> {
    let requests = server.requests();
    let token = |request: &Received| request.header("authorization").unwrap().to_owned();
    requests.iter().map(token).collect()
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_sent_once_more() {
    for operation in [&GET, &POST] {
        let server = TestServer::playing([
            Response::json(401, "{}"),
            Response::json(200, r#"{"a": 1}"#),
        ]);
        let answer = transport(&server, numbered())
            .send_json::<Value>(Request::new(operation))
            .await
            .unwrap();
        assert_eq!(answer["a"], 1);
        assert_eq!(tokens(&server), ["Bearer token-1", "Bearer token-2"]);
    }
}

#[tokio::test]
async fn a_second_refusal_reaches_the_caller() {
    let server = TestServer::playing([Response::json(401, r#"{"detail": "expired"}"#)]);
    let error = transport(&server, numbered())
        .send_json::<Value>(Request::new(&GET))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.message(), "expired");
    assert_eq!(error.attempts(), 2);
    assert!(!error.is_retryable());
    assert_eq!(tokens(&server).len(), 2);
}

#[tokio::test]
async fn a_renewal_is_no_retry_and_comes_at_any_attempt() {
    let server = TestServer::playing([
        Response::json(503, "{}"),
        Response::json(401, "{}"),
        Response::json(503, "{}"),
        Response::json(200, "{}"),
    ]);
    let transport = transport(&server, numbered());
    transport.send_empty(Request::new(&GET)).await.unwrap();
    assert_eq!(
        tokens(&server),
        [
            "Bearer token-1",
            "Bearer token-1",
            "Bearer token-2",
            "Bearer token-2"
        ]
    );

    let server = TestServer::playing([Response::json(401, "{}"), Response::json(200, "{}")]);
    let never = Transport::builder(server.url())
        .credentials("user", numbered())
        .retry(RetryPolicy::never());
    let never = never.build().unwrap();
    never.send_empty(Request::new(&GET)).await.unwrap();
}

#[tokio::test]
async fn a_login_page_in_place_of_an_answer_renews_what_may_be_repeated() {
    for page in [html(200), html(403)] {
        let server = TestServer::playing([page.clone(), Response::json(200, "{}")]);
        let session = transport(&server, numbered());
        session
            .send_json::<Value>(Request::new(&GET))
            .await
            .unwrap();
        assert_eq!(tokens(&server), ["Bearer token-1", "Bearer token-2"]);

        let server = TestServer::playing([page, Response::json(200, "{}")]);
        let session = transport(&server, numbered());
        let error = session
            .send_json::<Value>(Request::new(&POST))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_token_that_never_changes_is_sent_once() {
    let server = TestServer::playing([Response::json(401, "{}")]);
    let error = transport(&server, BearerToken::new("t0ken"))
        .send_json::<Value>(Request::new(&GET))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 1)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_renewal_that_fails_keeps_its_kind_and_its_source() {
    let server = TestServer::playing([Response::json(401, "{}")]);
    let asked = Arc::new(AtomicUsize::new(0));
    let credentials = RenewedToken::new(move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match first {
                true => Ok(AccessToken::new("token-1")),
                false => Err(Error::new(
                    ErrorKind::Connection,
                    "the identity provider is down",
                )),
            }
        }
    });
    let error = transport(&server, credentials)
        .send_json::<Value>(Request::new(&POST))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent());
    assert_eq!(error.operation(), Some(&POST));
    let source = error.source().unwrap().to_string();
    assert!(source.contains("identity provider is down"), "{source}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_stream_cannot_be_sent_once_more() {
    let server = TestServer::playing([Response::json(401, r#"{"detail": "expired"}"#)]);
    let mut request = Request::new(&POST);
    request.raw_body("text/plain", Content::stream(&b"once"[..], Some(4)));
    let error = transport(&server, numbered())
        .send_empty(request)
        .await
        .unwrap_err();
    assert_eq!(error.message(), "expired");
    assert_eq!(server.requests().len(), 1);
}
