//! The real KFP API server as the referee: the typed client makes each recorded request to a server
//! that sends the recorded response.
//!
//! The client must send the recorded request and read the response without loss, and its errors must
//! name the cause.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use compute_kfp::operation::{BodyKind, Location, Operation};
use compute_kfp::{Content, ErrorKind, RetryPolicy, kfp};
use compute_kfp_contract::by_name::{self, Arguments, Failure};
use compute_kfp_test_server::{Received, Response, TestServer};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::types::essence;

const RECORDED: &str = "../crates/sandbox/tests/recorded/kfp.jsonl";
/// Stands for times in the recording.
const TIME: &str = "TIME";

/// Requests that the client rejects: no operation, invalid JSON, a missing required part.
const NOT_MADE: [&str; 5] = [
    "create experiment not JSON",
    "create experiment empty body",
    "list page_size text",
    "upload no file",
    "run log of 2.17",
];
/// Requests that the types cannot express: unknown properties, enums as numbers, other names.
const NOT_TYPED: [&str; 13] = [
    "create experiment camelCase key",
    "create experiment not JSON",
    "create experiment empty body",
    "create experiment enum by number",
    "list page_size negative",
    "list page_size text",
    "upload no file",
    "create run unknown field",
    "run log of 2.17",
    "recurring run max_concurrency number",
    "recurring run mode by number",
    "N update artifact",
    "N log metric",
];

#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: Recorded,
    status: u16,
    answer: Value,
}

#[derive(Clone, Deserialize)]
struct Recorded {
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    body: Option<Value>,
    file: Option<File>,
    raw: Option<String>,
}

#[derive(Clone, Deserialize)]
struct File {
    name: String,
    content: String,
}

fn exchanges() -> Vec<Exchange> {
    let text = std::fs::read_to_string(RECORDED).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the operation of a request, and the values in its path.
fn operation(request: &Recorded) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let values_of = |operation: &'static Operation| {
        let values = operation.path_values(&request.path)?.into_iter();
        let decoded = values.map(|(name, value)| {
            let value = percent_decode_str(value).decode_utf8().ok()?;
            Some((name, value.into_owned()))
        });
        Some((operation, decoded.collect::<Option<Vec<_>>>()?))
    };
    let operations = kfp::operations::OPERATIONS.iter();
    let of_method = operations.filter(|operation| operation.method == request.method);
    of_method
        .filter_map(|operation| values_of(operation))
        .max_by_key(|(operation, _)| {
            let pieces = operation.path_pieces();
            pieces.map(|(literal, _)| literal.len()).sum::<usize>()
        })
}

/// Returns the arguments of a call, by the types of its parameters.
fn arguments(operation: &Operation, request: &Recorded, directory: &Path) -> Option<Arguments> {
    let mut arguments = Arguments::default();
    for (name, text) in &request.query {
        let mut declared = operation.parameters.iter();
        let declared = declared.find(|it| it.name == name && it.location == Location::Query)?;
        let value = match declared.kind {
            "integer" | "number" | "boolean" => serde_json::from_str(text).ok()?,
            "array" => json!([text]),
            _ => json!(text),
        };
        arguments.values.insert(name.clone(), value);
    }
    if let Some(body) = own_body(operation, request) {
        operation.body()?;
        arguments.values.insert("body".to_owned(), body);
    }
    if let Some(file) = &request.file {
        let path = directory.join(&file.name);
        std::fs::write(&path, &file.content).unwrap();
        let BodyKind::Multipart(parts) = operation.body()?.kind else {
            return None;
        };
        arguments.files.push((parts[0].name.to_owned(), path));
    }
    request.raw.is_none().then_some(arguments)
}

/// Returns the body of a request. An empty body of an operation without one counts as none, since the
/// server accepts both.
fn own_body(operation: &Operation, request: &Recorded) -> Option<Value> {
    let body = request.body.as_ref();
    body.filter(|body| !operation.bodies.is_empty() || **body != json!({}))
        .map(with_times)
}

/// Replaces the placeholders of times in the recording.
fn with_times(value: &Value) -> Value {
    match value {
        Value::String(text) if text == TIME => json!("2026-11-25T10:00:00Z"),
        Value::Array(items) => items.iter().map(with_times).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), with_times(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// Returns the parameters that the server reads: it decodes filters twice.
fn understood(received: &Received) -> BTreeMap<String, String> {
    let mut parameters = received.parameters();
    if let Some(filter) = parameters.get_mut("filter") {
        let once = filter.replace('+', " ");
        let decoded = percent_decode_str(&once);
        *filter = decoded.decode_utf8().unwrap().into_owned();
    }
    parameters
}

/// Returns the kind of error that the recorded response requires.
fn kind(status: u16, answer: &Value) -> ErrorKind {
    let text = answer["message"].as_str().unwrap_or_default();
    match status {
        404 if answer == &json!({"code": 5, "message": "Not Found"}) => ErrorKind::Unsupported,
        501 => ErrorKind::Unsupported,
        500 if text.contains("[Invalid input error]") => ErrorKind::InvalidRequest,
        500 if text.contains("[ResourceNotFoundError]") => ErrorKind::NotFound,
        500 if text.contains("[UNIQUE constraint]") => ErrorKind::Conflict,
        400 => ErrorKind::InvalidRequest,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        other => panic!("no recorded error has the status {other}"),
    }
}

/// Writes a value as the server compares it: 0 is 0.0, and the order of properties does not count.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), comparable(value)));
            json!(fields.collect::<BTreeMap<_, _>>())
        }
        other => other.clone(),
    }
}

