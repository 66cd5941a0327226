//! Recipients and secrecy of credentials.

use std::error::Error as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use compute_kfp_runtime::credentials::{
    ApiKey, Authorization, BearerToken, Credentials, IdentityHeader, Pending, SessionCookie,
};
use compute_kfp_runtime::operation::{Location, Operation, Parameter, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Error, ErrorKind, Request, Transport, TransportBuilder, middleware};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::item::{ServerTransport as _, get, html, parameter};
use compute_kfp_test_server::{Received, Response, TestServer};

const TOKEN: &str = "t0ken-of-a-user";
const KEY: &str = "k3y-of-a-backend";

const fn scheme(name: &'static str, kind: SchemeKind) -> SecurityScheme {
    SecurityScheme::new(name, kind)
}

const fn key(location: Location, name: &'static str) -> SchemeKind {
    SchemeKind::ApiKey { location, name }
}

static USER: SecurityScheme = scheme("user", SchemeKind::Bearer);
static BACKEND: SecurityScheme = scheme("backend", key(Location::Header, "authorization"));
static TENANT: SecurityScheme = scheme("tenant", key(Location::Header, "x-tenant-key"));
static SESSION: SecurityScheme = scheme("session", key(Location::Cookie, "session"));
static CSRF: SecurityScheme = scheme("csrf", key(Location::Cookie, "csrf"));
static IN_QUERY: SecurityScheme = scheme("in_query", key(Location::Query, "key"));

const COOKIE: &[Parameter] = &[parameter("theme", Location::Cookie)];

static FOR_USERS: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER]]);
static FOR_BACKENDS: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&BACKEND]]);
static FOR_EITHER: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER], &[&BACKEND]]);
static FOR_BOTH: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&USER, &TENANT]]);
static WITH_COOKIES: Operation = Operation::new("read_item", "read_item", "GET", "/items")
    .parameters(COOKIE)
    .security(&[&[&SESSION, &CSRF]]);
static WITH_QUERY: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&IN_QUERY]]);
static OPEN: Operation = Operation::new("read_item", "read_item", "GET", "/items");
static TENANTS: Operation =
    Operation::new("read_item", "read_item", "GET", "/items").security(&[&[&TENANT]]);

async fn server() -> TestServer {
    TestServer::playing([Response::json(200, "{}")])
}

fn both(server: &TestServer) -> TransportBuilder {
    Transport::builder(server.url())
        .credentials("backend", ApiKey::new(KEY))
        .credentials("user", BearerToken::new(TOKEN))
}

async fn sent(
    operation: &'static Operation,
    set_up: impl FnOnce(TransportBuilder) -> TransportBuilder,
) -> Received {
    let server = server().await;
    let transport = set_up(Transport::builder(server.url())).build().unwrap();
    transport.send_empty(Request::new(operation)).await.unwrap();
    server.only()
}

async fn refused(
    operation: &'static Operation,
    set_up: impl FnOnce(TransportBuilder) -> TransportBuilder,
) -> Error {
    let server = server().await;
    let transport = set_up(Transport::builder(server.url())).build().unwrap();
    let error = transport
        .send_empty(Request::new(operation))
        .await
        .unwrap_err();
    assert!(!error.was_sent());
    assert_eq!(server.connections(), 0);
    error
}

/// Everything a person or a log may get to see of an error.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.headers());
    shown.push_str(&String::from_utf8_lossy(error.body()));
    let mut cause = error.source();
    while let Some(next) = cause {
        shown.push_str(&format!("{next}\n{next:?}\n"));
        cause = next.source();
    }
    shown
}

#[tokio::test]
async fn an_operation_that_declares_no_credential_gets_none() {
    let server = server().await;
    both(&server)
        .build()
        .unwrap()
        .send_empty(get())
        .await
        .unwrap();
    assert_eq!(server.only().header("authorization"), None);
}

#[tokio::test]
async fn the_declaration_decides_which_credential_goes() {
    let server = server().await;
    let transport = both(&server).build().unwrap();
    for operation in [&FOR_USERS, &FOR_BACKENDS, &FOR_EITHER] {
        transport.send_empty(Request::new(operation)).await.unwrap();
    }
    let [users, backends, either] = server.requests().try_into().unwrap();
    assert_eq!(
        users.header("authorization"),
        Some("Bearer t0ken-of-a-user")
    );
    assert_eq!(backends.header("authorization"), Some(KEY));
    assert_eq!(
        either.header("authorization"),
        Some("Bearer t0ken-of-a-user")
    );
}

