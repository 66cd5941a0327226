//! Logging in on another device.

use std::time::{Duration, Instant};

use compute_kfp_runtime::Error;
use compute_kfp_runtime::oauth::{DeviceLogin, PendingLogin, Tokens};
use serde_json::json;

use super::{client, form, is_refused, provider, shown};
use crate::item::html;
use compute_kfp_test_server::{Received, Response, TestServer};

const DEVICE_CODE: &str = "d3vice-code";
const TOKENS: &str =
    r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "refresh_token": "r"}"#;

fn codes(more: &str) -> Response {
    Response::json(
        200,
        format!(
            r#"{{"device_code": "{DEVICE_CODE}", "user_code": "WDJB-MJHT",
                "verification_uri": "https://login.example.org/device",
                "verification_uri_complete": "https://login.example.org/device?user_code=WDJB-MJHT",
                {more}}}"#
        ),
    )
}

fn soon() -> Response {
    codes(r#""expires_in": 1800, "interval": 0"#)
}

fn refusal(error: &str) -> Response {
    Response::json(
        400,
        format!(r#"{{"error": "{error}", "error_description": "of {DEVICE_CODE}"}}"#),
    )
}

/// Starts a login with the first response; the others are for the polls.
async fn start(
    answers: impl IntoIterator<Item = Response>,
) -> (Result<PendingLogin, Error>, TestServer) {
    let server = TestServer::playing(answers);
    let provider = provider(json!({
        "token_endpoint": format!("{}/token", server.url()),
        "device_authorization_endpoint": format!("{}/device", server.url()),
    }))
    .await;
    let login = DeviceLogin::new("me")
        .audience("compute")
        .scope("openid offline_access");
    (login.start(&client(), &provider).await, server)
}

async fn finish(
    answers: impl IntoIterator<Item = Response>,
) -> (Result<Tokens, Error>, Vec<Received>) {
    let (pending, server) = start(answers).await;
    (pending.unwrap().finish().await, server.requests())
}

#[tokio::test]
async fn a_start_says_what_to_show() {
    let (pending, server) = start([soon()]).await;
    let pending = pending.unwrap();
    assert_eq!(
        pending.verification_uri(),
        "https://login.example.org/device"
    );
    assert_eq!(
        pending.verification_uri_complete(),
        Some("https://login.example.org/device?user_code=WDJB-MJHT")
    );
    assert_eq!(pending.user_code(), "WDJB-MJHT");
    assert_eq!(pending.expires_in(), Duration::from_secs(1800));
    let shown = format!("{pending:?}");
    assert!(!shown.contains(DEVICE_CODE), "{shown}");
    let request = server.only();
    assert_eq!(request.target, "/device");
    let mut form = form(&request);
    let challenge = form.remove("code_challenge").unwrap();
    assert_eq!(
        challenge.len(),
        43,
        "the SHA-256 of the verifier, in Base64"
    );
    assert_eq!(
        form,
        super::fields([
            ("client_id", "me"),
            ("code_challenge_method", "S256"),
            ("audience", "compute"),
            ("scope", "openid offline_access"),
        ])
    );
}

#[tokio::test]
async fn a_poll_proves_who_began() {
    let (tokens, requests) = finish([soon(), Response::json(200, TOKENS)]).await;
    assert_eq!(tokens.unwrap().refresh_token(), Some("r"));
    let [start, poll] = requests.try_into().unwrap();
    assert_eq!(poll.target, "/token");
    let mut polled = form(&poll);
    let verifier = polled.remove("code_verifier").unwrap();
    assert_eq!(verifier.len(), 64);
    let challenge = oauth2::PkceCodeChallenge::from_code_verifier_sha256(
        &oauth2::PkceCodeVerifier::new(verifier),
    );
    assert_eq!(form(&start)["code_challenge"], challenge.as_str());
    assert_eq!(
        polled,
        super::fields([
            ("client_id", "me"),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", DEVICE_CODE),
        ])
    );
}

#[tokio::test]
async fn polling_goes_on_while_the_person_is_busy() {
    let pending = || refusal("authorization_pending");
    let (tokens, requests) =
        finish([soon(), pending(), pending(), Response::json(200, TOKENS)]).await;
    assert_eq!(tokens.unwrap().access_token(), "a");
    assert_eq!(requests.len(), 4);
}

#[tokio::test]
async fn trouble_on_the_way_does_not_end_a_login() {
    let (tokens, requests) = finish([
        soon(),
        Response::raw(""),
        html(502),
        Response::json(503, r#"{"error": "temporarily_unavailable"}"#),
        Response::new(429, "", ""),
        Response::json(200, TOKENS),
    ])
    .await;
    assert_eq!(tokens.unwrap().access_token(), "a");
    assert!(requests.len() >= 6);
}

#[tokio::test]
async fn a_refusal_ends_a_login() {
    for error in ["access_denied", "expired_token", "invalid_grant"] {
        let (tokens, requests) = finish([soon(), refusal(error)]).await;
        let refused = tokens.unwrap_err();
        is_refused(&refused, &format!("{error}: of [redacted]"));
        assert!(!shown(&refused).contains(DEVICE_CODE));
        assert_eq!(requests.len(), 2);
    }
}

#[tokio::test]
async fn a_code_that_expired_is_not_asked_for_any_more() {
    let expired = codes(r#""expires_in": 0, "interval": 0"#);
    let (tokens, requests) = finish([expired, refusal("authorization_pending")]).await;
    is_refused(&tokens.unwrap_err(), "expired_token");
    assert!(requests.len() <= 2);
}

#[tokio::test]
async fn a_server_that_is_asked_too_often_is_asked_less() {
    let before = Instant::now();
    let (tokens, requests) =
        finish([soon(), refusal("slow_down"), Response::json(200, TOKENS)]).await;
    tokens.unwrap();
    assert_eq!(requests.len(), 3);
    assert!(before.elapsed() >= Duration::from_secs(5), "RFC 8628, 3.5");
}

#[tokio::test]
async fn an_answer_that_starts_no_login_is_refused() {
    for (answer, words) in [
        (Response::json(200, "{}"), "`device_code` is missing"),
        (codes(r#""expires_in": -1"#), "`expires_in` cannot be read"),
        (
            codes(r#""expires_in": 5, "interval": 18446744073709551615"#),
            "is too long",
        ),
        (refusal("unauthorized_client"), "unauthorized_client"),
        (html(200), "the response is an HTML page"),
    ] {
        let (pending, _) = start([answer]).await;
        is_refused(&pending.unwrap_err(), words);
    }
    let provider = provider(json!({"token_endpoint": "https://login.example.org/token"})).await;
    let error = DeviceLogin::new("me")
        .start(&client(), &provider)
        .await
        .unwrap_err();
    is_refused(&error, "has no device authorization endpoint");
}

#[tokio::test]
async fn a_code_that_is_good_for_ever_does_no_harm() {
    let forever = codes(r#""expires_in": 18446744073709551615, "interval": 0"#);
    let (tokens, _) = finish([forever, Response::json(200, TOKENS)]).await;
    tokens.unwrap_err();
}
