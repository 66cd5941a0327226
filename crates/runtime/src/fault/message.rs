//! The error message of a server, extracted from the formats of common frameworks.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::begins;
use crate::error::ErrorKind;
use crate::response::Response;

/// Maximum number of characters of a message; the rest is cut, as it is for a person.
pub(crate) const LONGEST: usize = 2_000;

/// The code of google.rpc.Status for an internal error of the server.
const INTERNAL: i64 = 13;
/// Names of errors in a chain of causes, and the kind that they mean.
const NAMES: [(&str, ErrorKind); 5] = [
    ("Invalid input error", ErrorKind::InvalidRequest),
    ("BadRequestError", ErrorKind::InvalidRequest),
    ("NotFoundError", ErrorKind::NotFound),
    ("Already exist error", ErrorKind::Conflict),
    ("InternalServerError", ErrorKind::Server),
];
/// Messages with which databases report a duplicate.
const DUPLICATES: [&str; 2] = ["UNIQUE constraint", "Duplicate entry"];

/// The error report of a server.
pub(super) struct Report {
    pub text: String,
    /// The kind of error, if the message shows it and the status does not.
    pub kind: Option<ErrorKind>,
}

pub(super) fn of(response: &Response<Bytes>) -> Option<Report> {
    let status = response.status();
    let json = serde_json::from_slice::<Value>(response).ok();
    let text = match &json {
        Some(json) => in_json(json),
        None => plain(response),
    }?;
    let chain = json.as_ref().filter(|json| is_internal(json));
    let chain = chain.and_then(|json| json.get("message")?.as_str());
    let (text, kind) = match chain {
        Some(chain) => last_named(without_stack(chain)),
        None => (without_stack(&text), None),
    };
    let kind = match &json {
        Some(json) if status == StatusCode::NOT_FOUND && is_of_router(json) => {
            Some(ErrorKind::Unsupported)
        }
        _ => kind.filter(|_| status == StatusCode::INTERNAL_SERVER_ERROR),
    };
    let is_upload = json
        .as_ref()
        .is_some_and(|json| json.get("error_message").is_some());
    let taken = match is_upload && status == StatusCode::CONFLICT {
        true => "; something of this name exists already, choose another name",
        false => "",
    };
    let text = text.trim();
    (!text.is_empty()).then(|| Report {
        text: text.chars().take(LONGEST).chain(taken.chars()).collect(),
        kind,
    })
}

/// Returns whether a report is about the path and not about a resource, as grpc-gateway writes it.
fn is_of_router(json: &Value) -> bool {
    json.get("code").and_then(Value::as_i64) == Some(5)
        && json.get("message").and_then(Value::as_str) == Some("Not Found")
        && json.pointer("/details/0").is_none()
}

/// Returns whether the message for people in a report says nothing useful.
fn is_internal(json: &Value) -> bool {
    let has_details = json.pointer("/details/0/message");
    let has_details = has_details.and_then(Value::as_str);
    json.get("code").and_then(Value::as_i64) == Some(INTERNAL)
        && has_details.is_none_or(|text| matches!(text, "" | "Internal Server Error"))
}

/// Returns the end of a chain of causes: what follows the last name of an error, with the kind that
/// the name means.
fn last_named(chain: &str) -> (&str, Option<ErrorKind>) {
    if let Some(at) = DUPLICATES.iter().find_map(|mark| chain.find(mark)) {
        return (&chain[at..], Some(ErrorKind::Conflict));
    }
    let found = NAMES
        .iter()
        .filter_map(|(name, kind)| Some((chain.rfind(name)? + name.len(), *kind)));
    match found.max_by_key(|(end, _)| *end) {
        Some((end, kind)) => (chain[end..].strip_prefix(": ").unwrap_or(chain), Some(kind)),
        None => (chain, None),
    }
}

/// Cuts the stack trace of a Go program from the end of a message: pairs of lines, a function and,
/// indented, its file.
fn without_stack(text: &str) -> &str {
    let mut start = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let is_frame = |next: &&str| next.starts_with('\t') && next.contains(".go:");
        if line.starts_with("goroutine ") || lines.peek().is_some_and(is_frame) {
            return text[..start].trim_end();
        }
        start += line.len();
    }
    text
}

fn in_json(json: &Value) -> Option<String> {
    if let Value::String(text) = json {
        return Some(text.clone());
    }
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
    let filled = |pointer: &str| text(pointer).filter(|text| !text.is_empty());
    // google.rpc.Status: the first detail is for people, the message for those who run the server.
    if let Some(message) = filled("/details/0/message").or_else(|| filled("/message")) {
        return Some(message.to_owned());
    }
    if let Some(message) = filled("/error_message") {
        let details = filled("/error_details").filter(|details| *details != message);
        return Some(with_details(message, details));
    }
    match json.get("detail") {
        Some(Value::String(detail)) => return Some(detail.clone()),
        Some(Value::Array(errors)) => {
            return Some(errors.iter().map(validation).collect::<Vec<_>>().join("; "));
        }
        _ => {}
    }
    match text("/error") {
        Some(error) => Some(with_details(error, text("/error_description"))),
        None => text("/error/message").map(str::to_owned),
    }
}

fn with_details(message: &str, details: Option<&str>) -> String {
    match details {
        Some(details) => format!("{message}: {details}"),
        None => message.to_owned(),
    }
}

/// Formats one validation error of FastAPI, as `loc: msg`.
fn validation(error: &Value) -> String {
    let message = error.get("msg").and_then(Value::as_str);
    let message = message.unwrap_or("invalid");
    let parts = error.get("loc").and_then(Value::as_array);
    let names = parts.into_iter().flatten().filter_map(|part| match part {
        Value::String(name) => Some(name.clone()),
        Value::Number(index) => Some(index.to_string()),
        _ => None,
    });
    let place = names.collect::<Vec<_>>().join(".");
    match place.is_empty() {
        true => message.to_owned(),
        false => format!("{place}: {message}"),
    }
}

fn plain(response: &Response<Bytes>) -> Option<String> {
    let kind = response.headers().get(CONTENT_TYPE)?;
    begins(kind.as_bytes(), "text/plain").then(|| String::from_utf8_lossy(response).into_owned())
}
