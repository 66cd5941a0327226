//! Limits of a response: its duration, size and headers.

use std::time::Duration;

use bytes::Bytes;
use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy, TransportBuilder};
use serde_json::Value;

use super::server::{GET, Server, Step, answer, call, head};
use compute_kfp_test_server::Response;

const LIMIT: Duration = Duration::from_millis(50);

async fn error(
    response: Response,
    set_up: impl FnOnce(TransportBuilder) -> TransportBuilder,
) -> Error {
    let server = Server::failing(u32::MAX, Step::done(response));
    let client = set_up(server.transport().retry(RetryPolicy::never()));
    let client = client.build().unwrap();
    client.send_json::<Value>(call(&GET, 0)).await.unwrap_err()
}

#[tokio::test]
async fn silence_is_waited_for_only_so_long_before_and_in_an_answer() {
    let begun = [&head(200, "content-length: 9")[..], b"{"].concat();
    for beginning in [Bytes::new(), begun.into()] {
        let error = error(Response::raw(beginning).then_stall(), |client| {
            client.read_timeout(LIMIT)
        })
        .await;
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.message(), "no data from the server for 50ms");
        assert!(error.was_sent());
    }
}

#[tokio::test]
async fn an_answer_that_trickles_in_is_ended_by_the_limit_of_an_attempt() {
    let chunked = head(200, "transfer-encoding: chunked");
    let space = Bytes::from_static(b"1\r\n \r\n");
    let trickle = Response::raw(chunked).then_repeat(space, Duration::from_millis(5));
    let error = error(trickle, |client| client.attempt_timeout(LIMIT)).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.message(), "the response was not complete after 50ms");
}

#[tokio::test]
async fn thousands_of_headers_are_told_from_a_connection_that_broke() {
    let headers: String = (0..5000).map(|index| format!("x-{index}: y\n")).collect();
    let error = error(answer(200, &headers, "{}").then_close(), |client| client).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("invalid HTTP response"), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn an_answer_without_end_is_not_held() {
    let chunked = head(200, "transfer-encoding: chunked");
    let piece = Bytes::from(format!("{:x}\r\n{}\r\n", 8192, "[".repeat(8192)));
    let endless = Response::raw(chunked).then_repeat(piece, Duration::ZERO);
    let error = error(endless, |client| client.max_response_bytes(100_000)).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("100000 bytes"), "{error}");
}

#[tokio::test]
async fn a_failure_without_end_is_looked_at_only_in_its_beginning() {
    let chunked = head(500, "transfer-encoding: chunked");
    let piece = Bytes::from(format!("{:x}\r\n{}\r\n", 8192, "x".repeat(8192)));
    let endless = Response::raw(chunked).then_repeat(piece, Duration::ZERO);
    let error = error(endless, |client| client).await;
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.body().len(), 64 * 1024);
}

#[tokio::test]
async fn a_connection_is_used_again_unless_the_pool_holds_none() {
    for (kept, connections) in [(None, 1), (Some(0), 3)] {
        let server = Server::failing(0, Step::succeed());
        let client = match kept {
            Some(kept) => server
                .transport()
                .configure_http(move |http| http.pool_max_idle_per_host(kept)),
            None => server.transport(),
        };
        let client = client.build().unwrap();
        for number in 0..3 {
            client.send_json::<Value>(call(&GET, number)).await.unwrap();
        }
        assert_eq!(server.connections(), connections, "{kept:?}");
    }
}
