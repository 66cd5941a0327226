use std::str::Utf8Error;

use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::schema::{self, Defaults, Problem};
use crate::object::Object;
use crate::operation::Call;
use crate::percent::{decode_lossy, decode_query_lossy, query_pairs};
use crate::specification::COMPUTE;

/// Reads the parts of a request as the spec defines them, and collects faults in Pydantic's format.
pub(super) struct Validation<'a> {
    call: &'a Call<'a>,
    problems: Vec<Problem>,
}

impl<'a> Validation<'a> {
    pub(super) fn of(call: &'a Call<'a>) -> Self {
        Self {
            call,
            problems: Vec::new(),
        }
    }

    /// Fails if faults were collected. Call it before any value is used.
    pub(super) fn finish(self) -> Result<(), ComputeError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let problems = self.problems.into_iter().map(Problem::into_json);
        Err(ComputeError::invalid(problems.collect()))
    }

    /// Returns the values of path and query that were sent or have a default.
    pub(super) fn parameters(&mut self) -> Object {
        let mut parameters = Object::new();
        for described in COMPUTE.parameters(self.call.described) {
            let text = |name| described.get(name).and_then(Value::as_str).unwrap_or("");
            let (name, location) = (text("name"), text("in"));
            let sent = match location {
                "path" => Some(decode_lossy(self.call.path_value(name)).into_owned()),
                "query" => self.query_text(name),
                _ => None,
            };
            let schema = described.get("schema").unwrap_or(&Value::Null);
            let value = match sent {
                Some(sent) => {
                    let place = vec![json!(location), json!(name)];
                    schema::read(
                        schema,
                        &json!(sent),
                        place,
                        Defaults::Filled,
                        &mut self.problems,
                    )
                }
                None => schema.get("default").cloned(),
            };
            if let Some(value) = value {
                parameters.insert(name.to_owned(), value);
            }
        }
        parameters
    }

    /// Returns the body. If it is not JSON, the validation ends.
    pub(super) fn body(&mut self, defaults: Defaults) -> Result<Value, ComputeError> {
        let Some(schema) = COMPUTE.body(self.call.described) else {
            return Ok(Value::Null);
        };
        if self.call.body.is_empty() {
            let required = self
                .call
                .described
                .body
                .is_some_and(|(_, required)| required);
            if required {
                let place = vec![json!("body")];
                self.problems.push(Problem::missing(&place, &Value::Null));
            }
            return Ok(Value::Null);
        }
        let text = std::str::from_utf8(self.call.body).map_err(|error| not_text(&error))?;
        let sent = if self.declares_json() {
            serde_json::from_str(text).map_err(|error| not_json(text, &error))?
        } else {
            json!(text)
        };
        let place = vec![json!("body")];
        let body = schema::read(schema, &sent, place, defaults, &mut self.problems);
        Ok(body.unwrap_or_default())
    }

    fn query_text(&self, name: &str) -> Option<String> {
        query_pairs(self.call.query)
            .filter(|(sent, _)| decode_query_lossy(sent) == name)
            .last()
            .map(|(_, value)| decode_query_lossy(value))
    }

    /// Returns whether the body is JSON. FastAPI treats a body without a content type as JSON.
    fn declares_json(&self) -> bool {
        let Some(content_type) = self.call.headers.get(CONTENT_TYPE) else {
            return true;
        };
        let media_type = content_type.to_str().unwrap_or_default().split(';').next();
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    }
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
