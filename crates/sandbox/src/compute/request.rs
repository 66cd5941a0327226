//! The parts of a request as the spec defines them, and their faults in Pydantic's format.

use std::str::Utf8Error;

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::schema::{self, Defaults};
use crate::object::Object;
use crate::operation::Call;
use crate::percent::decode_lossy;
use crate::specification::COMPUTE;

/// Returns the values of path and query that were sent or have a default, and the body. A body of changes
/// gets no defaults.
pub(super) fn read(call: &Call<'_>) -> Result<(Object, Value), ComputeError> {
    let mut problems = Vec::new();
    let parameters = parameters(call, &mut problems);
    let body = body(call, &mut problems)?;
    if problems.is_empty() {
        Ok((parameters, body))
    } else {
        Err(ComputeError::invalid(problems))
    }
}

fn parameters(call: &Call<'_>, problems: &mut Vec<Value>) -> Object {
    let mut parameters = Object::new();
    for described in COMPUTE.parameters(call.described) {
        let text = |name| described.get(name).and_then(Value::as_str).unwrap_or("");
        let (name, location) = (text("name"), text("in"));
        let sent = match location {
            "path" => Some(decode_lossy(call.path_value(name)).into_owned()),
            "query" => query_text(call, name),
            _ => None,
        };
        let schema = described.get("schema").unwrap_or(&Value::Null);
        let value = match sent {
            Some(sent) => {
                let place = vec![json!(location), json!(name)];
                schema::read(schema, &json!(sent), place, Defaults::Filled, problems)
            }
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

/// Returns the body. If it is not JSON, its fault is the only one.
fn body(call: &Call<'_>, problems: &mut Vec<Value>) -> Result<Value, ComputeError> {
    let (Some(schema), Some((_, required))) = (COMPUTE.body(call.described), call.described.body)
    else {
        return Ok(Value::Null);
    };
    let place = vec![json!("body")];
    if call.body.is_empty() {
        if required {
            problems.push(schema::missing(&place, &Value::Null));
        }
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(call.body).map_err(|error| not_text(&error))?;
    let sent = if declares_json(call) {
        serde_json::from_str(text).map_err(|error| not_json(text, &error))?
    } else {
        json!(text)
    };
    let defaults = match call.described.method {
        "PATCH" => Defaults::LeftOut,
        _ => Defaults::Filled,
    };
    let body = schema::read(schema, &sent, place, defaults, problems);
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

fn not_json(text: &str, error: &serde_json::Error) -> ComputeError {
    undecodable(offset(text, error), &error.to_string())
}

/// Returns the error of a body that is not UTF-8. The spec declares no 400, as FastAPI would return, so
/// it is a 422 like all faults of a body.
fn not_text(error: &Utf8Error) -> ComputeError {
    undecodable(error.valid_up_to(), &error.to_string())
}

/// Returns the error of a body that cannot be decoded. FastAPI reports it alone.
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
