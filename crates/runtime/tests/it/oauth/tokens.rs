//! Refreshing and revoking.

use std::error::Error as _;
use std::time::Duration;

use compute_kfp_runtime::oauth::Tokens;
use compute_kfp_runtime::{Error, ErrorKind};
use proptest::prelude::*;
use serde_json::json;

use super::{client, fields, form, is_refused, provider, shown};
use crate::item::html;
use compute_kfp_test_server::{Response, TestServer};

const OLD: &str = "0ld-refresh-token";

async fn refresh(server: &TestServer) -> Result<Tokens, Error> {
    let provider = provider(json!({"token_endpoint": format!("{}/token", server.url())})).await;
    provider.refresh(&client(), "my client", OLD).await
}

async fn refreshed(answer: Response) -> Result<Tokens, Error> {
    refresh(&TestServer::playing([answer])).await
}

async fn revoke(answer: Response) -> (Result<(), Error>, TestServer) {
    let server = TestServer::playing([answer]);
    let provider = provider(json!({
        "token_endpoint": "https://unused.example",
        "revocation_endpoint": format!("{}/revoke", server.url()),
    }))
    .await;
    (provider.revoke(&client(), "me", OLD).await, server)
}

#[tokio::test]
async fn a_refresh_sends_no_secret_of_a_client() {
    let server = TestServer::playing([Response::json(
        200,
        r#"{"access_token": "a", "token_type": "Bearer"}"#,
    )]);
    refresh(&server).await.unwrap();
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/token")
    );
    assert_eq!(request.header("authorization"), None);
    assert_eq!(
        form(&request),
        fields([
            ("grant_type", "refresh_token"),
            ("client_id", "my client"),
            ("refresh_token", OLD),
        ])
    );
}

#[tokio::test]
async fn new_tokens_replace_the_old_ones() {
    let tokens = refreshed(Response::json(
        200,
        r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 300,
            "refresh_token": "r", "refresh_expires_in": 1800, "id_token": "x", "not-before": 0}"#,
    ))
    .await
    .unwrap();
    assert_eq!(tokens.access_token(), "a");
    assert_eq!(tokens.refresh_token(), Some("r"));
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(300)));
    assert_eq!(tokens.refresh_expires_in(), Some(Duration::from_secs(1800)));
}

#[tokio::test]
async fn a_reply_without_refresh_token_keeps_the_old_one() {
    let tokens = refreshed(Response::json(
        200,
        r#"{"access_token": "a", "token_type": "Bearer"}"#,
    ))
    .await;
    assert_eq!(tokens.unwrap().refresh_token(), Some(OLD));
}

#[tokio::test]
async fn a_reply_with_a_mistaken_type_is_read() {
    let body = r#"{"access_token": "a", "token_type": "bearer"}"#;
    let tokens = refreshed(Response::new(201, "content-type: text/plain", body)).await;
    assert_eq!(tokens.unwrap().access_token(), "a");
}

#[tokio::test]
async fn a_refusal_says_both_texts_of_the_server() {
    let error = refreshed(Response::json(
        400,
        r#"{"error": "invalid_grant", "error_description": "Token is\u001b[2J not active"}"#,
    ))
    .await
    .unwrap_err();
    is_refused(&error, "invalid_grant: Token is\\u{1b}[2J not active");
}

#[tokio::test]
async fn a_failed_connection_is_the_source_of_the_error() {
    let provider = provider(json!({"token_endpoint": "http://127.0.0.1:1/token"})).await;
    let error = provider.refresh(&client(), "me", OLD).await.unwrap_err();
    is_refused(&error, "the server cannot be reached");
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::Connection);
    assert!(!source.was_sent());
}

