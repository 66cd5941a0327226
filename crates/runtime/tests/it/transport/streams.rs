//! Streamed responses.

use std::time::Duration;

use compute_kfp_runtime::{ErrorKind, Transport};

use crate::item::{ServerTransport as _, get, html};
use compute_kfp_test_server::{Response, TestServer};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\n";

#[tokio::test]
async fn each_piece_is_there_as_soon_as_it_was_sent() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let mut response = server.transport().send_bytes(get()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain");
    for piece in ["one ", "two "] {
        pieces.send(piece.as_bytes().to_vec()).unwrap();
        assert_eq!(response.next().await.unwrap().unwrap(), piece);
    }
    assert!(response.next().await.is_none());
    assert_eq!(server.only().header("accept"), Some("*/*"));
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let mut stream = server
        .transport()
        .send_bytes(get())
        .await
        .unwrap()
        .into_inner();
    pieces.send(b"one ".to_vec()).unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "one ");
    drop(pieces);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(error.operation().unwrap().name, "read_item");
    assert!(error.was_sent());
}

#[tokio::test]
async fn a_stream_may_be_silent_only_so_long() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let transport = Transport::builder(server.url())
        .timeout(Duration::from_millis(1))
        .read_timeout(Duration::from_millis(50));
    let mut stream = transport
        .build()
        .unwrap()
        .send_bytes(get())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        stream.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Timeout
    );
}

#[tokio::test]
async fn a_stream_is_longer_than_any_limit_for_memory() {
    let server = TestServer::playing([Response::new(200, "", "x".repeat(100_000))]);
    let transport = Transport::builder(server.url())
        .max_response_bytes(10)
        .build()
        .unwrap();
    let mut stream = transport.send_bytes(get()).await.unwrap().into_inner();
    let mut length = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.unwrap();
        length += piece.len();
    }
    assert_eq!(length, 100_000);
}

#[tokio::test]
async fn a_stream_may_be_a_page() {
    let server = TestServer::playing([html(200)]);
    let mut stream = server
        .transport()
        .send_bytes(get())
        .await
        .unwrap()
        .into_inner();
    assert!(
        stream
            .next()
            .await
            .unwrap()
            .unwrap()
            .starts_with(b"<!DOCTYPE html>")
    );
}

#[tokio::test]
async fn a_dropped_stream_ends_the_download() {
    let (server, pieces) = TestServer::piecewise();
    pieces.send(HEAD.to_vec()).unwrap();
    let response = server.transport().send_bytes(get()).await.unwrap();
    drop(response);
    server.departure().await;
}