#[tokio::test]
async fn an_alternative_that_is_not_held_gives_way_to_the_next() {
    let request = sent(&FOR_EITHER, |transport| {
        transport.credentials("backend", ApiKey::new(KEY))
    })
    .await;
    assert_eq!(request.header("authorization"), Some(KEY));
}

#[tokio::test]
async fn the_wrong_credential_is_not_sent_instead() {
    let error = refused(&FOR_USERS, |transport| {
        transport.credentials("backend", ApiKey::new(KEY))
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("`user`"), "{error}");
    let error = refused(&FOR_BOTH, |transport| {
        transport.credentials("user", BearerToken::new(TOKEN))
    })
    .await;
    assert!(error.message().contains("`user` and `tenant`"), "{error}");
}

#[tokio::test]
async fn a_dry_run_sees_what_would_be_sent_and_sends_nothing() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let error = refused(&FOR_BOTH, |transport| {
        transport
            .credentials("user", BearerToken::new(TOKEN))
            .credentials("tenant", ApiKey::new(KEY))
            .middleware(middleware::before(|attempt| {
                let team = HeaderValue::from_static("calibration");
                attempt.headers_mut().insert("x-team", team);
                Ok(())
            }))
            .dry_run(move |request| log.lock().unwrap().push(request.headers().clone()))
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let [headers] = <[_; 1]>::try_from(seen.lock().unwrap().clone()).unwrap();
    assert_eq!(headers["authorization"], "Bearer t0ken-of-a-user");
    assert_eq!(headers["x-tenant-key"], KEY);
    assert_eq!(headers["x-team"], "calibration");
    let sensitive = headers.iter().filter(|(_, value)| value.is_sensitive());
    let sensitive: Vec<&str> = sensitive.map(|(name, _)| name.as_str()).collect();
    assert_eq!(sensitive, ["authorization", "x-tenant-key"]);
}

#[tokio::test]
async fn a_client_without_credentials_leaves_it_to_the_server() {
    let request = sent(&FOR_USERS, |transport| transport).await;
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn credentials_for_a_proxy_are_sent_by_every_operation() {
    for (operation, token) in [
        (&FOR_USERS, Some("Bearer t0ken-of-a-user")),
        (&FOR_BACKENDS, Some(KEY)),
        (&OPEN, None),
    ] {
        let request = sent(operation, |transport| {
            transport
                .proxy_credentials(SessionCookie::new("session=abc"))
                .credentials("backend", ApiKey::new(KEY))
                .credentials("user", BearerToken::new(TOKEN))
                .proxy_credentials(IdentityHeader::new("x-user", "user@example.org"))
        });
        let request = request.await;
        assert_eq!(request.header("authorization"), token);
        assert_eq!(request.header("cookie"), Some("session=abc"));
        assert_eq!(request.header("x-user"), Some("user@example.org"));
    }
    let alone = sent(&FOR_USERS, |transport| {
        transport.proxy_credentials(SessionCookie::new("session=abc"))
    });
    assert_eq!(alone.await.header("cookie"), Some("session=abc"));
}

#[tokio::test]
async fn credentials_for_a_proxy_are_not_sent_to_other_servers() {
    const DECLARED: &str = "https://other.example.org";
    static ELSEWHERE: Operation =
        Operation::new("read_item", "read_item", "GET", "/items").server(DECLARED);
    let other = server().await;
    let transport = Transport::builder("http://localhost:1")
        .server(DECLARED, other.url())
        .proxy_credentials(SessionCookie::new("session=abc"));
    let transport = transport.build().unwrap();
    transport
        .send_empty(Request::new(&ELSEWHERE))
        .await
        .unwrap();
    assert_eq!(other.only().header("cookie"), None);
}

#[tokio::test]
async fn an_http_client_does_not_show_its_credentials() {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(TOKEN))]);
    let transport = Transport::builder("https://example.org")
        .proxy("http://alice:s3cret@proxy.example.org")
        .configure_http(move |http| http.default_headers(headers.clone()));
    let transport = transport.build().unwrap();
    let shown = format!("{:?}", transport.http_client());
    assert!(
        !shown.contains(TOKEN) && !shown.contains("alice"),
        "{shown}"
    );
}

