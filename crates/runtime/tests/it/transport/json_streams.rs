//! Streams of JSON values.

use std::time::Duration;

use compute_kfp_runtime::credentials::BearerToken;
use compute_kfp_runtime::operation::{Operation, ResponseKind, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Error, ErrorKind, JsonStream, Request, Transport};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::item::{OPERATION, ServerTransport as _, html};
use compute_kfp_test_server::{Response, TestServer};

static BEARER: SecurityScheme = SecurityScheme::new("bearer", SchemeKind::Bearer);
static LINES: Operation = OPERATION
    .response(ResponseKind::JsonLines)
    .security(&[&[&BEARER]]);
static SEQUENCE: Operation = OPERATION.response(ResponseKind::JsonSequence);
static RESULTS: Operation = OPERATION.response(ResponseKind::JsonResults);

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

fn head(length: usize) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes()
}

async fn stream(transport: Transport, operation: &'static Operation) -> JsonStream<Value> {
    let sent = transport.send_json_stream(Request::new(operation)).await;
    sent.unwrap().into_inner()
}

/// The values of a body, and the error that it ends with.
async fn values(operation: &'static Operation, body: &[u8]) -> (Vec<Value>, Option<Error>) {
    let server = TestServer::playing([Response::new(200, "", body)]);
    all(stream(server.transport(), operation).await).await
}

async fn all(mut stream: JsonStream<Value>) -> (Vec<Value>, Option<Error>) {
    let mut values = Vec::new();
    while let Some(value) = stream.next().await {
        match value {
            Ok(value) => values.push(value),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error ends it");
                return (values, Some(error));
            }
        }
    }
    assert!(stream.next().await.is_none());
    (values, None)
}

#[tokio::test]
async fn each_value_is_there_as_soon_as_it_was_sent() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let mut stream = stream(server.transport(), &LINES).await;
    pieces.send(b"{\"a\": 1}\n{\"a\":".to_vec()).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), json!({"a": 1}));
    pieces.send(b" 2}\r\n\n\"b\"".to_vec()).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), json!({"a": 2}));
    drop(pieces);
    assert_eq!(stream.next().await.unwrap().unwrap(), json!("b"));
    assert!(stream.next().await.is_none());
    assert_eq!(server.only().header("accept"), Some("*/*"));
}

#[tokio::test]
async fn a_body_may_come_in_any_pieces() {
    let body = "{\"ä\":\"\\n\"}\n[1,\"}\"]\n".as_bytes();
    for cut in 0..body.len() {
        let (server, pieces) = TestServer::piecewise();
        pieces.send([HEAD, &body[..cut]].concat()).unwrap();
        let stream = stream(server.transport(), &LINES).await;
        pieces.send(body[cut..].to_vec()).unwrap();
        drop(pieces);
        let (values, error) = all(stream).await;
        assert_eq!(values, [json!({"ä": "\n"}), json!([1, "}"])], "{cut}");
        assert!(error.is_none());
    }
}

#[tokio::test]
async fn values_of_a_sequence_may_have_several_lines() {
    let (values, error) = values(&SEQUENCE, b"\x1e{\n\"a\": \"{\\\"\n1\"}\n\x1e2\x1e\n3").await;
    assert!(
        error.unwrap().to_string().contains("`a`"),
        "a line feed in a string"
    );
    assert!(values.is_empty());
    let (values, error) =
        self::values(&SEQUENCE, b"\x1e{\n\"a\": \"}\\\"{\"\n}\n\x1e2\x1e\n3").await;
    assert!(error.is_none());
    assert_eq!(values, [json!({"a": "}\"{"}), json!(2), json!(3)]);
}

#[tokio::test]
async fn a_stream_that_is_cut_off_ends_with_an_error() {
    let whole = b"{\"a\": 1}\n{\"a\": 2}\n";
    let (values, error) = values(&LINES, &whole[..14]).await;
    assert_eq!(values.len(), 1);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.is_retryable());

    let (server, pieces) = TestServer::piecewise();
    pieces
        .send([&head(whole.len()), &whole[..9]].concat())
        .unwrap();
    let stream = stream(server.transport(), &LINES).await;
    drop(pieces);
    let (values, error) = all(stream).await;
    assert_eq!(values.len(), 1);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(error.operation().unwrap().name, "read_item");
}

