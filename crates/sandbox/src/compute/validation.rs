use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::compute::ComputeError;
use crate::operation::Call;
use crate::percent::{decode_lossy, decode_query_lossy, query_pairs};
use crate::store::Object;

/// Reads the parts of a request and collects what is wrong with them, in Pydantic's words.
///
/// A reader that finds something wrong notes it and gives a stand-in; [`finish`](Self::finish)
/// must be passed before any value is used.
pub(super) struct Validation<'a> {
    call: &'a Call<'a>,
    failures: Vec<Value>,
}

impl<'a> Validation<'a> {
    pub(super) fn of(call: &'a Call<'a>) -> Self {
        Self {
            call,
            failures: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Result<(), ComputeError> {
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(ComputeError::invalid(self.failures))
        }
    }

    pub(super) fn path_integer(&mut self, name: &str) -> i64 {
        let text = decode_lossy(self.call.path_value(name));
        self.integer(json!(["path", name]), &text)
            .unwrap_or_default()
    }

    pub(super) fn query_text(&self, name: &str) -> Option<String> {
        query_pairs(self.call.query)
            .filter(|(sent, _)| decode_query_lossy(sent) == name)
            .last()
            .map(|(_, value)| decode_query_lossy(value))
    }

    pub(super) fn query_integer(&mut self, name: &str, bounds: &Bounds) -> i64 {
        let Some(text) = self.query_text(name) else {
            return bounds.default;
        };
        let loc = json!(["query", name]);
        let Some(number) = self.integer(loc.clone(), &text) else {
            return bounds.default;
        };
        let Some((kind, comparison, symbol, bound)) = bounds.broken_by(number) else {
            return number;
        };
        self.failures.push(json!({
            "type": kind,
            "loc": loc,
            "msg": format!("Input should be {comparison} than or equal to {bound}"),
            "input": text,
            "ctx": { symbol: bound },
        }));
        bounds.default
    }

    pub(super) fn query_boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.query_text(name)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
            _ => {
                let message = "Input should be a valid boolean, unable to interpret input";
                self.fail(json!(["query", name]), "bool_parsing", message, json!(text));
                None
            }
        }
    }

    /// The body as a JSON object. Without one there are no fields to look at, so this ends the
    /// validation if it fails.
    pub(super) fn body_object(&mut self) -> Result<Object, ComputeError> {
        if self.call.body.is_empty() {
            return Err(self.fail_at_once("missing", "Field required", Value::Null));
        }
        let text = std::str::from_utf8(self.call.body)
            .map_err(|_| ComputeError::bad_request("There was an error parsing the body"))?;
        let value = if self.declares_json() {
            serde_json::from_str(text).map_err(|error| not_json(text, &error))?
        } else {
            json!(text)
        };
        match value {
            Value::Object(fields) => Ok(fields),
            other => {
                let message = "Input should be a valid dictionary or object to extract fields from";
                Err(self.fail_at_once("model_attributes_type", message, other))
            }
        }
    }

    pub(super) fn optional_integer_field(&mut self, object: &Object, name: &str) -> Option<i64> {
        let loc = json!(["body", name]);
        match object.get(name)? {
            Value::Null => None,
            Value::String(text) => self.integer(loc, text),
            number @ Value::Number(_) => self.integral(loc, number),
            other => {
                self.fail(
                    loc,
                    "int_type",
                    "Input should be a valid integer",
                    other.clone(),
                );
                None
            }
        }
    }

    pub(super) fn object_field(&mut self, object: &Object, name: &str) -> Object {
        let loc = json!(["body", name]);
        match object.get(name) {
            Some(Value::Object(fields)) => fields.clone(),
            Some(other) => {
                self.fail(
                    loc,
                    "dict_type",
                    "Input should be a valid dictionary",
                    other.clone(),
                );
                Object::new()
            }
            None => {
                self.fail(
                    loc,
                    "missing",
                    "Field required",
                    Value::Object(object.clone()),
                );
                Object::new()
            }
        }
    }

    /// FastAPI takes a body without a content type for JSON.
    fn declares_json(&self) -> bool {
        let Some(content_type) = self.call.headers.get(CONTENT_TYPE) else {
            return true;
        };
        let media_type = content_type.to_str().unwrap_or_default().split(';').next();
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    }

    fn integer(&mut self, loc: Value, text: &str) -> Option<i64> {
        let trimmed = text.trim();
        if let Ok(number) = trimmed.parse() {
            return Some(number);
        }
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (kind, message) = if is_integer {
            (
                "int_parsing_size",
                "Unable to parse input string as an integer, exceeded maximum size",
            )
        } else {
            (
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            )
        };
        self.fail(loc, kind, message, json!(text));
        None
    }

    fn integral(&mut self, loc: Value, number: &Value) -> Option<i64> {
        if let Some(integer) = number.as_i64() {
            return Some(integer);
        }
        let has_fraction = number.as_f64().is_some_and(|float| float.fract() != 0.0);
        let (kind, message) = if has_fraction {
            (
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            )
        } else {
            ("int_type", "Input should be a valid integer")
        };
        self.fail(loc, kind, message, number.clone());
        None
    }

    fn fail_at_once(&mut self, kind: &str, message: &str, input: Value) -> ComputeError {
        self.fail(json!(["body"]), kind, message, input);
        ComputeError::invalid(std::mem::take(&mut self.failures))
    }

    fn fail(&mut self, loc: Value, kind: &str, message: &str, input: Value) {
        self.failures
            .push(json!({ "type": kind, "loc": loc, "msg": message, "input": input }));
    }
}

/// FastAPI reports this one alone.
fn not_json(text: &str, error: &serde_json::Error) -> ComputeError {
    ComputeError::invalid(vec![json!({
        "type": "json_invalid",
        "loc": ["body", offset(text, error)],
        "msg": "JSON decode error",
        "input": {},
        "ctx": { "error": error.to_string() },
    })])
}

/// What a query parameter that is an integer may be.
pub(super) struct Bounds {
    pub(super) minimum: i64,
    pub(super) maximum: Option<i64>,
    pub(super) default: i64,
}

impl Bounds {
    fn broken_by(&self, number: i64) -> Option<(&'static str, &'static str, &'static str, i64)> {
        match self.maximum {
            _ if number < self.minimum => {
                Some(("greater_than_equal", "greater", "ge", self.minimum))
            }
            Some(maximum) if number > maximum => Some(("less_than_equal", "less", "le", maximum)),
            _ => None,
        }
    }
}

/// Where in the text the error is, counted in characters as Python does.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines_before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    lines_before + error.column().saturating_sub(1)
}
