//! A sandbox whose logins wait until a person has confirmed them.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Stands before the sandbox and passes everything on, but what asks for tokens too early.
pub struct Door {
    pub url: String,
    confirmed: Arc<AtomicBool>,
    _sandbox: Sandbox,
    _runtime: Runtime,
}

#[derive(Clone)]
struct Behind {
    sandbox: String,
    http: reqwest::Client,
    confirmed: Arc<AtomicBool>,
}

impl Door {
    pub fn new(seed: Value) -> Self {
        let sandbox = Sandbox::builder().seed(seed).start_blocking().unwrap();
        let confirmed = Arc::new(AtomicBool::new(false));
        let behind = Behind {
            sandbox: sandbox.url().to_owned(),
            http: reqwest::Client::new(),
            confirmed: confirmed.clone(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let router = Router::new().fallback(pass).with_state(behind);
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            url,
            confirmed,
            _sandbox: sandbox,
            _runtime: runtime,
        }
    }

    /// The person enters the code.
    pub fn confirm(&self) {
        self.confirmed.store(true, Ordering::SeqCst);
    }
}

/// A user with two memberships.
pub fn two_memberships() -> Value {
    json!({ "compute": {
        "teams": [{ "id": 7, "name": "research\u{1b}[31m", "slug": "research", "individual_user": false }],
        "members": [{ "id": 70, "team_id": 7, "user_id": 1, "role": "member", "is_active": true }],
    }})
}

async fn pass(State(behind): State<Behind>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let wants_tokens = parts.uri.path() == "/oauth/token";
    if wants_tokens && !behind.confirmed.load(Ordering::SeqCst) {
        let answer = json!({ "error": "authorization_pending" }).to_string();
        return answered(StatusCode::BAD_REQUEST, answer.into());
    }
    let answer = behind
        .http
        .request(parts.method, format!("{}{}", behind.sandbox, parts.uri))
        // With the header `host`, so that the sandbox names this place as its own.
        .headers(parts.headers)
        .body(body)
        .send()
        .await
        .unwrap();
    answered(answer.status(), answer.bytes().await.unwrap().into())
}

fn answered(status: StatusCode, body: Body) -> Response<Body> {
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/json");
    answer.body(body).unwrap()
}