#[tokio::test]
async fn an_answer_that_holds_no_tokens_is_refused() {
    for (answer, words) in [
        (html(200), "the response is an HTML page"),
        (html(403), "403: the response is an HTML page"),
        (Response::json(200, "{}"), "`access_token` is missing"),
        (Response::json(200, "[]"), "it does not follow the standard"),
        (
            Response::json(503, r#"{"error": "temporarily_unavailable"}"#),
            "503: temporarily_unavailable",
        ),
        (Response::json(400, "no"), "400: `no`"),
        (
            Response::new(307, "location: /elsewhere", ""),
            "redirected to `/elsewhere`",
        ),
    ] {
        is_refused(&refreshed(answer).await.unwrap_err(), words);
    }
}

#[tokio::test]
async fn no_error_repeats_a_token() {
    let new = "n3w-access-token";
    for answer in [
        Response::json(
            400,
            format!(r#"{{"error": "invalid_grant", "error_description": "no {OLD}"}}"#),
        ),
        Response::json(400, format!(r#"{{"error": "{OLD}"}}"#)),
        Response::json(500, format!("tried {OLD}")),
        html(500),
        Response::new(500, &format!("x-echo: {OLD}"), OLD),
        Response::new(302, &format!("location: /login?token={OLD}"), ""),
        Response::json(
            200,
            format!(r#"{{"access_token": "{new}", "expires_in": "{new}"}}"#),
        ),
        Response::json(
            200,
            format!(r#"{{"access_token": ["{new}"], "token_type": "{new}"}}"#),
        ),
        Response::json(
            200,
            format!(r#"{{"access_token": "{new}", "token_type": "x", "refresh_token": 7}}"#),
        ),
        Response::json(200, format!("\"{new}\"")),
        Response::json(200, format!(r#"{{"access_token": "{new}"#)),
    ] {
        let error = refreshed(answer).await.unwrap_err();
        let shown = shown(&error);
        assert!(!shown.contains(OLD) && !shown.contains(new), "{shown}");
    }
}

#[tokio::test]
async fn tokens_are_not_shown() {
    let tokens = refreshed(Response::json(
        200,
        r#"{"access_token": "s3cret", "token_type": "Bearer"}"#,
    ))
    .await;
    let shown = format!("{:?}", tokens.unwrap());
    assert!(!shown.contains("s3cret") && !shown.contains(OLD), "{shown}");
}

#[tokio::test]
async fn a_revocation_names_the_token_and_its_type() {
    // What a server answers to a token that it does not know is the same.
    let (revoked, server) = revoke(Response::json(200, "")).await;
    revoked.unwrap();
    assert_eq!(
        form(&server.only()),
        fields([
            ("token", OLD),
            ("token_type_hint", "refresh_token"),
            ("client_id", "me")
        ])
    );
}

#[tokio::test]
async fn a_refused_revocation_is_an_error() {
    let body = format!(r#"{{"error": "unsupported_token_type", "error_description": "{OLD}"}}"#);
    let (revoked, _) = revoke(Response::json(400, &body)).await;
    let error = revoked.unwrap_err();
    is_refused(&error, "unsupported_token_type: [redacted]");
    assert!(!shown(&error).contains(OLD));
    let provider = provider(json!({"token_endpoint": "https://login.example.org/token"})).await;
    let error = provider.revoke(&client(), "me", OLD).await.unwrap_err();
    is_refused(&error, "has no revocation endpoint");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_tokens_or_an_error_that_tells_whether_to_try_again(
        status in 200..600_u16,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            r#"\{"(access_token|error|token_type)": ("[a-z\\\\]{0,9}"|-?[0-9]{0,30}), "(expires_in|error_description)": ("x"|-?[0-9]{0,30}|null)\}"#
                .prop_map(String::into_bytes),
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if let Err(error) = runtime.block_on(refreshed(Response::new(status, "", body))) {
            let passes = matches!(status, 408 | 429 | 502..=504);
            prop_assert_eq!(error.is_retryable(), passes);
            prop_assert_eq!(error.kind() == ErrorKind::Authentication, !passes);
        }
    }
}
