//! Spans and events of calls, and the secrecy of their values.

mod collector;

use std::sync::atomic::{AtomicUsize, Ordering};

use compute_kfp_runtime::credentials::{AccessToken, ApiKey, RenewedToken};
use compute_kfp_runtime::operation::{Location, Operation, Parameter, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Request, RetryPolicy, Transport};
use serde_json::Value;
use tracing::Instrument as _;

use self::collector::{AROUND, Collector};
use crate::item::parameter;
use compute_kfp_test_server::{Response, TestServer};

const SECRET: &str = "s3cret-of-a-user";
const CONFIDENTIAL: &str = "confidential-value";

static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
static TENANT: SecurityScheme = SecurityScheme::new(
    "tenant",
    SchemeKind::ApiKey {
        location: Location::Header,
        name: "x-tenant-key",
    },
);
static READ: Operation = Operation::new("read_item", "read_item", "GET", "/items/{id}")
    .parameters(PARAMETERS)
    .security(&[&[&USER, &TENANT]]);
const PARAMETERS: &[Parameter] = &[
    parameter("id", Location::Path),
    parameter("token", Location::Query),
];

fn request() -> Request {
    let mut request = Request::new(&READ);
    request.set("id", CONFIDENTIAL);
    request.set("token", CONFIDENTIAL);
    request
}

/// Tokens with the secret in them, another each time.
fn token() -> RenewedToken<impl compute_kfp_runtime::credentials::TokenSource> {
    let fetched = AtomicUsize::new(0);
    RenewedToken::new(move || {
        let number = fetched.fetch_add(1, Ordering::SeqCst);
        async move { Ok(AccessToken::new(format!("{SECRET}-{number}"))) }
    })
}

