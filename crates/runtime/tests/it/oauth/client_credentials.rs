//! Tokens for a program of its own.

use compute_kfp_runtime::credentials::{RenewedToken, TokenSource};
use compute_kfp_runtime::oauth::ClientCredentials;
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{ErrorKind, Request, Transport};

use super::{client, fields, form, is_refused, shown};
use crate::item::OPERATION;
use compute_kfp_test_server::{Response, TestServer};

const SECRET: &str = "s3cret:of/a-client";

static BEARER: SecurityScheme = SecurityScheme::new("Bearer", SchemeKind::Bearer);
static GUARDED: Operation = OPERATION.security(&[&[&BEARER]]);

fn source(server: &TestServer) -> ClientCredentials {
    ClientCredentials::new(format!("{}/token", server.url()), "nightly", SECRET)
}

#[tokio::test]
async fn a_call_is_authorised_by_a_token_for_the_program() {
    let login = TestServer::playing([Response::json(
        200,
        r#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300}"#,
    )]);
    let api = TestServer::playing([Response::json(200, "{}")]);
    let source = source(&login).scope("read").scope("write").audience("kfp");
    let transport = Transport::builder(api.url())
        .credentials("Bearer", RenewedToken::new(source))
        .build()
        .unwrap();
    for _ in 0..2 {
        transport.send_empty(Request::new(&GUARDED)).await.unwrap();
    }
    let asked = login.only();
    // RFC 6749, 2.3.1: both are form-encoded, then joined and written in Base64.
    assert_eq!(
        asked.header("authorization"),
        Some("Basic bmlnaHRseTpzM2NyZXQlM0FvZiUyRmEtY2xpZW50")
    );
    assert_eq!(
        form(&asked),
        fields([
            ("grant_type", "client_credentials"),
            ("scope", "read write"),
            ("audience", "kfp")
        ])
    );
    for call in api.requests() {
        assert_eq!(call.header("authorization"), Some("Bearer t0ken"));
    }
}

#[tokio::test]
async fn the_token_endpoint_can_be_discovered() {
    let login = TestServer::playing([Response::json(
        200,
        r#"{"access_token": "a", "token_type": "bearer"}"#,
    )]);
    let body = format!(r#"{{"token_endpoint": "{}/t"}}"#, login.url());
    let known = TestServer::playing([Response::json(200, &body)]);
    let source = ClientCredentials::discovered(known.url(), "nightly", SECRET);
    source.fetch(&client()).await.unwrap();
    assert_eq!(login.only().target, "/t");
}

#[tokio::test]
async fn a_secret_does_not_go_over_plain_http() {
    let source = ClientCredentials::new("http://login.example.org/token", "nightly", SECRET);
    let error = source.fetch(&client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn no_secret_of_a_program_is_shown() {
    let body = format!(
        r#"{{"error": "invalid_client", "error_description": "{SECRET} Basic bmlnaHRseTpzM2NyZXQlM0FvZiUyRmEtY2xpZW50"}}"#
    );
    let server = TestServer::playing([Response::json(401, &body)]);
    let error = source(&server).fetch(&client()).await.unwrap_err();
    is_refused(&error, "invalid_client");
    let shown = format!("{} {:?}", shown(&error), source(&server));
    assert!(!shown.contains("bmlnaHRseTpz"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
}
