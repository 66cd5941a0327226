//! Retries of calls: their number, and the settings and errors that end them.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use compute_kfp_runtime::credentials::{Authorization, Credentials, Pending};
use compute_kfp_runtime::operation::{Location, Operation, Parameter};
use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy, Transport, middleware};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::addresses::Addresses;
use super::server::{GET, Item, POST, PUT, Server, Step, answer, call, head};
use compute_kfp_test_server::Response;

const SHORT: Duration = Duration::from_millis(1);
const FOREVER: u32 = u32::MAX;

fn eager(attempts: u32) -> RetryPolicy {
    RetryPolicy::default()
        .max_attempts(attempts)
        .backoff(SHORT, SHORT)
        .budget(u16::MAX, 0.0)
}

fn unavailable() -> Step {
    Step::refused(answer(503, "", "down"))
}

fn client(server: &Server, policy: RetryPolicy) -> Transport {
    server.transport().retry(policy).build().unwrap()
}

#[tokio::test]
async fn one_setting_turns_retries_off() {
    let server = Server::failing(FOREVER, unavailable());
    let client = client(&server, RetryPolicy::never());
    let error = client.send_empty(call(&GET, 0)).await.unwrap_err();
    assert_eq!((error.attempts(), server.visits(0)), (1, 1));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_call_is_sent_four_times_unless_set() {
    let server = Server::failing(FOREVER, unavailable());
    let client = client(&server, RetryPolicy::default().backoff(SHORT, SHORT));
    let error = client.send_empty(call(&GET, 0)).await.unwrap_err();
    assert_eq!((error.attempts(), server.visits(0)), (4, 4));
}

#[tokio::test]
async fn the_policy_of_a_call_goes_before_that_of_its_client() {
    let server = Server::failing(FOREVER, unavailable());
    for (of_client, of_call, attempts) in [
        (RetryPolicy::never(), eager(3), 3),
        (eager(3), RetryPolicy::never(), 1),
    ] {
        let client = client(&server, of_client);
        let mut request = call(&GET, 0);
        request.options(|options| options.retry(of_call));
        let error = client.send_empty(request).await.unwrap_err();
        assert_eq!(error.attempts(), attempts);
    }
}

#[tokio::test]
async fn the_time_limits_of_a_call_go_before_those_of_its_client() {
    let server = Server::failing(FOREVER, Step::done(Response::raw("").then_stall()));
    let client = client(&server, RetryPolicy::never());
    let limit = Duration::from_millis(30);
    let mut whole = call(&GET, 0);
    whole.options(|options| options.timeout(limit));
    let mut attempt = call(&GET, 1);
    attempt.options(|options| options.attempt_timeout(limit));
    for request in [whole, attempt] {
        let error = client.send_empty(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.message().contains("30ms"), "{error}");
    }
}

#[tokio::test]
async fn a_budget_keeps_failing_calls_from_becoming_a_storm() {
    let server = Arc::new(Server::start(200, |_| unavailable()));
    let policy = eager(10).budget(0, 0.1);
    let client = client(&server, policy);
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let client = client.clone();
        calls.spawn(async move { client.send_empty(call(&GET, number)).await.unwrap_err() });
    }
    for error in calls.join_all().await {
        assert_eq!(error.kind(), ErrorKind::Server);
    }
    let visits: u32 = (0..200).map(|number| server.visits(number)).sum();
    assert!((201..=220).contains(&visits), "{visits}");
}

#[tokio::test]
async fn clones_of_a_policy_share_its_budget() {
    let server = Server::failing(FOREVER, unavailable());
    // Nothing is ever paid in, so the first ten retries are all there are.
    let policy = eager(100).budget(1, 0.0);
    for _ in 0..3 {
        let client = client(&server, policy.clone());
        client.send_empty(call(&GET, 0)).await.unwrap_err();
    }
    assert!((4..=13).contains(&server.visits(0)), "{}", server.visits(0));
}

#[tokio::test]
async fn a_call_that_cannot_be_over_in_time_ends_with_the_failure_it_met() {
    let asked = answer(503, "retry-after: 3000", "maintenance");
    let server = Server::failing(FOREVER, Step::refused(asked));
    let policy = eager(5).max_retry_after(Duration::from_secs(3000));
    let client = client(&server, policy);
    let error = client.send_empty(call(&GET, 0)).await.unwrap_err();
    assert_eq!((error.kind(), server.visits(0)), (ErrorKind::Server, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3000)));
}

#[tokio::test]
async fn a_call_whose_time_is_up_says_what_failed_before() {
    let server = Server::start(1, |visit| match visit.count {
        1 => unavailable(),
        _ => Step::done(Response::raw("").then_stall()),
    });
    let minute = Duration::from_secs(60);
    let transport = server.transport().retry(eager(5));
    let transport = transport.timeout(minute).attempt_timeout(2 * minute);
    let client = transport.build().unwrap();
    let waiting = tokio::spawn(async move { client.send_empty(call(&GET, 0)).await });
    server.visit().await;
    server.visit().await;
    // Nothing moves any more but the clock.
    tokio::time::pause();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!((error.attempts(), server.visits(0)), (2, 2));
    let before = error.source().unwrap().to_string();
    assert!(before.contains("503"), "{before}");
}

