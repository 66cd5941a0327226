//! Credentials that a KFP client sends, set in code and by variables.

use std::env;
use std::fs;
use std::process::Command;

use compute_kfp::ErrorKind;
use compute_kfp::credentials::BearerToken;
use compute_kfp::kfp::{Client, ClientBuilder};
use compute_kfp_sandbox::Sandbox;
use tempfile::tempdir;

const TOKEN: &str = "t0ken";
const CHILD: &str = "KFP_SETTINGS_TEST_CHILD";
const HEADERS: [&str; 4] = ["authorization", "cookie", "kubeflow-userid", "x-tenant"];

async fn server() -> Sandbox {
    Sandbox::builder().kfp_token(TOKEN).start().await.unwrap()
}

/// Returns the headers of the only request that may hold credentials.
fn sent(server: &Sandbox) -> [Option<String>; 4] {
    let [request] = server.received().try_into().unwrap();
    HEADERS.map(|name| request.header(name).map(str::to_owned))
}

/// Returns the credentials that a client with these settings sends.
async fn sent_by(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> [Option<String>; 4] {
    let server = server().await;
    let client = configure(Client::builder(server.url())).build().unwrap();
    // The server refuses calls without the token.
    let _ = client.list_artifacts().send().await;
    sent(&server)
}

fn headers(expected: [&str; 4]) -> [Option<String>; 4] {
    expected.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()))
}

#[tokio::test]
async fn token_cookies_and_identity_are_sent_together() {
    let sent = sent_by(|client| {
        client
            .identity_header("kubeflow-userid", "user@example.org")
            .session_cookie("session=abc")
            .bearer_token(TOKEN)
            .identity_header("x-tenant", "team-a")
            .session_cookie("csrf=def")
    });
    let expected = [
        "Bearer t0ken",
        "session=abc; csrf=def",
        "user@example.org",
        "team-a",
    ];
    assert_eq!(sent.await, headers(expected));
}

#[tokio::test]
async fn each_credential_is_sent_without_the_others() {
    let sent = sent_by(|client| client.session_cookie("session=abc")).await;
    assert_eq!(sent, headers(["", "session=abc", "", ""]));
    let sent = sent_by(|client| client.identity_header("kubeflow-userid", "user")).await;
    assert_eq!(sent, headers(["", "", "user", ""]));
    assert_eq!(sent_by(|client| client).await, headers([""; 4]));
}

#[tokio::test]
async fn the_last_of_several_tokens_is_sent() {
    let sent = sent_by(|client| client.token_file("/missing").bearer_token("last")).await;
    assert_eq!(sent, headers(["Bearer last", "", "", ""]));
    let directory = tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "in-the-file\n").unwrap();
    let sent = sent_by(|client| client.credentials(BearerToken::new("a")).token_file(path)).await;
    assert_eq!(sent, headers(["Bearer in-the-file", "", "", ""]));
}

#[test]
fn cookies_and_identity_headers_are_not_sent_over_plain_http() {
    let builder = || Client::builder("http://kfp.example.org");
    for builder in [
        builder().session_cookie("session=abc"),
        builder().identity_header("kubeflow-userid", "user"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    builder().build().unwrap();
}

#[test]
fn a_client_returns_its_namespace() {
    let builder = || Client::builder("https://kfp.example.org");
    assert_eq!(builder().build().unwrap().namespace(), None);
    let client = builder().namespace("team-a").build().unwrap();
    assert_eq!(client.namespace(), Some("team-a"));
}

/// Runs a second process, since the environment of this one cannot be changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_configured_by_variables_and_the_context_file() {
    if env::var_os(CHILD).is_some() {
        let client = Client::from_env().unwrap();
        assert_eq!(client.namespace(), Some("team-a"));
        client.list_artifacts().send().await.unwrap();
        return;
    }
    let server = server().await;
    let home = tempdir().unwrap();
    let context = home.path().join(".config/kfp/context.json");
    fs::create_dir_all(context.parent().unwrap()).unwrap();
    let settings = serde_json::json!({
        "namespace": "team-a",
        "client_authentication_cookie": "session=abc",
        "client_authentication_header_name": "kubeflow-userid",
        "client_authentication_header_value": "user@example.org",
        "what is not known": 1,
    });
    fs::write(context, settings.to_string()).unwrap();
    let token = home.path().join("token");
    fs::write(&token, TOKEN).unwrap();

    let child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "kfp_settings::a_client_is_configured_by_variables_and_the_context_file",
        ])
        .env_remove("KFP_TOKEN")
        .env(CHILD, "1")
        .env("HOME", home.path())
        .env("USERPROFILE", home.path())
        .env("KF_PIPELINES_ENDPOINT", server.url())
        .env("KF_PIPELINES_SA_TOKEN_PATH", &token)
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
    let expected = ["Bearer t0ken", "session=abc", "user@example.org", ""];
    assert_eq!(sent(&server), headers(expected));
}
