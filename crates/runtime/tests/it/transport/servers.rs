//! Operations with a server of their own.

use compute_kfp_runtime::credentials::BearerToken;
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{ErrorKind, Request, Transport};

use crate::item::{OPERATION, get};
use compute_kfp_test_server::{Response, TestServer};

const DECLARED: &str = "http://upload.example.org/v2";

static BEARER: SecurityScheme = SecurityScheme::new("bearer", SchemeKind::Bearer);
static UPLOAD: Operation = OPERATION.server(DECLARED).security(&[&[&BEARER]]);
static OPEN: Operation = OPERATION.server("http://localhost:1/v2");

fn server() -> TestServer {
    TestServer::start(|_| Response::new(200, "", ""))
}

#[tokio::test]
async fn an_operation_is_sent_to_its_own_server_with_the_credentials_of_the_client() {
    let (main, other) = (server(), server());
    let transport = Transport::builder(main.url())
        .server(format!("{DECLARED}/"), "http://localhost:1")
        .server(DECLARED, format!("{}/here", other.url()))
        .credentials("bearer", BearerToken::new("token"))
        .build()
        .unwrap();
    transport.send_empty(get()).await.unwrap();
    assert_eq!(main.only().path(), "/items");
    let error = transport.send_empty(Request::new(&OPEN)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    transport.send_empty(Request::new(&UPLOAD)).await.unwrap();
    assert_eq!(other.only().path(), "/here/items");
    assert_eq!(other.only().header("authorization"), Some("Bearer token"));
}

#[tokio::test]
async fn credentials_are_not_sent_to_an_own_server_unencrypted() {
    let main = server();
    let with = |allow| {
        Transport::builder(main.url())
            .credentials("bearer", BearerToken::new("token"))
            .allow_plain_http(allow)
    };
    let transport = with(false).build().unwrap();
    let error = transport
        .send_empty(Request::new(&UPLOAD))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!error.was_sent());
    let error = with(false).server(DECLARED, DECLARED).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(with(true).server(DECLARED, DECLARED).build().is_ok());
    let error = with(false).server(DECLARED, "ftp://x").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(main.requests().is_empty());
}
