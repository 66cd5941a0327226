//! When a token is fetched, and for whom.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use compute_kfp_runtime::credentials::{
    AccessToken, Authorization, Credentials, Pending, RenewedToken, TokenSource,
};
use compute_kfp_runtime::operation::{Operation, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Error, ErrorKind, HttpClient, Request, RetryPolicy, Transport};
use tokio::task::JoinSet;

use super::vault::{HOUR, Vault, expired, failure, token};
use super::{FOR_USERS, authorization, bearer};
use compute_kfp_test_server::{Response, TestServer};

static SCHEME: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
static POST_FOR_USERS: Operation =
    Operation::new("create", "create", "POST", "/items").security(&[&[&SCHEME]]);

/// A server that gives out tokens.
struct TokenServer(String);

impl TokenSource for TokenServer {
    fn fetch<'a>(&'a self, http: &'a HttpClient) -> Pending<'a, AccessToken> {
        Box::pin(async move {
            let request = http::Request::post(&self.0).body(Vec::new()).unwrap();
            let text = http.send(request).await?.into_inner();
            Ok(AccessToken::new(str::from_utf8(&text).unwrap()).expires_in(HOUR))
        })
    }
}

/// A call that asked and now waits.
fn waiting(credentials: &Arc<impl Credentials>) -> Pending<'static, Authorization> {
    let credentials = credentials.clone();
    let mut call: Pending<'static, Authorization> = Box::pin(async move {
        let mut authorization = authorization();
        credentials.authorize(&mut authorization).await?;
        Ok(authorization)
    });
    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    call
}

#[tokio::test]
async fn a_thousand_calls_that_wait_for_a_token_cause_one_fetch() {
    let (server, answer) = TestServer::piecewise();
    let credentials = Arc::new(RenewedToken::new(TokenServer(server.url().to_owned())));
    let mut calls: JoinSet<_> = (0..1000).map(|_| waiting(&credentials)).collect();
    server.arrival().await;
    answer
        .send(Response::json(200, "fetched").bytes(true).into())
        .unwrap();
    drop(answer);
    while let Some(call) = calls.join_next().await {
        let authorization = call.unwrap().unwrap();
        assert_eq!(authorization.headers()["authorization"], "Bearer fetched");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_on_many_threads_renew_an_expired_token_once() {
    let vault = Vault::holding([expired("old"), token("new")]);
    let credentials = Arc::new(RenewedToken::new(vault.clone()));
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer old");
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let credentials = credentials.clone();
        calls.spawn(async move { bearer(&credentials).await });
    }
    while let Some(call) = calls.join_next().await {
        assert_eq!(call.unwrap().unwrap(), "Bearer new");
    }
    assert_eq!(vault.fetches(), 2);
}

#[tokio::test]
async fn calls_of_a_transport_share_what_its_own_connections_fetched() {
    let tokens = TestServer::playing([Response::json(200, "fetched")]);
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .credentials(
            "user",
            RenewedToken::new(TokenServer(tokens.url().to_owned())),
        )
        .configure_http(|http| http.user_agent("of the client"))
        .build()
        .unwrap();
    for _ in 0..2 {
        transport
            .send_empty(Request::new(&FOR_USERS))
            .await
            .unwrap();
    }
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer fetched"));
    }
    assert_eq!(server.connections(), 2);
    assert_eq!(tokens.only().header("user-agent"), Some("of the client"));
}

#[tokio::test]
async fn a_closure_is_a_source() {
    let credentials = RenewedToken::new(async || Ok(AccessToken::new("called back")));
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer called back");
}

#[tokio::test]
async fn a_fetch_goes_on_without_the_call_that_began_it() {
    let (vault, answers) = Vault::new();
    let credentials = Arc::new(RenewedToken::new(vault.clone()));
    drop(waiting(&credentials));
    answers.send(token("rotated")).unwrap();
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer rotated");
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer rotated");
    assert_eq!(vault.fetches(), 1);
}

#[tokio::test]
async fn a_token_is_replaced_five_seconds_before_it_expires() {
    let short = AccessToken::new("short").expires_in(Duration::from_secs(4));
    let vault = Vault::holding([Ok(short), token("long")]);
    let credentials = RenewedToken::new(vault.clone());
    for sent in ["Bearer short", "Bearer long", "Bearer long"] {
        assert_eq!(bearer(&credentials).await.unwrap(), sent);
    }
    assert_eq!(vault.fetches(), 2);
}

