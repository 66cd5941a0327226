//! Waits that a server demands with `Retry-After`.

use std::time::{Duration, Instant, SystemTime};

use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy};

use super::server::{GET, Item, POST, Server, Step, answer, call};

const SHORT: Duration = Duration::from_millis(1);

fn refusing(status: u16, headers: &str) -> Step {
    Step::refused(answer(status, headers, ""))
}

async fn error(headers: &str) -> Error {
    let server = Server::failing(1, refusing(429, headers));
    let client = server.transport().retry(RetryPolicy::never());
    let client = client.build().unwrap();
    client.send_empty(call(&GET, 0)).await.unwrap_err()
}

/// Returns the duration of a call that was rejected once; `wait` is the longest accepted wait.
async fn overcome(status: u16, headers: &str, wait: Duration) -> Duration {
    let server = Server::failing(1, refusing(status, headers));
    let policy = RetryPolicy::default()
        .backoff(SHORT, SHORT)
        .max_retry_after(wait);
    let client = server.transport().retry(policy).build().unwrap();
    let begun = Instant::now();
    client.send_json::<Item>(call(&POST, 0)).await.unwrap();
    assert_eq!((server.visits(0), server.executions(0)), (2, 1));
    begun.elapsed()
}

#[tokio::test]
async fn the_wait_that_a_server_asks_for_is_in_the_error() {
    let date = "date: Sun, 22 Nov 2026 10:00:00 GMT\nretry-after: ";
    for (value, seconds) in [
        ("0", Some(0)),
        ("120", Some(120)),
        ("Sun, 22 Nov 2026 10:00:30 GMT", Some(30)),
        ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
        ("99999999999999999999999999", Some(u64::MAX)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Sun, 99 Nov 2026 10:00:30 GMT", None),
    ] {
        let error = error(&format!("{date}{value}")).await;
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{value}"
        );
        assert_eq!(error.kind(), ErrorKind::RateLimited);
    }
    assert_eq!(error("").await.retry_after(), None);
}

#[tokio::test]
async fn seconds_are_waited_for() {
    for status in [429, 503] {
        let took = overcome(status, "retry-after: 1", Duration::from_secs(60)).await;
        assert!(took >= Duration::from_secs(1), "{took:?}");
    }
}

#[tokio::test]
async fn a_date_is_waited_for_by_the_clock_of_the_server() {
    let asked = "date: Sun, 22 Nov 2020 10:00:00 GMT\nretry-after: Sun, 22 Nov 2020 10:00:01 GMT";
    let took = overcome(503, asked, Duration::from_secs(60)).await;
    assert!(took >= Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_date_without_the_clock_of_the_server_is_waited_for_by_ours() {
    let soon = SystemTime::now() + Duration::from_secs(2);
    let date = httpdate::fmt_http_date(soon);
    let headers = format!("retry-after: {date}");
    overcome(429, &headers, Duration::from_secs(60)).await;
    assert!(SystemTime::now() >= httpdate::parse_http_date(&date).unwrap());
}

#[tokio::test]
async fn no_server_is_waited_for_longer_than_allowed() {
    let far = "retry-after: Sun, 22 Nov 9999 10:00:00 GMT";
    for asked in [
        "retry-after: 100000",
        "retry-after: 99999999999999999999999",
        far,
    ] {
        // Longer than the whole call may take: without the cap it would not be sent again.
        overcome(429, asked, 5 * SHORT).await;
    }
}

#[tokio::test]
async fn a_time_that_passed_or_cannot_be_read_delays_nothing() {
    for asked in [
        "retry-after: Sun, 22 Nov 1970 10:00:00 GMT",
        "retry-after: -5",
        "retry-after: later",
        "retry-after:",
    ] {
        overcome(429, asked, Duration::MAX).await;
    }
}

#[tokio::test]
async fn a_503_that_names_no_time_that_can_be_read_does_not_permit_a_second_post() {
    for headers in ["", "retry-after: later", "retry-after: -5"] {
        let server = Server::failing(1, refusing(503, headers));
        let policy = RetryPolicy::default().backoff(SHORT, SHORT);
        let client = server.transport().retry(policy).build().unwrap();
        let error = client.send_empty(call(&POST, 0)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 1));
        assert_eq!(server.visits(0), 1);
    }
}
