//! Tokens for a program of its own.

use compute_kfp_runtime::credentials::{RenewedToken, TokenSource};
use compute_kfp_runtime::oauth::ClientCredentials;
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{ErrorKind, Request, Transport};
use serde_json::json;

use super::{client, fields, form, is_refused, known, shown};
use crate::item::OPERATION;
use compute_kfp_test_server::{Response, TestServer};

const SECRET: &str = "s3cret:of/a-client";

static BEARER: SecurityScheme = SecurityScheme::new("Bearer", SchemeKind::Bearer);
static GUARDED: Operation = OPERATION.security(&[&[&BEARER]]);

/// A source of tokens, and the server with its OpenID configuration.
fn source(token_endpoint: &str) -> (ClientCredentials, TestServer) {
    let known = known(&json!({"token_endpoint": token_endpoint}));
    (
        ClientCredentials::new(known.url(), "nightly", SECRET),
        known,
    )
}

#[tokio::test]
async fn a_call_is_authorised_by_a_token_for_the_program() {
    let login = TestServer::playing([Response::json(
        200,
        r#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300}"#,
    )]);
    let api = TestServer::playing([Response::json(200, "{}")]);
    let (source, _known) = source(&format!("{}/t?tenant=a", login.url()));
    let source = source.scope("read").scope("write").audience("kfp");
    let transport = Transport::builder(api.url())
        .credentials("Bearer", RenewedToken::new(source))
        .build()
        .unwrap();
    for _ in 0..2 {
        transport.send_empty(Request::new(&GUARDED)).await.unwrap();
    }
    let asked = login.only();
    assert_eq!(asked.target, "/t?tenant=a");
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
async fn a_secret_goes_over_plain_http_only_if_that_is_allowed() {
    let (source, _known) = source("http://login.example.invalid/token");
    let error = source.fetch(&client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let allowed = source.allow_plain_http(true).fetch(&client()).await;
    assert_ne!(allowed.unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn no_secret_of_a_program_is_shown() {
    let body = format!(
        r#"{{"error": "invalid_client", "error_description": "{SECRET} Basic bmlnaHRseTpzM2NyZXQlM0FvZiUyRmEtY2xpZW50"}}"#
    );
    let server = TestServer::playing([Response::json(401, &body)]);
    let (source, _known) = source(server.url());
    let error = source.fetch(&client()).await.unwrap_err();
    is_refused(&error, "invalid_client");
    let shown = format!("{} {:?}", shown(&error), source);
    assert!(!shown.contains("bmlnaHRseTpz"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
}
