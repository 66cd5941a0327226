//! Requests to a login server and its responses, over real sockets.

mod client_credentials;
mod device;
mod discovery;
mod tokens;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::LazyLock;

use compute_kfp_runtime::oauth::Provider;
use compute_kfp_runtime::{Error, ErrorKind, HttpClient};
use compute_kfp_test_server::{Received, Response, TestServer};
use serde_json::Value;

/// The fields of a form.
fn form(request: &Received) -> BTreeMap<String, String> {
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

fn fields<const N: usize>(fields: [(&str, &str); N]) -> BTreeMap<String, String> {
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// One for all tests: reading the certificates of the machine takes its time.
fn client() -> HttpClient {
    static CLIENT: LazyLock<HttpClient> = LazyLock::new(|| {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        builder.build().unwrap().into()
    });
    CLIENT.clone()
}

/// A login server whose OpenID configuration has these endpoints.
fn known(endpoints: &Value) -> TestServer {
    TestServer::playing([Response::json(200, endpoints.to_string())])
}

async fn provider(endpoints: Value) -> Provider {
    let known = known(&endpoints);
    Provider::discover(&client(), known.url()).await.unwrap()
}

/// Everything that an error shows, with its causes.
fn shown(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {}",
        String::from_utf8_lossy(error.body())
    );
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        if let Some(cause) = cause.downcast_ref::<Error>() {
            text += &format!(
                " {} {:?}",
                String::from_utf8_lossy(cause.body()),
                cause.headers()
            );
        }
        source = cause.source();
    }
    text
}

#[track_caller]
/// Returns whether the login server is temporarily away, and does not refuse the caller.
fn is_away(words: &str) -> bool {
    ["502: ", "503: ", "cannot be reached"]
        .iter()
        .any(|it| words.contains(it))
}

fn is_refused(error: &Error, words: &str) {
    let refused = error.kind() == ErrorKind::Authentication;
    assert_eq!(refused, !is_away(words), "{error:?}");
    assert_eq!(error.is_retryable(), is_away(words), "{error:?}");
    assert!(error.message().contains(words), "{error}");
}