#[tokio::test]
async fn a_stream_has_a_limit_for_silence_and_for_the_length_of_a_value() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let transport = Transport::builder(server.url())
        .timeout(Duration::from_millis(1))
        .read_timeout(Duration::from_millis(50));
    let mut silent = stream(transport.build().unwrap(), &LINES).await;
    let error = silent.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);

    let body = format!("{}\n\"{}\"\n", "[1]\n".repeat(100), "x".repeat(20));
    for body in [body.clone(), body.trim_end().to_owned()] {
        let server = TestServer::playing([Response::new(200, "", body)]);
        let transport = Transport::builder(server.url()).max_response_bytes(20);
        let (values, error) = all(stream(transport.build().unwrap(), &LINES).await).await;
        assert_eq!(values.len(), 100);
        let error = error.unwrap().to_string();
        assert!(error.contains("more than 20 bytes"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_repeats_no_credential() {
    let server = TestServer::playing([
        Response::new(
            200,
            "x-echo: t0ken-of-a-user",
            "{\"a\": t0ken-of-a-user}\n{}\n",
        ),
        html(200),
    ]);
    let transport = Transport::builder(server.url())
        .credentials("bearer", BearerToken::new("t0ken-of-a-user"))
        .build()
        .unwrap();
    let (_, error) = all(stream(transport.clone(), &LINES).await).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(!format!("{error} {error:?} {:?}", error.headers()).contains("t0ken"));
    let (_, error) = all(stream(transport, &LINES).await).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn a_result_is_an_item_and_an_error_is_an_error() {
    let (values, error) = values(
        &RESULTS,
        br#"{"result":{"a":"1"}}
{"result":null}
{"error":{"code":5,"message":"no such run","details":[]}}
{"result":{}}
"#,
    )
    .await;
    assert_eq!(values, [json!({"a": "1"}), json!(null)]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(error.message(), "no such run");
    assert_eq!(error.body_as::<Value>().unwrap()["code"], 5);
    assert_eq!(error.operation().unwrap().name, "read_item");

    for (line, kind) in [
        (
            r#"{"error":{"grpc_code":8,"http_code":429,"message":"slow"}}"#,
            ErrorKind::RateLimited,
        ),
        (r#"{"error":{"code":16}}"#, ErrorKind::Authentication),
        (r#"{"error":"x"}"#, ErrorKind::Server),
        (r#"{"error":{"http_code":7}}"#, ErrorKind::Server),
        (r#"{"error":null}"#, ErrorKind::Protocol),
        (r#"{}"#, ErrorKind::Protocol),
        (r#"[]"#, ErrorKind::Protocol),
    ] {
        let (values, error) = self::values(&RESULTS, line.as_bytes()).await;
        assert!(values.is_empty());
        assert_eq!(error.unwrap().kind(), kind, "{line}");
    }
}

#[tokio::test]
async fn a_stream_is_one_for_other_crates_and_may_go_to_another_thread() {
    let server = TestServer::playing([Response::new(200, "", "1\n2\n")]);
    let stream = stream(server.transport(), &LINES).await;
    let values = tokio::spawn(stream.map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(values.await.unwrap(), [json!(1), json!(2)]);
}

#[tokio::test]
async fn a_response_without_success_is_an_error_before_the_stream() {
    let server = TestServer::playing([Response::json(404, r#"{"message": "no"}"#)]);
    let transport = server.transport();
    let sent = transport.send_json_stream::<Value>(Request::new(&LINES));
    assert_eq!(sent.await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[cfg(feature = "blocking")]
#[test]
fn streams_are_iterators_for_programs_without_a_runtime() {
    use compute_kfp_runtime::blocking::wait;

    let events = "content-type: text/event-stream";
    let server = TestServer::playing([
        Response::new(200, "", "1\n2\n{"),
        Response::new(200, events, "data: a\n\ndata: b\n\n"),
    ]);
    let transport = server.transport();
    let lines = wait(transport.send_json_stream::<Value>(Request::new(&LINES))).unwrap();
    let lines: Vec<_> = lines.into_inner().blocking().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[2].is_err());
    let events = wait(transport.send_events(Request::new(&LINES))).unwrap();
    let events = events
        .into_inner()
        .blocking()
        .map(|it| it.unwrap().data().to_owned());
    assert_eq!(events.collect::<Vec<_>>(), ["a", "b"]);
}
