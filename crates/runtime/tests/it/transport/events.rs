//! Server-sent events.

use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind, Event, EventStream, Transport};
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::item::{ServerTransport as _, get, html};
use compute_kfp_test_server::{Response, TestServer};

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n";

fn answer(body: impl AsRef<[u8]>) -> Response {
    Response::new(200, "content-type: text/event-stream", body)
}

async fn stream(transport: Transport) -> EventStream {
    transport.send_events(get()).await.unwrap().into_inner()
}

async fn all(stream: EventStream) -> (Vec<Event>, Option<Error>) {
    let (mut events, mut failure) = (Vec::new(), None);
    for event in stream.collect::<Vec<_>>().await {
        assert!(failure.is_none(), "an error ends it");
        match event {
            Ok(event) => events.push(event),
            Err(error) => failure = Some(error),
        }
    }
    (events, failure)
}

/// The events of a body, each as its name, data and ID.
async fn shown(body: impl AsRef<[u8]>) -> Vec<String> {
    let server = TestServer::playing([answer(body)]);
    let (events, error) = all(stream(server.transport()).await).await;
    let events = events.iter();
    let events = events.map(|it| format!("{}|{}|{}", it.name(), it.data(), it.id().unwrap_or("")));
    events.chain(error.map(|it| it.to_string())).collect()
}

#[tokio::test]
async fn each_event_is_there_as_soon_as_it_was_sent() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let mut events = stream(server.transport()).await;
    pieces
        .send(
            b": hello\n\nevent: progress\nid: 7\nretry: 250\ndata: {\"percent\":\ndata: 3}\n\nda"
                .to_vec(),
        )
        .unwrap();
    let event = events.next().await.unwrap().unwrap();
    assert_eq!((event.name(), event.id()), ("progress", Some("7")));
    assert_eq!(event.data(), "{\"percent\":\n3}");
    assert_eq!(event.json::<Value>().unwrap()["percent"], 3);
    assert_eq!(event.retry(), Some(Duration::from_millis(250)));
    pieces.send(b"ta: x\r".to_vec()).unwrap();
    pieces.send(b"\n\r".to_vec()).unwrap();
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(
        (event.name(), event.data(), event.id()),
        ("message", "x", Some("7"))
    );
    let error = event.json::<Value>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    drop(pieces);
    assert!(events.next().await.is_none());
    assert!(events.next().await.is_none());
    assert_eq!(server.only().header("accept"), Some("text/event-stream"));
}

#[tokio::test]
async fn events_are_read_as_the_standard_says() {
    for (body, events) in [
        (
            "data: YHOO\ndata: +2\ndata: 10\n\n",
            &["message|YHOO\n+2\n10|"][..],
        ),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            &[
                "message|first event|1",
                "message|second event|",
                "message| third event|",
            ],
        ),
        ("data\n\ndata\ndata\n\n", &["message||", "message|\n|"]),
        (
            "data:test\n\ndata: test\n\n",
            &["message|test|", "message|test|"],
        ),
        ("event: a\n\ndata: b\n\n", &["message|b|"]),
        (
            "event: a\revent: b\rdata: c\r\rdata: d\r\r",
            &["b|c|", "message|d|"],
        ),
        (
            "data: a\r\n\r\ndata: b\r\n\r\n",
            &["message|a|", "message|b|"],
        ),
        (
            "\u{feff}data: \u{feff}ä\nother: x\nretry: soon\nid: a\0b\n\n",
            &["message|\u{feff}ä|"],
        ),
        ("", &[]),
        ("data: a\n\n: no end", &["message|a|"]),
        (
            "data: a\n\ndata: b\n",
            &[
                "message|a|",
                "read_item: 200: the stream ended within an event",
            ],
        ),
        (
            "data: a\n\ndata: b",
            &[
                "message|a|",
                "read_item: 200: the stream ended within an event",
            ],
        ),
    ] {
        assert_eq!(shown(body).await, events, "{body:?}");
    }
    assert_eq!(shown(b"data: \xff\n\n").await, ["message|\u{fffd}|"]);
}

#[tokio::test]
async fn events_may_come_in_any_pieces() {
    let body = "\u{feff}id: 1\r\ndata: ä\r\ndata: b\n\n:\r\revent: e\rdata\n\n".as_bytes();
    for cut in 0..body.len() {
        let (server, pieces) = TestServer::piecewise();
        pieces.send([HEAD, &body[..cut]].concat()).unwrap();
        let stream = stream(server.transport()).await;
        pieces.send(body[cut..].to_vec()).unwrap();
        drop(pieces);
        let (events, error) = all(stream).await;
        assert!(error.is_none());
        let events = events.iter().map(|it| (it.name(), it.data()));
        assert_eq!(
            events.collect::<Vec<_>>(),
            [("message", "ä\nb"), ("e", "")],
            "{cut}"
        );
    }
}

#[tokio::test]
async fn events_have_a_limit_for_silence_and_for_their_length() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let transport = Transport::builder(server.url())
        .timeout(Duration::from_millis(1))
        .read_timeout(Duration::from_millis(50));
    let mut silent = stream(transport.build().unwrap()).await;
    let error = silent.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);

    let lines = "data: 12345678\n".repeat(3);
    for body in [format!("data: {}", "x".repeat(30)), format!("{lines}\n")] {
        let server = TestServer::playing([answer(body)]);
        let transport = Transport::builder(server.url()).max_response_bytes(20);
        let (_, error) = all(stream(transport.build().unwrap()).await).await;
        let error = error.unwrap().to_string();
        assert!(error.contains("more than 20 bytes"), "{error}");
    }
}

#[tokio::test]
async fn a_response_of_another_type_is_an_error() {
    let server = TestServer::playing([Response::json(200, "{\"a\": 1}"), html(200)]);
    let error = server.transport().send_events(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.body(), b"{\"a\": 1}");
    assert!(error.to_string().contains("not a `text/event-stream`"));
    let error = server.transport().send_events(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error() {
    let server = TestServer::playing([answer("data: a\n\ndata: b\n\n").without_last(3)]);
    let (events, error) = all(stream(server.transport()).await).await;
    assert_eq!(events.len(), 1);
    assert_eq!(error.unwrap().kind(), ErrorKind::Connection);
}
