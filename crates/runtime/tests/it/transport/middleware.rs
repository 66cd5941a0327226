//! Application code around each attempt.

use std::sync::{Arc, Mutex};

use compute_kfp_runtime::credentials::BearerToken;
use compute_kfp_runtime::middleware::{self, Attempt, Middleware, Next, ResponseFuture};
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{
    self as runtime, Error, ErrorKind, Request, ResponseBody, Transport, TransportBuilder,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use crate::item::get;
use compute_kfp_test_server::{Response, TestServer};

fn to(server: &TestServer) -> TransportBuilder {
    Transport::builder(server.url())
}

#[tokio::test]
async fn a_header_can_be_added_before_each_attempt() {
    let server = TestServer::playing([Response::json(503, "{}"), Response::json(200, "{}")]);
    let transport = to(&server)
        .middleware(middleware::before(|attempt| {
            let number = HeaderValue::from(attempt.number());
            attempt.headers_mut().insert("x-attempt", number);
            Ok(())
        }))
        .build()
        .unwrap();
    transport.send_empty(get()).await.unwrap();
    let sent = server.requests();
    let numbers: Vec<_> = sent
        .iter()
        .map(|request| request.header("x-attempt"))
        .collect();
    assert_eq!(numbers, [Some("1"), Some("2")]);
}

#[tokio::test]
async fn every_outcome_can_be_looked_at() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = TestServer::playing([Response::json(503, "{}"), Response::json(404, "{}")]);
    let log = seen.clone();
    let transport = to(&server)
        .middleware(middleware::after(move |operation, outcome| {
            let status = outcome
                .as_ref()
                .map(runtime::Response::status)
                .map_err(Error::kind);
            log.lock().unwrap().push((operation.name, status));
        }))
        .build()
        .unwrap();
    transport.send_empty(get()).await.unwrap_err();
    let status = |code| Ok(StatusCode::from_u16(code).unwrap());
    assert_eq!(
        *seen.lock().unwrap(),
        [("read_item", status(503)), ("read_item", status(404))]
    );
}

struct Named(&'static str, Arc<Mutex<Vec<String>>>);

impl Middleware for Named {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
        Box::pin(async move {
            self.1.lock().unwrap().push(format!("before {}", self.0));
            let reply = next.run(attempt).await;
            self.1.lock().unwrap().push(format!("after {}", self.0));
            reply
        })
    }
}

#[tokio::test]
async fn the_first_that_was_set_is_the_outermost() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = to(&server)
        .middleware(Named("first", order.clone()))
        .middleware(Arc::new(Named("second", order.clone())))
        .build()
        .unwrap();
    transport.send_empty(get()).await.unwrap();
    assert_eq!(
        *order.lock().unwrap(),
        [
            "before first",
            "before second",
            "after second",
            "after first"
        ]
    );
}

struct Cache;

impl Middleware for Cache {
    fn handle<'a>(&'a self, _: Attempt, _: Next<'a>) -> ResponseFuture<'a> {
        let body = ResponseBody::from(r#"{"from": "the cache"}"#);
        let cached = runtime::Response::new(body, StatusCode::OK, HeaderMap::new());
        Box::pin(async { Ok(cached) })
    }
}

#[tokio::test]
async fn middleware_can_answer_in_place_of_the_server() {
    let server = TestServer::playing([Response::json(500, "{}")]);
    let transport = to(&server).middleware(Cache).build().unwrap();
    let answer = transport.send_json::<Value>(get()).await.unwrap();
    assert_eq!(answer["from"], "the cache");
    let mut stream = transport.send_bytes(get()).await.unwrap();
    let piece = stream.next().await.unwrap().unwrap();
    assert_eq!(&piece[..], br#"{"from": "the cache"}"#);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_error_of_middleware_reaches_the_caller_or_is_retried_as_its_kind_says() {
    for (kind, attempts) in [(ErrorKind::Permission, 1), (ErrorKind::Connection, 4)] {
        let server = TestServer::playing([Response::json(200, "{}")]);
        let transport = to(&server)
            .middleware(middleware::before(move |_| {
                Err(Error::new(kind, "not now"))
            }))
            .build()
            .unwrap();
        let error = transport.send_empty(get()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, attempts));
        assert_eq!(error.to_string(), "read_item: not now");
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn middleware_neither_sees_nor_replaces_a_credential() {
    static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
    static GUARDED: Operation =
        Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER]]);
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = to(&server)
        .credentials("user", BearerToken::new("t0ken-of-a-user"))
        .middleware(middleware::before(|attempt| {
            assert!(!attempt.headers().contains_key("authorization"));
            let other = HeaderValue::from_static("Bearer other");
            attempt.headers_mut().insert("authorization", other);
            Ok(())
        }))
        .build()
        .unwrap();
    transport.send_empty(Request::new(&GUARDED)).await.unwrap();
    assert_eq!(
        server.only().header("authorization"),
        Some("Bearer t0ken-of-a-user")
    );
}

#[test]
fn what_middleware_is_given_shows_no_value() {
    let seen = Arc::new(Mutex::new(String::new()));
    let log = seen.clone();
    let transport = Transport::builder("http://127.0.0.1:1")
        .middleware(middleware::before(move |attempt| {
            attempt
                .headers_mut()
                .insert("x-key", HeaderValue::from_static("s3cret"));
            *log.lock().unwrap() = format!("{attempt:?}");
            Err(Error::configuration("far enough"))
        }))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(transport.send_empty(get())).unwrap_err();
    let seen = seen.lock().unwrap();
    assert!(seen.contains("x-key") && !seen.contains("s3cret"), "{seen}");
}