#[tokio::test]
async fn schemes_that_are_wanted_together_are_sent_together() {
    let request = sent(&FOR_BOTH, |transport| {
        transport
            .credentials("user", BearerToken::new(TOKEN))
            .credentials("tenant", ApiKey::new(KEY))
    });
    let request = request.await;
    assert_eq!(
        request.header("authorization"),
        Some("Bearer t0ken-of-a-user")
    );
    assert_eq!(request.header("x-tenant-key"), Some(KEY));
}

#[tokio::test]
async fn cookies_of_parameters_and_credentials_share_one_header() {
    let server = server().await;
    let transport = Transport::builder(server.url())
        .credentials("session", ApiKey::new("abc123"))
        .credentials("csrf", ApiKey::new("def456"))
        .build()
        .unwrap();
    let mut request = Request::new(&WITH_COOKIES);
    request.set("theme", "dark");
    transport.send_empty(request).await.unwrap();
    assert_eq!(
        server.only().header("cookie"),
        Some("theme=dark; session=abc123; csrf=def456")
    );
}

#[tokio::test]
async fn a_credential_given_again_replaces_the_former_and_white_space_is_left_out() {
    let request = sent(&FOR_USERS, |transport| {
        transport
            .credentials("user", BearerToken::new("old"))
            .credentials("user", BearerToken::new(" new\n"))
    });
    assert_eq!(request.await.header("authorization"), Some("Bearer new"));
    let request = sent(&FOR_BACKENDS, |transport| {
        transport.credentials("backend", ApiKey::new("new\r\n"))
    });
    assert_eq!(request.await.header("authorization"), Some("new"));
}

#[tokio::test]
async fn one_credential_can_be_shared() {
    let shared = Arc::new(BearerToken::new(TOKEN));
    let request = sent(&FOR_BOTH, |transport| {
        transport
            .credentials("user", shared.clone())
            .credentials("tenant", shared as Arc<dyn Credentials>)
    });
    assert_eq!(
        request.await.header("x-tenant-key"),
        Some("Bearer t0ken-of-a-user")
    );
}

#[tokio::test]
async fn a_credential_no_header_can_hold_is_refused_unseen() {
    for secret in ["s3cret\u{7f}x", "s3cret\nx-admin: yes"] {
        let error = refused(&FOR_USERS, |transport| {
            transport.credentials("user", BearerToken::new(secret))
        })
        .await;
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!shown(&error).contains("s3cr"), "{error:?}");
    }
    let error = refused(&FOR_USERS, |transport| {
        transport.credentials("user", BearerToken::new(" "))
    })
    .await;
    assert!(error.message().contains("empty"), "{error}");
}

