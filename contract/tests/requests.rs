//! Every operation, sent by the typed clients to mock servers that judge requests.

#![allow(clippy::unwrap_used, reason = "in a test, what fails must stop it")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use compute_kfp::RetryPolicy;
use compute_kfp::middleware::{self, Middleware};
use compute_kfp_contract::by_name::{self, Failure};
use compute_kfp_contract::cases::{Api, Case, VARIANTS};
use compute_kfp_contract::referee::{Kind, Referee, Verdict};

/// A complaint that is none about the client.
struct Exception {
    referee: Kind,
    /// Name of the API.
    api: &'static str,
    /// What the complaint contains.
    says: &'static str,
    /// Why it is excepted.
    #[allow(dead_code, reason = "for who reads")]
    reason: &'static str,
}

const EXCEPTIONS: [Exception; 0] = [];

/// A referee with a client that talks to it.
struct Court {
    api: Api,
    kind: Kind,
    client: Client,
    /// What was said about the last request.
    verdict: Arc<Mutex<Option<Verdict>>>,
    /// Runs as long as it is here.
    _referee: Arc<Referee>,
}

enum Client {
    Compute(compute_kfp::compute::Client),
    Kfp(compute_kfp::kfp::Client),
}

impl Court {
    async fn opened(api: Api, kind: Kind) -> Self {
        let referee = Arc::new(Referee::start(kind, &description(&api, kind)).await.unwrap());
        let verdict = Arc::new(Mutex::new(None));
        let listener = listener(referee.clone(), verdict.clone());
        let client = client(&api, referee.url(), listener);
        Self {
            api,
            kind,
            client,
            verdict,
            _referee: referee,
        }
    }

    /// Complaints about a call and about its answer.
    async fn complaints(&self, case: &Case) -> Vec<String> {
        let arguments = case.arguments.clone();
        let sent = match &self.client {
            Client::Compute(client) => {
                by_name::compute::send(client, &case.operation, arguments).await
            }
            Client::Kfp(client) => by_name::kfp::send(client, &case.operation, arguments).await,
        };
        let verdict = self.verdict.lock().unwrap().take();
        let Some(verdict) = verdict else {
            return vec![format!("nothing was sent: {sent:?}")];
        };
        let mut complaints = verdict.request;
        match sent {
            Ok(_) => {}
            // It says itself that its answer is none that the description allows.
            Err(_) if !verdict.answer.is_empty() => {}
            Err(Failure::Sdk(error)) if complaints.is_empty() => {
                complaints.push(format!("the answer cannot be read: {error}"));
            }
            Err(Failure::Sdk(_)) => {}
            Err(failure) => complaints.push(format!("{failure:?}")),
        }
        complaints
    }
}

fn listener(referee: Arc<Referee>, verdict: Arc<Mutex<Option<Verdict>>>) -> impl Middleware {
    middleware::after(move |_, outcome| {
        if let Ok(reply) = outcome {
            *verdict.lock().unwrap() = Some(referee.verdict(reply));
        }
    })
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

/// The description as it is; where the referee reads no Swagger 2.0, its OpenAPI 3.0 form.
fn description(api: &Api, kind: Kind) -> PathBuf {
    match (api.name, kind) {
        ("kfp", Kind::Steady) => Path::new(env!("OUT_DIR")).join("kfp/openapi30.json"),
        ("kfp", _) => PathBuf::from("../specs/kfp.swagger.json"),
        _ => PathBuf::from("../specs/compute.openapi.json"),
    }
}

async fn is_satisfied(kind: Kind) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("pipeline.yaml");
    std::fs::write(&file, "pipelineInfo:\n  name: hello\n").unwrap();

    let mut table = String::new();
    let mut failures = Vec::new();
    let mut needed = BTreeSet::new();
    for api in [Api::compute().unwrap(), Api::kfp().unwrap()] {
        let court = Court::opened(api, kind).await;
        for variant in VARIANTS {
            let cases = court.api.cases(variant, &file);
            let mut accepted = 0;
            for case in &cases {
                let complaints = court.complaints(case).await;
                let (excepted, left) = sorted(&court, complaints);
                needed.extend(excepted);
                accepted += usize::from(left.is_empty());
                failures.extend(left.iter().map(|said| format!("{}: {said}", case.name)));
            }
            writeln!(
                table,
                "{kind:?} {:8} {:10} {accepted:3} of {:3}",
                court.api.name,
                format!("{variant:?}"),
                cases.len()
            )
            .unwrap();
        }
    }
    // Not by `print!`, which the test harness keeps to itself.
    std::io::stdout().write_all(table.as_bytes()).unwrap();
    for (index, exception) in EXCEPTIONS.iter().enumerate() {
        if exception.referee == kind && !needed.contains(&index) {
            failures.push(format!("no longer said, remove it: {}", exception.says));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The exceptions that apply, and the complaints for which there is none.
fn sorted(court: &Court, complaints: Vec<String>) -> (Vec<usize>, Vec<String>) {
    let mut excepted = Vec::new();
    let mut left = Vec::new();
    for complaint in complaints {
        let known = EXCEPTIONS.iter().position(|exception| {
            exception.referee == court.kind
                && exception.api == court.api.name
                && complaint.contains(exception.says)
        });
        match known {
            Some(index) => excepted.push(index),
            None => left.push(complaint),
        }
    }
    (excepted, left)
}

/// The function that sends any operation holds the state of all of them.
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
