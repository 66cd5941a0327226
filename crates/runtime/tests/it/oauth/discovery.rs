//! Finding the endpoints of a login server.

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::oauth::Provider;

use super::{client, form, is_refused};
use crate::item::html;
use compute_kfp_test_server::{Response, TestServer};

async fn discover(answer: Response) -> Result<Provider, compute_kfp_runtime::Error> {
    let server = TestServer::playing([answer]);
    Provider::discover(&client(), &format!("{}/known", server.url())).await
}

fn naming(token_endpoint: &str) -> Response {
    Response::json(
        200,
        format!(r#"{{"issuer": "x", "token_endpoint": "{token_endpoint}"}}"#),
    )
}

#[tokio::test]
async fn the_endpoints_that_a_server_names_are_used() {
    let tokens = TestServer::playing([
        Response::json(200, r#"{"access_token": "new", "token_type": "bearer"}"#),
        Response::json(200, ""),
    ]);
    let url = tokens.url();
    let known = TestServer::playing([Response::json(
        200,
        format!(r#"{{"token_endpoint": "{url}/t?tenant=a", "revocation_endpoint": "{url}/r"}}"#),
    )]);
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
        (html(200), "the response is an HTML page"),
        (html(502), "502: the response is an HTML page"),
        (Response::json(200, "{"), "it is not JSON"),
        (Response::json(200, "{}"), "`token_endpoint` is missing"),
        (
            Response::json(200, r#"{"token_endpoint": 7}"#),
            "`token_endpoint` cannot be read",
        ),
        (
            Response::json(404, r#"{"error": "no_such_realm"}"#),
            "no_such_realm",
        ),
        (
            Response::json(500, ""),
            "500: the server reported no reason",
        ),
        (
            Response::json(200, " ".repeat(1024 * 1024 + 1)),
            "more than 1048576 bytes",
        ),
        (
            Response::new(302, "location: https://other.example/x", ""),
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
    let error = Provider::discover(&client(), "http://login.example.org/")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_client_that_follows_redirects_to_another_host_is_refused() {
    let other = TestServer::playing([naming("https://attacker.example/token")]);
    let server = TestServer::playing([Response::new(
        302,
        &format!("location: {}/x", other.url()),
        "",
    )]);
    let error = Provider::discover(&reqwest::Client::new().into(), server.url())
        .await
        .unwrap_err();
    is_refused(&error, "followed a redirect to another host");
}