#[tokio::test]
async fn a_secret_is_not_put_into_an_address() {
    let error = refused(&WITH_QUERY, |transport| {
        transport.credentials("in_query", ApiKey::new(KEY))
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!shown(&error).contains(KEY));
}

#[test]
fn plain_http_to_a_remote_host_must_be_allowed() {
    let build = |endpoint: &str, allow: bool| {
        let builder = Transport::builder(endpoint).credentials("user", BearerToken::new(TOKEN));
        builder.allow_plain_http(allow).build()
    };
    for remote in [
        "http://example.org",
        "http://10.0.0.1",
        "http://[2001:db8::1]",
        "http://localhost.example.org",
        // Names of two labels that public DNS may have.
        "http://example.org",
        "http://ml-pipeline.dev:8888",
        "http://ml-pipeline.xn--p1ai",
        "http://a.ml-pipeline.kubeflow",
        "http://ml-pipeline.team-a.example",
        // Absolute names, which no cluster completes.
        "http://ml-pipeline.",
        "http://ml-pipeline.kubeflow.",
        "http://ml-pipeline.kubeflow.svc.",
    ] {
        let error = build(remote, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.message().contains("allow_plain_http") && !shown(&error).contains(TOKEN),
            "{error}"
        );
        build(remote, true).unwrap();
        Transport::builder(remote).build().unwrap();
    }
    for near in [
        "https://example.org",
        "http://127.0.0.1:8080",
        "http://[::1]",
        "http://localhost:8080",
        "http://kfp.localhost",
        "http://ml-pipeline:8888",
        "http://ml-pipeline.kubeflow:8888",
        "http://ml-pipeline-ui.team-a",
        "http://ml-pipeline.ns1:8888",
        "http://ml-pipeline.kubeflow.svc.cluster.local.:8888",
        "http://ml-pipeline.kubeflow.svc:8888",
        "http://ml-pipeline.kubeflow.svc.cluster.local:8888",
    ] {
        build(near, false).unwrap();
    }
}

#[tokio::test]
async fn a_redirect_carries_nothing_to_another_host() {
    let other = server().await;
    for status in [301, 302, 303, 307, 308] {
        let login = format!("{}/login?next=%2Fitems", other.url());
        let first = TestServer::playing([Response::new(status, &format!("location: {login}"), "")]);
        let transport = Transport::builder(first.url())
            .credentials("user", BearerToken::new(TOKEN))
            .credentials("tenant", ApiKey::new(KEY))
            .build()
            .unwrap();
        let error = transport
            .send_empty(Request::new(&FOR_BOTH))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert!(error.message().contains("`127.0.0.1`"), "{error}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_redirect_on_the_same_server_is_followed_with_the_credential() {
    for status in [301, 302, 303, 307, 308] {
        let server = TestServer::playing([
            Response::new(status, "location: /items/", ""),
            Response::json(200, "{}"),
        ]);
        both(&server)
            .build()
            .unwrap()
            .send_empty(Request::new(&FOR_USERS))
            .await
            .unwrap();
        let [_, second] = server.requests().try_into().unwrap();
        assert_eq!(
            (second.method.as_str(), second.target.as_str()),
            ("GET", "/items/")
        );
        assert_eq!(
            second.header("authorization"),
            Some("Bearer t0ken-of-a-user")
        );
    }
}

/// A number for each time that it is asked.
#[derive(Debug, Default)]
struct Counted(AtomicU32);

impl Credentials for Counted {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(async move { authorization.token(&format!("token-{number}")) })
    }
}

#[tokio::test]
async fn a_credential_is_asked_before_each_call() {
    let server = TestServer::playing([(); 2].map(|()| Response::json(200, "{}")));
    let builder = Transport::builder(server.url()).credentials("user", Counted::default());
    let transport = builder.build().unwrap();
    for _ in 0..2 {
        let request = Request::new(&FOR_USERS);
        transport.send_empty(request).await.unwrap();
    }
    let received = server.requests();
    let sent: Vec<_> = received
        .iter()
        .filter_map(|request| request.header("authorization"))
        .collect();
    assert_eq!(sent, ["Bearer token-1", "Bearer token-2"]);
}

#[derive(Debug)]
struct Careless {
    #[expect(dead_code, reason = "what a derived `Debug` would show")]
    token: &'static str,
}

impl Credentials for Careless {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        let name = HeaderName::from_static("x-tenant-key");
        Box::pin(async move { authorization.header(name, TOKEN) })
    }
}

#[test]
fn nothing_shows_a_secret_it_holds() {
    let builder = Transport::builder("https://alice:hunter22@example.org")
        .credentials("user", BearerToken::new(TOKEN))
        .credentials("backend", ApiKey::new(TOKEN))
        .credentials("tenant", Careless { token: TOKEN });
    let held = format!(
        "{builder:?} {:?}",
        Transport::builder("https://example.org")
    );
    assert!(
        !held.contains(TOKEN) && !held.contains("hunter22"),
        "{held}"
    );
    assert!(held.contains("tenant"), "{held}");
    let error = builder.build().unwrap_err();
    assert!(!shown(&error).contains("hunter22") && !shown(&error).contains(TOKEN));
    let transport =
        Transport::builder("https://example.org").credentials("tenant", Careless { token: TOKEN });
    assert!(!format!("{:?}", transport.build().unwrap()).contains(TOKEN));
}

#[tokio::test]
async fn a_server_that_repeats_a_credential_does_not_get_it_into_an_error() {
    let long = format!("{}{TOKEN}", "x".repeat(190));
    let echoes = [
        Response::json(400, format!(r#"{{"detail": "bad token {TOKEN}"}}"#)),
        Response::json(
            401,
            format!(r#"{{"error": "x", "error_description": "Bearer {TOKEN}"}}"#),
        ),
        Response::new(
            500,
            &format!("content-type: text/plain\nx-request-id: {TOKEN}\nx-echo: Bearer {TOKEN}"),
            TOKEN,
        ),
        Response::new(502, "content-type: text/html", format!("<html>{TOKEN}")),
        Response::new(418, "", &long),
        Response::new(
            302,
            &format!("location: https://login.example.org/?token={TOKEN}"),
            TOKEN,
        ),
        Response::new(
            302,
            &format!("location: https://{TOKEN}.example.org/"),
            TOKEN,
        ),
        Response::new(200, "content-type: text/html", format!("<html>{TOKEN}")),
        Response::json(200, &long),
        Response::json(200, format!(r#"{{"{TOKEN}": 1, "id": "{TOKEN}"}}"#)),
        Response::json(200, format!(r#"{{"id": "{TOKEN}"}}"#)),
    ];
    for echo in echoes {
        let server = TestServer::playing([echo.clone()]);
        let transport = Transport::builder(server.url())
            .credentials("user", BearerToken::new(TOKEN))
            .credentials("tenant", Careless { token: TOKEN })
            .build()
            .unwrap();
        for operation in [&FOR_USERS, &TENANTS] {
            let sent = transport
                .send_json::<Vec<Model>>(Request::new(operation))
                .await;
            let shown = shown(&sent.unwrap_err());
            assert!(
                !shown.contains(TOKEN) && !shown.contains("t0ken"),
                "{shown}"
            );
        }
    }
}

#[derive(Debug, serde::Deserialize)]
struct Model {
    #[expect(dead_code, reason = "only read")]
    id: u32,
}

#[tokio::test]
async fn an_echoed_cookie_is_redacted_and_the_rest_is_kept() {
    let server = TestServer::playing([Response::json(
        400,
        r#"{"detail": "session abc123-def unknown", "code": 7}"#,
    )]);
    let transport = Transport::builder(server.url())
        .credentials("session", ApiKey::new("abc123-def"))
        .credentials("csrf", ApiKey::new("x"))
        .build()
        .unwrap();
    let error = transport
        .send_empty(Request::new(&WITH_COOKIES))
        .await
        .unwrap_err();
    assert_eq!(error.message(), "session [redacted] unknown");
    assert_eq!(error.body_as::<serde_json::Value>().unwrap()["code"], 7);
}

#[tokio::test]
async fn an_error_of_a_credential_is_passed_on() {
    #[derive(Debug)]
    struct Missing;
    impl Credentials for Missing {
        fn authorize<'a>(&'a self, _: &'a mut Authorization) -> Pending<'a, ()> {
            Box::pin(async { Err(Error::authentication("the token helper is not installed")) })
        }
    }
    let error = refused(&FOR_USERS, |transport| {
        transport.credentials("user", Missing)
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        error.to_string(),
        "read_item: the token helper is not installed"
    );
}

#[tokio::test]
async fn a_login_page_is_an_authentication_error_with_any_status_of_a_proxy() {
    for status in [200, 401, 403] {
        let server = TestServer::playing([html(status)]);
        let error = server
            .transport()
            .send_json::<serde_json::Value>(get())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(
            error
                .message()
                .contains("<!DOCTYPE html> <title>Log in</title>"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_configured_http_client_does_not_follow_redirects() {
    let elsewhere = server().await;
    let location = format!("location: {}", elsewhere.url());
    let first = TestServer::playing([Response::new(302, &location, "")]);
    let transport = Transport::builder(first.url())
        .credentials("user", BearerToken::new(TOKEN))
        .configure_http(|http| http.redirect(reqwest::redirect::Policy::limited(3)))
        .build()
        .unwrap();
    let sent = transport.send_empty(Request::new(&FOR_USERS)).await;
    assert_eq!(sent.unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(elsewhere.connections(), 0);
}
