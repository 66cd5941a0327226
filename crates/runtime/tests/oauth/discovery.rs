//! Finding the endpoints of a login server.

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::oauth::Provider;

use crate::server::{Server, answer, html, json};
use crate::{client, form, is_refused};

async fn discover(answer: Vec<u8>) -> Result<Provider, compute_kfp_runtime::Error> {
    let server = Server::playing([answer]).await;
    Provider::discover(&client(), &format!("{}/known", server.url())).await
}

fn naming(token_endpoint: &str) -> Vec<u8> {
    json(
        200,
        &format!(r#"{{"issuer": "x", "token_endpoint": "{token_endpoint}"}}"#),
    )
}

#[tokio::test]
async fn the_endpoints_that_a_server_names_are_used() {
    let tokens = Server::playing([
        json(200, r#"{"access_token": "new", "token_type": "bearer"}"#),
        json(200, ""),
    ])
    .await;
    let url = tokens.url();
    let known = Server::playing([json(
        200,
        &format!(r#"{{"token_endpoint": "{url}/t?tenant=a", "revocation_endpoint": "{url}/r"}}"#),
    )])
    .await;
    let provider = Provider::discover(&client(), &format!("{}/known", known.url()))
        .await
        .unwrap();
    assert_eq!(known.only().target, "/known");
    provider
        .refresh(&client(), "me", "old-token")
        .await
        .unwrap();
    provider.revoke(&client(), "me", "old-token").await.unwrap();
    let [refresh, revocation] = tokens.requests().try_into().unwrap();
    assert_eq!(refresh.target, "/t?tenant=a");
    assert_eq!(revocation.target, "/r");
    assert_eq!(form(&revocation)["token"], "old-token");
}

#[tokio::test]
async fn an_answer_that_is_no_configuration_is_refused() {
    for (answer, words) in [
        (html(200), "an HTML page came"),
        (html(502), "502: an HTML page came"),
        (json(200, "{"), "it is not JSON"),
        (json(200, "{}"), "`token_endpoint` is missing"),
        (
            json(200, r#"{"token_endpoint": 7}"#),
            "`token_endpoint` cannot be read",
        ),
        (json(404, r#"{"error": "no_such_realm"}"#), "no_such_realm"),
        (json(500, ""), "500: the server gave no reason"),
        (
            json(200, &" ".repeat(1024 * 1024 + 1)),
            "more than 1048576 bytes",
        ),
        (
            answer(302, "location: https://other.example/x", ""),
            "redirected to `other.example`",
        ),
    ] {
        is_refused(&discover(answer).await.unwrap_err(), words);
    }
}

#[tokio::test]
async fn an_endpoint_that_would_get_secrets_in_the_clear_is_refused() {
    let error = discover(naming("http://login.example.org/token"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.message().contains("`http://login.example.org/token`"),
        "{error}"
    );
    for fine in [
        "https://login.example.org/t",
        "http://dex.auth.svc/t",
        "http://[::1]:5556/t",
    ] {
        discover(naming(fine)).await.unwrap();
    }
    for wrong in [
        "login",
        "ftp://login.example.org/",
        "https://user:pass@login.example.org/",
    ] {
        let error = discover(naming(wrong)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    let error = Provider::new("http://login.example.org/token").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let error = Provider::discover(&client(), "http://login.example.org/")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn plain_http_can_be_allowed() {
    let server = Server::playing([naming("http://login.example.org/token")]).await;
    Provider::discover_over_plain_http(&client(), server.url())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_follows_redirects_to_another_host_is_refused() {
    let other = Server::playing([naming("https://attacker.example/token")]).await;
    let server = Server::playing([answer(302, &format!("location: {}/x", other.url()), "")]).await;
    let error = Provider::discover(&reqwest::Client::new(), server.url())
        .await
        .unwrap_err();
    is_refused(&error, "followed a redirect to another host");
}
