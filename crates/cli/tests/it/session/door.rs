//! A sandbox whose logins wait until a person has confirmed them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use compute_kfp_sandbox::Sandbox;
use compute_kfp_test_server::{Received, Response, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// A proxy in front of the sandbox that rejects early requests for tokens.
pub struct Door {
    pub url: String,
    confirmed: Arc<AtomicBool>,
    _server: TestServer,
    _sandbox: Sandbox,
}

impl Door {
    pub fn new(seed: Value) -> Self {
        let sandbox = Sandbox::builder().seed(seed).start_blocking().unwrap();
        let confirmed = Arc::new(AtomicBool::new(false));
        let (http, behind) = (reqwest::Client::new(), sandbox.url().to_owned());
        let has_confirmed = confirmed.clone();
        let server = TestServer::start(move |request| {
            let wants_tokens = request.path() == "/oauth/token";
            if wants_tokens && !has_confirmed.load(Ordering::SeqCst) {
                return Response::json(400, json!({ "error": "authorization_pending" }));
            }
            Response::later(pass(http.clone(), behind.clone(), request.clone()))
        });
        Self {
            url: server.url().to_owned(),
            confirmed,
            _server: server,
            _sandbox: sandbox,
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

async fn pass(http: reqwest::Client, behind: String, request: Received) -> Response {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap();
    let mut passed = http.request(method, behind + &request.target);
    // With the header `host`, so that the sandbox uses this address as its own.
    for (name, value) in &request.headers {
        passed = passed.header(name, value);
    }
    let answer = passed.body(request.body).send().await.unwrap();
    Response::json(answer.status().as_u16(), answer.text().await.unwrap())
}
