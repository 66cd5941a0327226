//! Every operation, sent by the typed clients to mock servers that judge requests.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use compute_kfp::RetryPolicy;
use compute_kfp::middleware::{self, Middleware};
use compute_kfp_contract::by_name;
use compute_kfp_contract::cases::{Api, Case};
use compute_kfp_contract::prism_spec::for_prism;
use compute_kfp_contract::referee::{Kind, Referee};
use compute_kfp_contract::variant::VARIANTS;
use tempfile::TempDir;

/// The Swagger 2.0 spec in OpenAPI 3.0, written by the build script.
const OPENAPI30_OF_KFP: &str = concat!(env!("OUT_DIR"), "/kfp/openapi30.json");

/// A referee, and a client that talks to it.
struct Court {
    client: Client,
    /// Findings about the last request; `None` if none was sent.
    complaints: Arc<Mutex<Option<Vec<String>>>>,
}

enum Client {
    Compute(compute_kfp::compute::Client),
    Kfp(compute_kfp::kfp::Client),
}

impl Court {
    async fn opened(api: &Api, kind: Kind, directory: &Path) -> Self {
        let spec = spec(api, kind, directory);
        let referee = Referee::start(kind, &spec).await.unwrap();
        let url = referee.url().to_owned();
        let complaints = Arc::new(Mutex::new(None));
        let heard = complaints.clone();
        let listener = middleware::after(move |_, outcome| {
            if let Ok(response) = outcome {
                let (status, headers) = (response.status(), response.headers());
                let body = response.bytes().unwrap_or_default();
                *heard.lock().unwrap() = Some(referee.complaints(status, headers, body));
            }
        });
        let client = client(api, &url, listener);
        Self { client, complaints }
    }

    /// Sends a call, and returns findings about the request and about decoding the response.
    async fn complaints(&self, case: &Case) -> Vec<String> {
        let (operation, arguments) = (&case.operation, case.arguments.clone());
        let sent = match &self.client {
            Client::Compute(client) => by_name::compute::send(client, operation, arguments).await,
            Client::Kfp(client) => by_name::kfp::send(client, operation, arguments).await,
        };
        let Some(mut complaints) = self.complaints.lock().unwrap().take() else {
            return vec![format!("nothing was sent: {sent:?}")];
        };
        if let (Err(failure), true) = (sent, complaints.is_empty()) {
            complaints.push(format!("{failure:?}"));
        }
        complaints
    }
}

fn client(api: &Api, url: &str, listener: impl Middleware) -> Client {
    let never = RetryPolicy::never();
    if api.name == "compute" {
        let builder = compute_kfp::compute::Client::builder()
            .endpoint(url)
            .bearer_token("token")
            .api_key("key")
            .transport(|transport| transport.retry(never).middleware(listener));
        Client::Compute(builder.build().unwrap())
    } else {
        let builder = compute_kfp::kfp::Client::builder(url)
            .bearer_token("token")
            .transport(|transport| transport.retry(never).middleware(listener));
        Client::Kfp(builder.build().unwrap())
    }
}

/// Writes the spec in the dialect that the referee reads.
fn spec(api: &Api, kind: Kind, directory: &Path) -> PathBuf {
    match (api.name, kind) {
        ("kfp", Kind::Steady) => Path::new(OPENAPI30_OF_KFP).to_owned(),
        ("kfp", Kind::Prism) => {
            let file = directory.join("kfp.swagger.json");
            let document = for_prism(api.document.clone());
            std::fs::write(&file, document.to_string()).unwrap();
            file
        }
        _ => PathBuf::from("../specs/compute.openapi.json"),
    }
}

async fn is_satisfied(kind: Kind) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("pipeline.yaml");
    std::fs::write(&file, "pipelineInfo:\n  name: hello\n").unwrap();

    let apis = [Api::compute().unwrap(), Api::kfp().unwrap()];
    let mut courts = Vec::new();
    for api in &apis {
        courts.push((api, Court::opened(api, kind, directory.path()).await));
    }
    let mut table = String::new();
    let mut failures = Vec::new();
    for variant in VARIANTS {
        let (mut accepted, mut sent) = (0, 0);
        for (api, court) in &courts {
            for case in api.cases(variant, &file) {
                let complaints = court.complaints(&case).await;
                sent += 1;
                accepted += usize::from(complaints.is_empty());
                let told = complaints
                    .iter()
                    .map(|said| format!("{}: {said}", case.name));
                failures.extend(told);
            }
        }
        let variant = format!("{variant:?}");
        writeln!(table, "{kind:?} {variant:8} {accepted:3} of {sent}").unwrap();
    }
    // Not by `print!`, which the test harness captures.
    std::io::stdout().write_all(table.as_bytes()).unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn finds_fault(kind: Kind) {
    let directory = TempDir::new().unwrap();
    let api = Api::compute().unwrap();
    let spec = spec(&api, kind, directory.path());
    let referee = Referee::start(kind, &spec).await.unwrap();
    let http = reqwest::Client::new();
    let wrong = [
        ("GET", "/jobs?page=first", "", "page"),
        ("GET", "/jobs/first", "", "id"),
        ("GET", "/no/such/path", "", "path"),
        ("POST", "/algorithms", r#"{"name": 3}"#, "name"),
    ];
    for (method, path, body, expected) in wrong {
        let url = format!("{}{path}", referee.url());
        let response = http
            .request(method.parse().unwrap(), url)
            .bearer_auth("token")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let complaints = referee.complaints(status, &headers, &body).join("\n");
        assert!(complaints.contains(expected), "{path}: {complaints:?}");
    }
}

/// The function that sends any operation has a future with the state of all of them.
const STACK_BYTES: usize = 64 * 1024 * 1024;

fn on_a_large_stack<F: Future<Output = ()>>(check: impl FnOnce() -> F + Send + 'static) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let checked = thread.spawn(move || runtime.block_on(check())).unwrap();
    if let Err(failure) = checked.join() {
        std::panic::resume_unwind(failure);
    }
}

#[test]
fn steady_finds_no_fault_with_a_request() {
    on_a_large_stack(|| is_satisfied(Kind::Steady));
}

#[test]
fn prism_finds_no_fault_with_a_request() {
    on_a_large_stack(|| is_satisfied(Kind::Prism));
}

#[tokio::test]
async fn steady_finds_fault_with_wrong_requests() {
    finds_fault(Kind::Steady).await;
}

#[tokio::test]
async fn prism_finds_fault_with_wrong_requests() {
    finds_fault(Kind::Prism).await;
}
