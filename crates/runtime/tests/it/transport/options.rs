//! Settings of one call.

use std::time::Duration;

use compute_kfp_runtime::operation::{Location, Operation};
use compute_kfp_runtime::{CallOptions, ErrorKind, Request, RetryPolicy, Transport};

use crate::item::{ServerTransport as _, get, parameter};
use compute_kfp_test_server::{Response, TestServer};

const SHORT: Duration = Duration::from_millis(30);

fn with(set: impl FnOnce(CallOptions) -> CallOptions) -> Request {
    let mut request = get();
    request.options(set);
    request
}

#[tokio::test]
async fn a_call_has_its_own_retries() {
    let server = TestServer::playing([Response::json(503, "{}")]);
    let transport = server.transport();
    let once = with(|call| call.retry(RetryPolicy::never()));
    assert_eq!(transport.send_empty(once).await.unwrap_err().attempts(), 1);
    assert_eq!(transport.send_empty(get()).await.unwrap_err().attempts(), 4);
}

#[tokio::test]
async fn a_call_has_its_own_limits() {
    for (set, said) in [
        (
            CallOptions::timeout as fn(CallOptions, Duration) -> CallOptions,
            "the call timed out after 30ms",
        ),
        (
            CallOptions::attempt_timeout,
            "the response was not complete after 30ms",
        ),
    ] {
        let (server, _held) = TestServer::piecewise();
        let request = with(|call| set(call, SHORT).retry(RetryPolicy::never()));
        let error = server.transport().send_empty(request).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, said));
    }
}

#[tokio::test]
async fn options_add_up() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let mut request = with(|call| call.header("x-first", "1"));
    request.options(|call| call.header("x-second", "2").header("user-agent", "mine"));
    server.transport().send_empty(request).await.unwrap();
    let sent = server.only();
    assert_eq!(sent.header("x-first"), Some("1"));
    assert_eq!(sent.header("x-second"), Some("2"));
    assert_eq!(sent.header("user-agent"), Some("mine"));
}

#[tokio::test]
async fn a_parameter_of_the_operation_goes_before_a_header() {
    static TRACED: Operation = Operation::new("read_item", "read_item", "GET", "/items")
        .parameters(&[parameter("X-Trace", Location::Header)]);
    let server = TestServer::playing([Response::json(200, "{}")]);
    let mut request = Request::new(&TRACED);
    request.set("X-Trace", "the operation's");
    request.options(|call| call.header("x-trace", "mine").header("accept", "text/html"));
    server.transport().send_empty(request).await.unwrap();
    assert_eq!(server.only().header("x-trace"), Some("the operation's"));
    assert_eq!(server.only().header("accept"), Some("application/json"));
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_and_its_value_is_not() {
    let transport = Transport::builder("http://127.0.0.1:1").build().unwrap();
    for (name, value, said) in [
        ("no name", "v", r#""no name" is not the name of a header"#),
        (
            "x-note",
            "s3cret\n",
            "the value for the header `x-note` has characters",
        ),
        (
            "Authorization",
            "s3cret",
            "the header `authorization` is a credential",
        ),
        ("cookie", "s3cret", "the header `cookie` is a credential"),
    ] {
        let request = with(|call| call.header(name, value));
        assert!(!format!("{request:?}").contains("s3cret"));
        let error = transport.send_empty(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().starts_with(said), "{error}");
        assert!(!error.was_sent() && !format!("{error:?}").contains("s3cret"));
    }
}

#[test]
fn options_show_no_values() {
    let options = CallOptions::default().header("x-note", "confidential");
    let shown = format!("{options:?}");
    assert!(
        shown.contains("x-note") && !shown.contains("confidential"),
        "{shown}"
    );
}
