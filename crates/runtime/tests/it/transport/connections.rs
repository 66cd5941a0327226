//! Servers that are not there, say nothing, or hang up.

use std::time::Duration;

use compute_kfp_runtime::credentials::{Authorization, Credentials, Pending};
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Error, ErrorKind, Request, Transport};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::item::{ServerTransport as _, get};
use compute_kfp_test_server::{Response, TestServer};

const SHORT: Duration = Duration::from_millis(30);

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Transport::builder(url)
        .build()
        .unwrap()
        .send_empty(get())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.was_sent());
    assert!(error.message().contains("refused"), "{error}");
    assert_eq!(
        (error.status(), error.headers(), error.body()),
        (None, None, &b""[..])
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_sent_nothing() {
    let transport = Transport::builder("http://no-such-host.invalid")
        .build()
        .unwrap();
    let error = transport.send_empty(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.was_sent());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_only_so_long() {
    for whole_call in [true, false] {
        let (server, _held) = TestServer::piecewise();
        let transport = Transport::builder(server.url());
        let transport = if whole_call {
            transport.timeout(SHORT)
        } else {
            transport.read_timeout(SHORT)
        };
        let error = transport
            .build()
            .unwrap()
            .send_json::<Value>(get())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.was_sent());
        assert!(error.message().contains("30ms"), "{error}");
        assert_eq!(error.operation().unwrap().name, "read_item");
        server.departure().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_without_end_where_nothing_is_set() {
    let (server, _held) = TestServer::piecewise();
    let begun = tokio::time::Instant::now();
    let error = server
        .transport()
        .send_json::<Value>(get())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        begun.elapsed() <= Duration::from_secs(300),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_waited_for_only_so_long() {
    let (server, pieces) = TestServer::piecewise();
    let begun = Response::json(200, r#"{"items": []}"#);
    pieces
        .send(begun.without_last(4).bytes(true).into())
        .unwrap();
    let transport = Transport::builder(server.url())
        .read_timeout(SHORT)
        .build()
        .unwrap();
    let error = transport.send_json::<Value>(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn time_without_end_is_allowed() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .connect_timeout(Duration::MAX)
        .read_timeout(Duration::MAX)
        .timeout(Duration::MAX);
    transport.build().unwrap().send_empty(get()).await.unwrap();
}

#[tokio::test]
async fn a_credential_that_cannot_be_fetched_in_time_sent_nothing() {
    static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
    static GUARDED: Operation =
        Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER]]);
    #[derive(Debug)]
    struct Never;
    impl Credentials for Never {
        fn authorize<'a>(&'a self, _: &'a mut Authorization) -> Pending<'a, ()> {
            Box::pin(std::future::pending())
        }
    }
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .credentials("user", Never)
        .timeout(SHORT)
        .build()
        .unwrap();
    let errors = [
        transport
            .send_empty(Request::new(&GUARDED))
            .await
            .unwrap_err(),
        transport
            .send_bytes(Request::new(&GUARDED))
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(!error.was_sent());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_that_hangs_up_may_have_acted() {
    let (server, pieces) = TestServer::piecewise();
    drop(pieces);
    let error = server
        .transport()
        .send_json::<Value>(get())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent());
}

#[tokio::test]
async fn what_is_not_http_is_not_the_api() {
    for babble in [
        Response::raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        Response::new(200, &format!("x: {}", "y".repeat(2_000_000)), ""),
    ] {
        let server = TestServer::playing([babble]);
        let error = server
            .transport()
            .send_json::<Value>(get())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(error.was_sent());
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_closes_its_connection() {
    let (server, _held) = TestServer::piecewise();
    let transport = server.transport();
    let call = tokio::spawn(async move { transport.send_json::<Value>(get()).await });
    server.arrival().await;
    call.abort();
    server.departure().await;
    assert!(call.await.unwrap_err().is_cancelled());
}

#[test]
fn every_call_can_be_spawned() {
    fn spawned<T: Send>(_: T) {}
    fn shared<T: Send + Sync + 'static>() {}
    let transport = Transport::builder("http://localhost").build().unwrap();
    spawned(transport.send_json::<Value>(get()));
    spawned(transport.send_optional_json::<Value>(get()));
    spawned(transport.send_empty(get()));
    spawned(transport.send_bytes(get()));
    shared::<Transport>();
    shared::<Request>();
    shared::<Error>();
}
