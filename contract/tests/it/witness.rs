//! The official Python clients as witnesses: for the same call they send the same request, or the
//! difference is one of those below.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use compute_kfp::operation::Parameter;
use compute_kfp::{Timestamp, kfp};
use compute_kfp_contract::by_name;
use compute_kfp_contract::cases::{Api, Case};
use compute_kfp_contract::request::{Body, Request};
use compute_kfp_contract::variant::VARIANTS;
use compute_kfp_test_server::{Received, TestServer};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// A property of KFP runs that is newer than the Python client's release.
const NEWER_PROPERTIES: [&str; 3] = ["/pipeline_reference", "/task_count", "/tasks"];

/// Header with the name of a case.
const CASE: &str = "x-case";

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

fn request(received: &Received) -> Request {
    let pairs = received
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'));
    let mut query: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect();
    query.sort();
    let credentials = ["authorization", "x-api-key", "cookie"];
    Request {
        method: received.method.clone(),
        path: received.path().split('/').map(decoded).collect(),
        query,
        credentials: credentials
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), received.header(name)?.to_owned())))
            .collect(),
        body: Body::read(
            received.header("content-type").unwrap_or(""),
            &received.body,
        ),
    }
}

/// The outcome of a call in the Python client.
struct Outcome {
    outcome: String,
    detail: String,
    unknown: Vec<String>,
}

/// Sends the calls through the Python clients, and returns their outcomes and the received requests.
async fn witnesses(calls: &[Value]) -> (BTreeMap<String, Outcome>, BTreeMap<String, Request>) {
    let server = TestServer::playing([json!({})]);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("witness");
    let mut python = tokio::process::Command::new(directory.join(".venv/bin/python"))
        .arg(directory.join("send.py"))
        .arg(server.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let mut stdin = python.stdin.take().unwrap();
    let write = async move {
        stdin.write_all(lines.as_bytes()).await.unwrap();
        drop(stdin);
    };
    let (output, ()) = tokio::join!(python.wait_with_output(), write);
    let output = output.unwrap();
    assert!(output.status.success(), "send.py failed");
    let outcomes = String::from_utf8(output.stdout).unwrap();
    let outcomes = outcomes.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let outcome = Outcome {
            outcome: text("outcome"),
            detail: text("detail"),
            unknown: serde_json::from_value(line["unknown"].clone()).unwrap(),
        };
        (text("case"), outcome)
    });
    let outcomes = outcomes.collect();
    let received = server.requests();
    let received = received
        .iter()
        .filter_map(|received| Some((received.header(CASE)?.to_owned(), request(received))));
    (outcomes, received.collect())
}

/// Returns the request that the Rust clients send for a call.
struct Sdk {
    server: TestServer,
    compute: compute_kfp::compute::Client,
    kfp: compute_kfp::kfp::Client,
}

impl Sdk {
    fn new() -> Self {
        let server = TestServer::playing([json!({})]);
        let compute = compute_kfp::compute::Client::builder().endpoint(server.url());
        let kfp = compute_kfp::kfp::Client::builder(server.url());
        Self {
            compute: compute
                .bearer_token("witness")
                .api_key("witness")
                .build()
                .unwrap(),
            kfp: kfp.bearer_token("witness").build().unwrap(),
            server,
        }
    }

    async fn send(&self, api: &str, case: &Case) -> Request {
        let before = self.server.requests().len();
        let arguments = case.arguments.clone();
        // The response fits few operations; only the request matters.
        let answer = match api {
            "compute" => by_name::compute::send(&self.compute, &case.operation, arguments).await,
            _ => by_name::kfp::send(&self.kfp, &case.operation, arguments).await,
        };
        let received = self.server.requests();
        let sent = received.get(before);
        let sent = sent.unwrap_or_else(|| panic!("{} sent nothing: {answer:?}", case.name));
        request(sent)
    }
}

fn call(api: &Api, case: &Case) -> Value {
    let mut parameters = case.arguments.values.clone();
    let body = parameters.remove("body");
    let mut call = json!({
        "case": case.name,
        "api": api.name,
        "method": case.method,
        "path": case.path,
        "parameters": parameters,
        "files": case.arguments.files.iter().cloned().collect::<BTreeMap<_, _>>(),
    });
    if let Some(body) = body {
        call["body"] = body;
    }
    call
}