fn transport(url: &str) -> Transport {
    Transport::builder(url)
        .credentials("user", token())
        .credentials("tenant", ApiKey::new(SECRET))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_call_and_its_attempts_are_spans_with_the_names_of_opentelemetry() {
    let collector = Collector::start();
    let server = TestServer::playing([Response::json(503, "{}"), Response::json(200, "{}")]);
    transport(server.url()).send_empty(request()).await.unwrap();

    let [call] = collector.spans("call").try_into().unwrap();
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    for (field, value) in [
        ("otel.name", "GET /items/{id}"),
        ("otel.kind", "internal"),
        ("operation", "read_item"),
        ("http.request.method", "GET"),
        ("url.template", "/items/{id}"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("attempts", "2"),
    ] {
        assert_eq!(call.get(field).map(String::as_str), Some(value), "{field}");
    }
    assert!(!call.contains_key("error.type"));

    let [first, second] = collector.spans("attempt").try_into().unwrap();
    for attempt in [&first, &second] {
        assert_eq!(attempt["otel.name"], "GET /items/{id}");
        assert_eq!(attempt["otel.kind"], "client");
        assert_eq!(attempt["url.scheme"], "http");
    }
    assert_eq!(first["http.response.status_code"], "503");
    assert_eq!(first["error.type"], "503");
    assert_eq!(first["otel.status_code"], "ERROR");
    assert!(!first.contains_key("http.request.resend_count"));
    assert_eq!(second["http.response.status_code"], "200");
    assert_eq!(second["http.request.resend_count"], "1");
    assert!(!second.contains_key("error.type"));
}

#[tokio::test]
async fn a_call_is_in_the_span_that_it_runs_in() {
    let collector = Collector::start();
    let server = TestServer::playing([Response::json(503, "{}"), Response::json(200, "{}")]);
    let transport = transport(server.url());
    for request in [request(), Request::new(&READ)] {
        let call = transport.send_empty(request);
        call.instrument(tracing::info_span!("caller")).await.ok();
    }
    for (span, around) in [("call", "caller"), ("attempt", "call")] {
        let spans = collector.spans(span);
        assert_eq!(spans.len(), 2);
        assert!(spans.iter().all(|span| span[AROUND] == around), "{spans:?}");
    }
    assert_eq!(collector.spans("call")[1]["error.type"], "InvalidRequest");
}

#[tokio::test]
async fn a_call_without_an_answer_names_the_kind_of_its_error() {
    let collector = Collector::start();
    let transport = Transport::builder("http://127.0.0.1:1")
        .credentials("user", token())
        .credentials("tenant", ApiKey::new(SECRET))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    transport.send_empty(request()).await.unwrap_err();
    for span in ["call", "attempt"] {
        let [span] = collector.spans(span).try_into().unwrap();
        assert_eq!(span["error.type"], "Connection");
        assert_eq!(span["otel.status_code"], "ERROR");
    }
}

#[tokio::test]
async fn no_output_at_any_level_has_a_secret_or_the_value_of_a_parameter() {
    let collector = Collector::start();
    let echo = format!("x-echo: Bearer {SECRET}-0\ncontent-type: text/plain");
    let answers = [
        Response::json(503, "{}"),
        Response::json(401, "{}"),
        Response::json(200, "{}"),
        Response::new(400, &echo, format!("{SECRET}-1 was refused")),
        Response::new(200, &echo, format!("{SECRET}-1 is no JSON")),
    ];
    let server = TestServer::playing(answers);
    let transport = transport(server.url());
    transport.send_json::<Value>(request()).await.unwrap();
    let mut shown = format!("{transport:?} {:?}", request());
    for _ in 0..2 {
        let error = transport.send_json::<Value>(request()).await.unwrap_err();
        shown.push_str(&format!(
            "{error} {error:?} {:?} {:?}",
            error.headers(),
            error.body()
        ));
        shown.push_str(&String::from_utf8_lossy(error.body()));
    }
    let sent = server.requests();
    assert!(
        sent.iter()
            .all(|request| request.header("authorization").unwrap().contains(SECRET))
    );

    let shown = shown + &collector.text();
    assert!(shown.contains("credential renewed"), "tracing was captured");
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(!shown.contains(CONFIDENTIAL), "{shown}");
}

#[tokio::test]
async fn no_output_of_http_2_has_a_secret() {
    let collector = Collector::start();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let answer = http::Response::builder().status(204).body(()).unwrap();
        respond.send_response(answer, true).unwrap();
        std::future::poll_fn(|context| connection.poll_closed(context))
            .await
            .ok();
        request.headers()["authorization"].clone()
    });
    let transport = Transport::builder(url)
        .credentials("user", token())
        .credentials("tenant", ApiKey::new(SECRET))
        .configure_http(|http| http.http2_prior_knowledge())
        .build()
        .unwrap();
    transport.send_empty(request()).await.unwrap();
    drop(transport);
    assert_eq!(served.await.unwrap(), format!("Bearer {SECRET}-0"));
    let shown = collector.text();
    assert!(shown.contains("h2"), "tracing of HTTP/2 was captured");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[cfg(feature = "oauth")]
#[tokio::test]
async fn no_output_of_a_login_server_has_a_secret() {
    use compute_kfp_runtime::oauth::{ClientCredentials, Provider};

    let collector = Collector::start();
    let tokens = format!(
        r#"{{"access_token": "{SECRET}-access", "refresh_token": "{SECRET}-new", "token_type": "bearer", "expires_in": 1}}"#
    );
    let refusal = format!(r#"{{"error": "invalid_grant", "error_description": "{SECRET}-old"}}"#);
    let login = TestServer::playing([
        Response::json(200, &tokens),
        Response::json(400, &refusal),
        Response::json(200, &tokens),
        Response::json(200, "{}"),
    ]);
    let http = reqwest::Client::new().into();
    let url = format!("{}/token", login.url());
    let endpoints = format!(r#"{{"token_endpoint": "{url}", "revocation_endpoint": "{url}"}}"#);
    let known = TestServer::playing([Response::json(200, &endpoints)]);
    let provider = Provider::discover(&http, known.url()).await.unwrap();
    let old = format!("{SECRET}-old");
    let new = provider.refresh(&http, "client", &old).await.unwrap();
    let error = provider.refresh(&http, "client", &old).await.unwrap_err();

    let api = TestServer::playing([Response::json(200, "{}")]);
    let source = ClientCredentials::new(known.url(), "client", SECRET);
    let transport = Transport::builder(api.url())
        .credentials("user", RenewedToken::new(source))
        .credentials("tenant", ApiKey::new(SECRET))
        .build()
        .unwrap();
    transport.send_empty(request()).await.unwrap();
    provider.revoke(&http, "client", &old).await.unwrap();
    assert_eq!(login.requests().len(), 4);

    let shown = format!(
        "{new:?} {error} {error:?} {transport:?} {}",
        collector.text()
    );
    assert!(!shown.contains(SECRET), "{shown}");
}
