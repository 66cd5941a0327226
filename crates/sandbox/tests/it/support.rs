//! Requests to a sandbox, and its responses.

use std::sync::LazyLock;

use compute_kfp_sandbox::Sandbox;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Map, Value, json};

pub struct Response {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Response {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
}

pub async fn send(request: RequestBuilder) -> Response {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if status == StatusCode::NO_CONTENT {
        assert_eq!(text, "");
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text:?}"))
    };
    Response {
        status,
        headers,
        body,
    }
}

/// One client for all tests, since creating one is slow. It keeps no connections, since each test has
/// its own runtime.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().pool_max_idle_per_host(0).build().unwrap());

pub fn plain(sandbox: &Sandbox, method: Method, path: &str) -> RequestBuilder {
    CLIENT.request(method, format!("{}{path}", sandbox.url()))
}

pub struct Compute<'a>(pub &'a Sandbox);

impl Compute<'_> {
    pub async fn get(&self, path: &str) -> Response {
        send(plain(self.0, Method::GET, path).bearer_auth(self.0.compute_token())).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        plain(self.0, method, path).bearer_auth(self.0.compute_token())
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        send(self.request(Method::DELETE, path)).await
    }

    pub fn post_metadata(&self) -> RequestBuilder {
        plain(self.0, Method::POST, "/metadata").header("authorization", self.0.compute_api_key())
    }

    pub async fn create(&self, body: Value) -> Response {
        send(self.post_metadata().json(&body)).await
    }
}

pub struct Kfp<'a>(pub &'a Sandbox);

impl Kfp<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        plain(self.0, method, &format!("/apis/v2beta1{path}")).bearer_auth(self.0.kfp_token())
    }

    pub async fn get(&self, path: &str) -> Response {
        send(self.request(Method::GET, path)).await
    }

    /// Creates a run, and returns its id.
    pub async fn run(&self) -> String {
        let run = json!({ "display_name": "run", "pipeline_spec": spec(&[]) });
        let run = self.post("/runs", run).await.expect(200);
        run["run_id"].as_str().unwrap().to_owned()
    }

    /// Creates a task of a run, and returns its id.
    pub async fn task(&self, run_id: &str) -> String {
        let task = json!({ "name": "step", "type": "RUNTIME" });
        let path = format!("/runs/{run_id}/tasks");
        let task = self.post(&path, task).await.expect(200);
        task["task_id"].as_str().unwrap().to_owned()
    }

    pub async fn query(&self, path: &str, query: &[(&str, &str)]) -> Response {
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.get(&format!("{path}?{}", query.join("&"))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        send(self.request(Method::DELETE, path)).await
    }
}

/// Percent-encodes a query value.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

pub fn texts(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|element| element[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The spec of a pipeline whose steps run one after the other.
pub fn spec(steps: &[&str]) -> Value {
    let mut tasks = Map::new();
    for (place, step) in steps.iter().enumerate() {
        let before = &steps[place.saturating_sub(1)..place];
        let task = json!({ "componentRef": { "name": "comp-step" }, "dependentTasks": before });
        tasks.insert((*step).to_owned(), task);
    }
    json!({
        "pipelineInfo": { "name": "pipeline" },
        "schemaVersion": "2.1.0",
        "components": { "comp-step": { "executorLabel": "exec-step" } },
        "root": { "dag": { "tasks": tasks } },
    })
}