#[tokio::test]
async fn the_python_clients_send_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pipeline.yaml");
    std::fs::write(&file, "components: {}\n").unwrap();
    let sdk = Sdk::new();
    let (mut calls, mut ours) = (Vec::new(), Vec::new());
    for api in [Api::compute().unwrap(), Api::kfp().unwrap()] {
        for variant in VARIANTS {
            for case in api.cases(variant, &file) {
                calls.push(call(&api, &case));
                let request = sdk.send(api.name, &case).await;
                ours.push((case.name, case.operation, case.defaults, request));
            }
        }
    }
    let (outcomes, theirs) = witnesses(&calls).await;
    let mut seen = BTreeMap::<Reason, usize>::new();
    let mut problems = Vec::new();
    let (mut witnessed, mut operations) = (0, BTreeSet::new());
    for (name, operation, defaults, ours) in &ours {
        let outcome = &outcomes[name];
        let reasons = match theirs.get(name) {
            Some(theirs) => {
                witnessed += 1;
                operations.insert(operation);
                let mut known = kfp::operations::OPERATIONS.iter();
                let known = known.find(|known| known.id == *operation);
                let parameters = known.map_or(&[][..], |known| known.parameters);
                let comparison = Comparison {
                    outcome,
                    defaults,
                    parameters,
                };
                comparison.reasons(ours, theirs)
            }
            None if outcome.outcome == "absent" => Ok(BTreeSet::from([Reason::Absent])),
            None => Err(format!("not sent: {}", outcome.detail)),
        };
        match reasons {
            Ok(reasons) => {
                for reason in reasons {
                    *seen.entry(reason).or_default() += 1;
                }
            }
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    println!(
        "witnessed: {witnessed} of {} calls, {} of {} operations",
        ours.len(),
        operations.len(),
        ours.iter()
            .map(|(_, operation, ..)| operation)
            .collect::<BTreeSet<_>>()
            .len()
    );
    for (reason, calls) in &seen {
        println!("{calls:4} {}", reason.text());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let stale: Vec<_> = REASONS
        .iter()
        .filter(|reason| !seen.contains_key(reason))
        .collect();
    assert!(stale.is_empty(), "explains nothing any more: {stale:?}");
}

/// The reason why the Python client sends another request for the same call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Absent,
    UnknownParameter,
    Time,
    Number,
    Boolean,
    Default,
    Null,
    UnknownProperty,
    AnyLost,
    ApiKey,
    RepeatedInBody,
    DecodedTwice,
}

const REASONS: [Reason; 12] = [
    Reason::Absent,
    Reason::UnknownParameter,
    Reason::Time,
    Reason::Number,
    Reason::Boolean,
    Reason::Default,
    Reason::Null,
    Reason::UnknownProperty,
    Reason::AnyLost,
    Reason::ApiKey,
    Reason::RepeatedInBody,
    Reason::DecodedTwice,
];

impl Reason {
    fn text(self) -> &'static str {
        match self {
            Self::Absent => {
                "the Python client has no such operation: Metadata left it in 2025, and artifacts, tasks and metrics are newer than its release"
            }
            Self::UnknownParameter => {
                "the parameter is newer than the release of the Python client"
            }
            Self::Time => "the same time in another spelling: `+00:00` or `+0000` for `Z`",
            Self::Number => "the same number in another spelling",
            Self::Boolean => "Python writes `True`; the server reads both",
            Self::Default => {
                "Python sends defaults that the caller did not set; on an update they overwrite stored values"
            }
            Self::Null => {
                "Python sends null for properties that the caller did not set; on an update it clears stored values"
            }
            Self::UnknownProperty => "the property is newer than the release of the Python client",
            Self::AnyLost => {
                "Python keeps only `@type` of a `google.protobuf.Any`, and drops the content"
            }
            Self::RepeatedInBody => {
                "the server requires a path value in the body, too; Python leaves it to the caller"
            }
            Self::DecodedTwice => {
                "the server decodes a filter twice; Python leaves it to the caller to encode it twice"
            }
            Self::ApiKey => {
                "where an operation takes a token or an API key and both are set, Python sends the key; the spec prefers the token"
            }
        }
    }
}

/// Context for comparing the two requests of a call.
struct Comparison<'a> {
    outcome: &'a Outcome,
    /// Defaults of the properties of the body.
    defaults: &'a BTreeMap<String, Value>,
    /// Parameters of the operation, if it is one of KFP.
    parameters: &'static [Parameter],
}