/// The two ways in which the client makes a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Typed,
    ByName,
}

impl Way {
    async fn send(
        self,
        client: &kfp::Client,
        operation: &'static Operation,
        arguments: Arguments,
    ) -> Result<Value, Failure> {
        if self == Self::Typed {
            return by_name::kfp::send(client, operation.id, arguments).await;
        }
        let mut call = client.call(operation.id, Value::Object(arguments.values))?;
        for (name, path) in arguments.files {
            call = call.file(&name, Content::file(path));
        }
        Ok(call.send().await?.into_inner())
    }
}

/// The result of a request.
struct Judged {
    complaints: Vec<String>,
    /// `true` if the types can express the body.
    expressible: bool,
}

/// Makes one recorded request. Returns `None` if the client cannot make it.
async fn judged(exchange: &Exchange, way: Way, directory: &Path) -> Option<Judged> {
    let (operation, path) = operation(&exchange.request)?;
    let mut arguments = arguments(operation, &exchange.request, directory)?;
    for (name, value) in path {
        arguments.values.insert(name.to_owned(), json!(value));
    }
    let answer = with_times(&exchange.answer);
    let (status, sent_back) = (exchange.status, answer.clone());
    let server = TestServer::start(move |_| Response::json(status, sent_back.clone()));
    let client = kfp::Client::builder(server.url());
    let client = client.transport(|transport| transport.retry(RetryPolicy::never()));
    let client = client.build().unwrap();
    let outcome = way.send(&client, operation, arguments).await;
    let requests = server.requests();
    let mut complaints = Vec::new();
    let Some(received) = requests.first() else {
        return match outcome {
            Err(Failure::Argument(_) | Failure::NotTaken(_)) => None,
            Err(Failure::Sdk(error)) if !error.was_sent() => None,
            other => Some(Judged {
                complaints: vec![format!("nothing was sent: {other:?}")],
                expressible: true,
            }),
        };
    };
    let mut check = |what: &str, found: &dyn Debug, expected: &dyn Debug| {
        let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
        if found != expected {
            complaints.push(format!("{what} is {found}, recorded is {expected}"));
        }
    };
    check("the path", &received.path(), &exchange.request.path);
    check("the query", &understood(received), &exchange.request.query);
    let mut expressible = true;
    if let Some(mut body) = own_body(operation, &exchange.request) {
        // The body repeats the path value.
        for parameter in operation.parameters.iter().filter(|it| it.repeated_in_body) {
            let sent = received.json()[parameter.name].clone();
            if body.get(parameter.name).is_none() && !sent.is_null() {
                body[parameter.name] = sent;
            }
        }
        let (sent, recorded) = (comparable(&received.json()), comparable(&body));
        match way {
            Way::Typed => expressible = sent == recorded,
            Way::ByName => check("the body", &sent, &recorded),
        }
    }
    if let Some(file) = &exchange.request.file {
        let text = received.text();
        let name = format!("filename=\"{}\"", file.name);
        check(
            "whether the file is sent",
            &text.contains(&file.content),
            &true,
        );
        check("whether its name is sent", &text.contains(&name), &true);
    }
    match outcome {
        Ok(read) => {
            let (read, recorded) = (comparable(&essence(&read)), comparable(&essence(&answer)));
            check("a success", &(200..300).contains(&exchange.status), &true);
            check("the answer", &read, &recorded);
        }
        Err(Failure::Sdk(error)) => {
            let status = error.status().map(|it| it.as_u16());
            let said = error.message();
            let helps = !said.is_empty() && said != "Internal Server Error";
            check("the status", &status, &Some(exchange.status));
            check("the kind", &error.kind(), &kind(exchange.status, &answer));
            check("the error's body", &error.body_as::<Value>(), &Some(answer));
            check("whether it is repeated", &error.is_retryable(), &false);
            check("whether the message helps", &helps, &true);
        }
        Err(other) => complaints.push(format!("{other:?}")),
    }
    Some(Judged {
        complaints,
        expressible,
    })
}

#[tokio::test]
async fn the_client_makes_reads_and_explains_what_was_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let (mut wrong, mut not_made, mut not_typed) = (Vec::new(), Vec::new(), Vec::new());
    for exchange in exchanges() {
        let typed = judged(&exchange, Way::Typed, directory.path()).await;
        if !typed.as_ref().is_some_and(|judged| judged.expressible) {
            not_typed.push(exchange.name.clone());
        }
        let named = judged(&exchange, Way::ByName, directory.path()).await;
        if named.is_none() {
            not_made.push(exchange.name.clone());
        }
        for (way, judged) in [(Way::Typed, typed), (Way::ByName, named)] {
            let complaints = judged.into_iter().flat_map(|judged| judged.complaints);
            wrong.extend(complaints.map(|it| format!("{way:?} {}: {it}", exchange.name)));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(not_made, NOT_MADE, "are not made at all");
    assert_eq!(not_typed, NOT_TYPED, "are not made by the types");
}
