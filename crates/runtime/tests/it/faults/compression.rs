//! Compressed responses.

#![cfg(feature = "gzip")]

use std::io::Write as _;

use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::server::{GET, Server, Step, answer, call, head};
use compute_kfp_test_server::Response;

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn read(body: &[u8], limit: usize) -> Result<Value, Error> {
    let answer = answer(200, "content-encoding: gzip", body);
    get(answer, limit).await
}

async fn get(response: Response, limit: usize) -> Result<Value, Error> {
    let server = Server::failing(u32::MAX, Step::done(response));
    let client = server.transport().retry(RetryPolicy::never());
    let client = client.max_response_bytes(limit).build().unwrap();
    Ok(client.send_json::<Value>(call(&GET, 0)).await?.into_inner())
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let value = read(&compressed(br#"{"number":7}"#), 1000).await.unwrap();
    assert_eq!(value["number"], 7);
}

#[tokio::test]
async fn a_bomb_is_stopped_by_the_limit_for_answers() {
    let bomb = compressed(&vec![b' '; 5_000_000]);
    assert!(bomb.len() < 10_000);
    let error = read(&bomb, 100_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("100000 bytes"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_decompressed_says_so() {
    let mut broken = compressed(br#"{"number":7}"#);
    broken[12] ^= 0xff;
    for body in [broken, b"not gzip at all".to_vec()] {
        let error = read(&body, 1000).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(error.message().contains("decompress"), "{error}");
    }
}

#[tokio::test]
async fn a_bomb_that_reports_a_failure_is_looked_at_only_in_its_beginning() {
    let bomb = compressed(&vec![b'x'; 5_000_000]);
    let failure = answer(500, "content-encoding: gzip", bomb);
    let error = get(failure, 1000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.body().len(), 64 * 1024);
}

#[tokio::test]
async fn a_compressed_answer_that_is_cut_off_can_be_asked_for_again() {
    let whole = compressed(br#"{"number":7}"#);
    let cut = &whole[..whole.len() - 12];
    let announced = format!("content-encoding: gzip\ncontent-length: {}", whole.len());
    let broken = [&head(200, &announced)[..], cut].concat();
    let broken = get(Response::raw(broken).then_close(), 1000)
        .await
        .unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Connection, "{broken:?}");
    // The same within an answer that is whole by its length.
    let ended = read(cut, 1000).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Protocol, "{ended:?}");
    assert!(broken.is_retryable() && ended.is_retryable(), "{ended:?}");
}