impl Comparison<'_> {
    fn reasons(&self, ours: &Request, theirs: &Request) -> Result<BTreeSet<Reason>, String> {
        let mut reasons = BTreeSet::new();
        if (&ours.method, &ours.path) != (&theirs.method, &theirs.path) {
            return Err(format!("{ours:?} is not {theirs:?}"));
        }
        self.query(ours, theirs, &mut reasons)?;
        if ours.credentials != theirs.credentials {
            let bearer = ours.credentials.get("authorization").map(String::as_str);
            let key = theirs.credentials.get("authorization").map(String::as_str);
            if (bearer, key) != (Some("Bearer witness"), Some("witness")) {
                return Err(format!(
                    "{:?} is not {:?}",
                    ours.credentials, theirs.credentials
                ));
            }
            reasons.insert(Reason::ApiKey);
        }
        match (&ours.body, &theirs.body) {
            (Body::Json(ours), Body::Json(theirs)) => {
                self.json("", ours, theirs, &mut reasons)?;
            }
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => return Err(format!("{ours:?} is not {theirs:?}")),
        }
        Ok(reasons)
    }

    fn query(
        &self,
        ours: &Request,
        theirs: &Request,
        reasons: &mut BTreeSet<Reason>,
    ) -> Result<(), String> {
        let (unknown, known): (Vec<_>, Vec<_>) = ours
            .query
            .iter()
            .partition(|(name, _)| self.outcome.unknown.contains(name));
        if !unknown.is_empty() {
            reasons.insert(Reason::UnknownParameter);
        }
        if known.len() != theirs.query.len() {
            return Err(format!("{:?} is not {:?}", ours.query, theirs.query));
        }
        for ((name, ours), (other, theirs)) in known.into_iter().zip(&theirs.query) {
            if name != other {
                return Err(format!("{name} is not {other}"));
            }
            let encoded = theirs.replace('%', "%25").replace('+', "%2B");
            let mut parameters = self.parameters.iter();
            if *ours == encoded
                && ours != theirs
                && parameters.any(|known| known.name == name && known.decoded_twice)
            {
                reasons.insert(Reason::DecodedTwice);
            } else if ours != theirs {
                let reason = spelled_otherwise(ours, theirs);
                reasons.insert(reason.ok_or_else(|| format!("{name}: {ours} is not {theirs}"))?);
            }
        }
        Ok(())
    }

    fn json(
        &self,
        place: &str,
        ours: &Value,
        theirs: &Value,
        reasons: &mut BTreeSet<Reason>,
    ) -> Result<(), String> {
        let differ = || format!("{place}: {ours} is not {theirs}");
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => {
                for (key, value) in ours {
                    let place = format!("{place}/{key}");
                    let Some(other) = theirs.get(key) else {
                        let mut parameters = self.parameters.iter();
                        if place == format!("/{key}")
                            && parameters.any(|known| known.name == key && known.repeated_in_body)
                        {
                            reasons.insert(Reason::RepeatedInBody);
                        } else if NEWER_PROPERTIES.contains(&place.as_str()) {
                            reasons.insert(Reason::UnknownProperty);
                        } else if ours.contains_key("@type") {
                            reasons.insert(Reason::AnyLost);
                        } else {
                            return Err(format!("{place} is not sent by Python"));
                        }
                        continue;
                    };
                    self.json(&place, value, other, reasons)?;
                }
                for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
                    let reason = match (value, self.defaults.get(key)) {
                        (Value::Null, _) => Reason::Null,
                        (value, Some(default)) if value == default => Reason::Default,
                        _ => return Err(format!("{place}/{key} is sent by Python only: {value}")),
                    };
                    reasons.insert(reason);
                }
            }
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
                for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                    self.json(&format!("{place}/{index}"), ours, theirs, reasons)?;
                }
            }
            (Value::String(ours), Value::String(theirs)) if ours != theirs => {
                reasons.insert(spelled_otherwise(ours, theirs).ok_or_else(differ)?);
            }
            (Value::Number(one), Value::Number(other)) if one != other => {
                if one.as_f64() != other.as_f64() {
                    return Err(differ());
                }
                reasons.insert(Reason::Number);
            }
            (ours, theirs) if ours == theirs => {}
            _ => return Err(differ()),
        }
        Ok(())
    }
}

/// Returns the reason why two strings are the same to a server.
fn spelled_otherwise(ours: &str, theirs: &str) -> Option<Reason> {
    let number = |text: &str| text.parse::<f64>().ok();
    let time = |text: &str| text.replace("+0000", "Z").parse::<Timestamp>().ok();
    if ours == theirs.to_lowercase() && ["true", "false"].contains(&ours) {
        return Some(Reason::Boolean);
    }
    if number(ours).is_some() && number(ours) == number(theirs) {
        return Some(Reason::Number);
    }
    (time(ours).is_some() && time(ours) == time(theirs)).then_some(Reason::Time)
}