#[tokio::test]
async fn a_post_is_not_sent_again_once_it_may_have_been_done() {
    let server = Server::start(1, |visit| match visit.count {
        1 => Step::refused(answer(429, "", "")),
        2 => Step::refused(answer(503, "retry-after: 0", "")),
        _ => Step::done(Response::raw("").then_reset()),
    });
    let client = client(&server, eager(10));
    let error = client.send_empty(call(&POST, 0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent() && !error.is_retryable());
    assert_eq!((error.attempts(), server.visits(0)), (3, 3));
    assert_eq!(server.executions(0), 1);
}

#[tokio::test]
async fn a_credential_that_cannot_be_reached_is_asked_for_as_often_as_a_call_is_sent() {
    #[derive(Debug, Default)]
    struct Unreachable(AtomicU32);
    impl Credentials for Unreachable {
        fn authorize<'a>(&'a self, _: &'a mut Authorization) -> Pending<'a, ()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let error = Error::new(ErrorKind::Connection, "the identity provider is down");
            Box::pin(async { Err(error) })
        }
    }
    let server = Server::failing(0, Step::succeed());
    let asked = Arc::new(Unreachable::default());
    let transport = server.transport().credentials("user", asked.clone());
    let client = transport.retry(eager(3)).build().unwrap();
    let errors = [
        client.send_empty(call(&GET, 0)).await.unwrap_err(),
        client.send_bytes(call(&GET, 0)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.message(), "the identity provider is down");
        assert_eq!((error.attempts(), error.was_sent()), (3, false));
    }
    assert_eq!(asked.0.load(Ordering::SeqCst), 6);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_attempt_that_was_sent_is_not_forgotten_by_one_that_was_not() {
    let reset = Step::done(Response::raw("").then_reset());
    let server = Server::failing(FOREVER, reset);
    let addresses = Addresses::of(&server, &[true, false]);
    let client = addresses.transport().retry(eager(2)).build().unwrap();
    let error = client.send_empty(call(&PUT, 0)).await.unwrap_err();
    assert!(error.message().contains("cannot be reached"), "{error}");
    assert_eq!((error.attempts(), server.executions(0)), (2, 1));
    assert!(error.was_sent());
}

#[tokio::test]
async fn a_call_that_is_dropped_in_an_attempt_is_not_sent_again() {
    let server = Server::start(2, |visit| match (visit.number, visit.count) {
        (0, 1) => unavailable(),
        (0, _) => Step::done(Response::raw("").then_stall()),
        _ => Step::succeed(),
    });
    let client = client(&server, eager(FOREVER));
    let dropped = client.clone();
    let dropped = tokio::spawn(async move { dropped.send_empty(call(&GET, 0)).await });
    server.visit().await;
    server.visit().await;
    dropped.abort();
    server.departure().await;
    assert!(dropped.await.unwrap_err().is_cancelled());
    client.send_empty(call(&GET, 1)).await.unwrap();
    assert_eq!(server.visits(0), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_between_attempts_is_not_sent_again() {
    let server = Server::failing(1, unavailable());
    let hour = Duration::from_secs(3600);
    let failed = Arc::new(Notify::new());
    let told = failed.clone();
    let transport = server.transport().retry(eager(5).backoff(hour, hour));
    let transport = transport.timeout(10 * hour);
    let transport = transport.middleware(middleware::after(move |_, _| told.notify_one()));
    let client = transport.build().unwrap();
    let waiting = client.clone();
    let waiting = tokio::spawn(async move { waiting.send_empty(call(&GET, 0)).await });
    failed.notified().await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(server.visits(0), 1);
}

#[tokio::test]
async fn a_stream_is_asked_for_again_only_until_it_begins() {
    let begun = [&head(200, "content-length: 8")[..], b"half"].concat();
    let server = Server::start(1, move |visit| match visit.count {
        1 => unavailable(),
        2 => Step::done(Response::raw("").then_reset()),
        _ => Step::done(Response::raw(&begun).then_close()),
    });
    let client = client(&server, eager(5));
    let mut stream = client.send_bytes(call(&GET, 0)).await.unwrap().into_inner();
    assert_eq!(stream.next().await.unwrap().unwrap(), "half");
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent());
    assert_eq!(server.visits(0), 3);
}

#[tokio::test]
async fn connections_are_kept_between_calls_and_after_a_refusal() {
    let server = Server::failing(1, unavailable());
    let client = client(&server, eager(2));
    for number in 0..5 {
        let error = client.send_empty(call(&POST, number)).await.unwrap_err();
        assert_eq!(error.attempts(), 1);
        let item = client.send_json::<Item>(call(&GET, number)).await.unwrap();
        assert_eq!(item.number, number);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_time_of_a_call_begins_when_it_is_first_polled() {
    let server = Server::start(1, |_| Step::done(answer(200, "", "{}")));
    let client = client(&server, RetryPolicy::never());
    let mut request = call(&GET, 0);
    request.options(|options| options.timeout(Duration::from_secs(5)));
    let unsent = client.send_empty(request);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600)).await;
    tokio::time::resume();
    unsent.await.unwrap();
}

#[tokio::test]
async fn a_delete_whose_response_was_lost_is_not_plainly_not_found() {
    static DELETE: Operation = Operation::new("delete", "delete", "DELETE", "/{number}")
        .parameters(&[Parameter::new("number", Location::Path, "integer").required()]);
    let server = Server::start(1, |visit| match visit.count {
        1 => Step::done(Response::raw("").then_reset()),
        _ => Step::refused(answer(404, "", r#"{"message": "no such run"}"#)),
    });
    let client = client(&server, eager(3));
    let error = client.send_empty(call(&DELETE, 0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let message = error.message();
    assert!(message.contains("may have deleted it"), "{message}");
}