#[tokio::test]
async fn the_margin_can_be_set() {
    let vault = Vault::holding([token("first"), token("second")]);
    let credentials = RenewedToken::new(vault).margin(2 * HOUR);
    for sent in ["Bearer first", "Bearer second"] {
        assert_eq!(bearer(&credentials).await.unwrap(), sent);
    }
}

#[tokio::test]
async fn a_token_without_an_expiry_is_fetched_once() {
    let vault = Vault::holding([Ok(AccessToken::new("for ever"))]);
    let credentials = RenewedToken::new(vault).margin(HOUR);
    for _ in 0..2 {
        assert_eq!(bearer(&credentials).await.unwrap(), "Bearer for ever");
    }
}

#[tokio::test]
async fn times_beyond_every_clock_are_no_failure() {
    let endless = AccessToken::new("endless").expires_in(Duration::MAX);
    let vault = Vault::holding([Ok(endless), token("a"), token("b")]);
    let credentials = RenewedToken::new(vault.clone());
    for _ in 0..2 {
        assert_eq!(bearer(&credentials).await.unwrap(), "Bearer endless");
    }
    let credentials = RenewedToken::new(vault).margin(Duration::MAX);
    for sent in ["Bearer a", "Bearer b"] {
        assert_eq!(bearer(&credentials).await.unwrap(), sent);
    }
}

#[tokio::test]
async fn a_failed_fetch_keeps_a_token_that_is_still_valid() {
    let vault = Vault::holding([token("valid"), failure(), token("next")]);
    let credentials = RenewedToken::new(vault).margin(2 * HOUR);
    for sent in ["Bearer valid", "Bearer valid", "Bearer next"] {
        assert_eq!(bearer(&credentials).await.unwrap(), sent);
    }
}

#[tokio::test]
async fn an_expired_token_is_not_sent_when_the_fetch_fails() {
    let vault = Vault::holding([expired("old"), failure(), token("new")]);
    let credentials = RenewedToken::new(vault);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer old");
    let error = bearer(&credentials).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer new");
}

#[tokio::test]
async fn a_failed_fetch_reaches_all_that_waited_and_none_that_follow() {
    let (vault, answers) = Vault::new();
    let credentials = Arc::new(RenewedToken::new(vault.clone()));
    let calls: Vec<_> = (0..100).map(|_| waiting(&credentials)).collect();
    answers.send(failure()).unwrap();
    for call in calls {
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!error.was_sent());
        let source = error.source().unwrap().to_string();
        assert_eq!(source, "the vault is sealed");
        assert!(error.message().ends_with(&source), "{error}");
    }
    assert_eq!(vault.fetches(), 1);
    answers.send(token("later")).unwrap();
    assert_eq!(bearer(&credentials).await.unwrap(), "Bearer later");
}

#[tokio::test]
async fn a_fetched_token_that_no_header_can_hold_is_refused() {
    for text in ["", "a\nb"] {
        let error = bearer(&RenewedToken::new(Vault::holding([token(text)]))).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Authentication);
    }
}

#[tokio::test]
async fn a_fault_on_the_way_to_the_login_server_is_waited_out_as_one_of_the_api() {
    for kind in [ErrorKind::Connection, ErrorKind::Timeout] {
        let fetches = Arc::new(AtomicU32::new(0));
        let counted = fetches.clone();
        let credentials = RenewedToken::new(move || {
            let fetch = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                match fetch {
                    0 => Err(Error::new(kind, "no response from the login server")),
                    _ => Ok(AccessToken::new("fetched")),
                }
            }
        });
        let server = TestServer::playing([Response::json(200, "{}")]);
        let eager = RetryPolicy::default().backoff(Duration::ZERO, Duration::ZERO);
        let transport = Transport::builder(server.url())
            .retry(eager)
            .credentials(SCHEME.name, credentials);
        // Also a POST: nothing of it was sent.
        let request = Request::new(&POST_FOR_USERS);
        transport
            .build()
            .unwrap()
            .send_empty(request)
            .await
            .unwrap();
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
        assert_eq!(
            server.only().header("authorization"),
            Some("Bearer fetched")
        );
    }
}

#[tokio::test]
async fn what_a_login_server_refuses_is_not_tried_again() {
    let credentials = RenewedToken::new(|| async {
        Err::<AccessToken, _>(Error::authentication("the grant is gone"))
    });
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url()).credentials(SCHEME.name, credentials);
    let request = Request::new(&POST_FOR_USERS);
    let error = transport
        .build()
        .unwrap()
        .send_empty(request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(!error.is_retryable());
    assert_eq!(server.connections(), 0);
}
