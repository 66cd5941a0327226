//! Credentials that a Compute client sends to a proxy in front of the server.

use std::ffi::OsString;
use std::fs;

use compute_kfp::ErrorKind;
use compute_kfp::compute::{Client, ClientBuilder};
use compute_kfp::settings::{Origin, Setting};
use compute_kfp_test_server::{Response, TestServer};
use tempfile::tempdir;

fn server() -> TestServer {
    TestServer::start(|_| Response::json(200, "{}"))
}

/// Returns the credentials in the last request.
fn sent(server: &TestServer) -> [Option<String>; 3] {
    let request = server.requests().pop().unwrap();
    ["authorization", "cookie", "x-user"].map(|name| request.header(name).map(str::to_owned))
}

fn headers(expected: [&str; 3]) -> [Option<String>; 3] {
    expected.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()))
}

fn from_variables(variables: &[(&str, &str)]) -> compute_kfp::Result<ClientBuilder> {
    ClientBuilder::from_variables(&|name| {
        let mut variables = variables.iter();
        let found = variables.find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

#[tokio::test]
async fn every_operation_sends_the_cookie_and_the_header() {
    let server = server();
    let client = || {
        let client = Client::builder().endpoint(server.url());
        let client = client.session_cookie("session=abc").session_cookie("b=c");
        client.identity_header("x-user", "user@example.org")
    };
    let expected = |token| headers([token, "session=abc; b=c", "user@example.org"]);
    let alone = client().build().unwrap();
    let _ = alone.read_members().send().await;
    assert_eq!(sent(&server), expected(""));
    let both = client().bearer_token("t0ken").api_key("k3y");
    let both = both.build().unwrap();
    let _ = both.read_members().send().await;
    assert_eq!(sent(&server), expected("Bearer t0ken"));
    let _ = both.read_backend_self().send().await;
    assert_eq!(sent(&server), expected("k3y"));
    // They need no credential of the API.
    let _ = both.auth_config().send().await;
    assert_eq!(sent(&server), expected(""));
    let _ = both.read_backend_types().send().await;
    assert_eq!(sent(&server), expected(""));
    // The spec allows a user, too, for whom there is no credential.
    let key = client().api_key("k3y").build().unwrap();
    let _ = key.read_job(1).send().await;
    assert_eq!(sent(&server), expected("k3y"));
}

#[tokio::test]
async fn cookie_and_header_come_from_variables() {
    let server = server();
    let directory = tempdir().unwrap();
    let file = directory.path().join("cookie");
    fs::write(&file, "session=file\n").unwrap();
    let endpoint = ("COMPUTE_ENDPOINT", server.url());
    let header = ("COMPUTE_IDENTITY_HEADER", "x-user: user@example.org");
    let cookie = ("COMPUTE_COOKIE", "session=abc");
    let cookie_file = ("COMPUTE_COOKIE_FILE", file.to_str().unwrap());
    for (variables, expected) in [
        (vec![], ["", "", ""]),
        (vec![header], ["", "", "user@example.org"]),
        (vec![cookie_file], ["", "session=file", ""]),
        (vec![cookie_file, cookie], ["", "session=abc", ""]),
    ] {
        // With a token, no login file of this machine is looked up.
        let variables = [vec![endpoint, ("COMPUTE_TOKEN", "t0ken")], variables].concat();
        let client = from_variables(&variables).unwrap().build().unwrap();
        let _ = client.auth_config().send().await;
        assert_eq!(sent(&server), headers(expected));
    }
}

#[test]
fn a_builder_lists_cookie_and_header_without_secrets() {
    let builder = from_variables(&[
        ("COMPUTE_API_KEY", "s3cret"),
        ("COMPUTE_COOKIE", "session=s3cret"),
        ("COMPUTE_IDENTITY_HEADER", "x-user: s3cret"),
    ]);
    let builder = builder.unwrap();
    let found: Vec<_> = builder
        .found()
        .iter()
        .map(|found| (found.setting, found.value.as_deref(), &found.origin))
        .collect();
    for expected in [
        (
            Setting::SessionCookie,
            None,
            &Origin::Variable("COMPUTE_COOKIE"),
        ),
        (
            Setting::IdentityHeader,
            Some("x-user"),
            &Origin::Variable("COMPUTE_IDENTITY_HEADER"),
        ),
    ] {
        assert!(found.contains(&expected), "{found:?}");
    }
    let client = builder.clone().build().unwrap();
    let shown = format!("{builder:?} {builder:#?} {client:?} {found:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_error_of_an_invalid_setting_names_it_without_secrets() {
    for (variable, value, said) in [
        (
            "COMPUTE_COOKIE_FILE",
            "/missing",
            "session cookie `/missing`",
        ),
        ("COMPUTE_IDENTITY_HEADER", "s3cret", "`NAME: VALUE`"),
    ] {
        let error = from_variables(&[("COMPUTE_TOKEN", "t0ken"), (variable, value)]).unwrap_err();
        assert!(error.message().contains(said), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn cookies_and_identity_headers_are_not_sent_over_plain_http() {
    let builder = || Client::builder().endpoint("http://compute.example.org");
    for builder in [
        builder().session_cookie("session=abc"),
        builder().identity_header("x-user", "user"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    builder().build().unwrap();
}
