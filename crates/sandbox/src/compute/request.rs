//! The parts of a request as the spec defines them, and their faults in Pydantic's format.

use compute_kfp_runtime::operation::Operation;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::schema::Reader;
use crate::object::Object;
use crate::operation::Call;
use crate::percent::decode_lossy;
use crate::specification::COMPUTE;

/// A request as the spec describes it.
pub(crate) struct Request<'a> {
    pub(super) described: &'static Operation,
    pub(super) headers: &'a HeaderMap,
    /// The values of path and query that were sent or have a default.
    pub(super) parameters: Object,
    /// The body, or null. A body of changes gets no defaults.
    pub(super) body: Value,
}

impl<'a> Request<'a> {
    pub(super) fn read(call: &Call<'a>) -> Result<Self, ComputeError> {
        let mut reader = Reader::new(call.described.method != "PATCH");
        let request = Self {
            described: call.described,
            headers: call.headers,
            parameters: parameters(call, &mut reader),
            body: body(call, &mut reader)?,
        };
        if reader.problems.is_empty() {
            Ok(request)
        } else {
            Err(ComputeError::invalid(reader.problems))
        }
    }
}

fn parameters(call: &Call<'_>, reader: &mut Reader) -> Object {
    let mut parameters = Object::new();
    for described in COMPUTE.parameters(call.described) {
        let text = |name| described[name].as_str().unwrap_or_default();
        let (name, location) = (text("name"), text("in"));
        let sent = match location {
            "path" => Some(decode_lossy(call.path_value(name)).into_owned()),
            "query" => query_text(call, name),
            _ => None,
        };
        let schema = &described["schema"];
        let value = match sent {
            Some(sent) => reader.read_at(&[location, name], schema, &json!(sent)),
            None => schema.get("default").cloned(),
        };
        if let Some(value) = value {
            parameters.insert(name.to_owned(), value);
        }
    }
    parameters
}

/// Returns the last of the values with that name.
fn query_text(call: &Call<'_>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(call.query.as_bytes());
    let named = pairs.filter(|(sent, _)| sent == name);
    named.last().map(|(_, value)| value.into_owned())
}

/// Returns the body. If it cannot be decoded, that is the only fault.
fn body(call: &Call<'_>, reader: &mut Reader) -> Result<Value, ComputeError> {
    let Some(schema) = COMPUTE.body(call.described) else {
        return Ok(Value::Null);
    };
    if call.body.is_empty() {
        if call.described.body_required {
            reader.inside(json!("body"), |reader| reader.missing(&Value::Null));
        }
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(call.body)
        .map_err(|error| undecodable(error.valid_up_to(), &error.to_string()))?;
    let sent = if declares_json(call) {
        serde_json::from_str(text)
            .map_err(|error| undecodable(offset(text, &error), &error.to_string()))?
    } else {
        json!(text)
    };
    let body = reader.read_at(&["body"], schema, &sent);
    Ok(body.unwrap_or_default())
}

/// Returns whether the body is JSON. FastAPI treats a body without a content type as JSON.
fn declares_json(call: &Call<'_>) -> bool {
    let Some(content_type) = call.headers.get(CONTENT_TYPE) else {
        return true;
    };
    let media_type = content_type.to_str().unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// Returns the error of a body that is not JSON or not UTF-8. FastAPI responds to the latter with a 400,
/// which the spec does not declare.
fn undecodable(offset: usize, error: &str) -> ComputeError {
    ComputeError::invalid(vec![json!({
        "type": "json_invalid",
        "loc": ["body", offset],
        "msg": "JSON decode error",
        "input": {},
        "ctx": { "error": error },
    })])
}

/// Returns the position of the error, counted in characters as Python does.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines_before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    lines_before + error.column().saturating_sub(1)
}
