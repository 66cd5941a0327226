//! Protocol Buffers' JSON mapping, as far as requests need it.

use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::message::{Field, Kind, Message};
use crate::kfp::time;
use crate::object::{Object, whole};

impl Message {
    pub(super) fn read_body(self, body: &[u8]) -> Result<Object, KfpError> {
        self.read(&parse(body)?).map_err(KfpError::unreadable)
    }

    /// Parses the body of a request as changes. Fields with a value are set; fields with a zero are
    /// removed.
    pub(super) fn read_changes(self, body: &[u8]) -> Result<Changes, KfpError> {
        self.read_fields(&parse(body)?)
            .map_err(KfpError::unreadable)
    }

    /// Parses a message to the format in which the server sends it: names as in the spec, 64-bit
    /// integers as strings, times in UTC, no zeros.
    pub(super) fn read(self, value: &Value) -> Result<Object, String> {
        let fields = self.read_fields(value)?;
        Ok(fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect())
    }

    fn read_fields(self, value: &Value) -> Result<Changes, String> {
        let Value::Object(sent) = value else {
            return Err(format!(
                "proto: syntax error: unexpected token {value} for {}",
                self.name
            ));
        };
        let mut fields = Changes::new();
        for (name, value) in sent {
            let field = self
                .field_as_sent(name)
                .ok_or_else(|| format!("proto: unknown field {} in {}", json!(name), self.name))?;
            if fields.iter().any(|(known, _)| *known == field.name) {
                return Err(format!(
                    "proto: duplicate field {} in {}",
                    json!(name),
                    self.name
                ));
            }
            let alternatives = self.alternatives(field.name);
            if fields.iter().any(|(known, _)| alternatives.contains(known)) && !value.is_null() {
                return Err(format!(
                    "proto: another alternative to {} is set",
                    json!(name)
                ));
            }
            fields.push((field.name, field.read(value)?));
        }
        Ok(fields)
    }
}

/// A value for each field in a message; `None` for a zero or a null.
pub(super) type Changes = Vec<(&'static str, Option<Value>)>;

impl Field {
    fn read(self, value: &Value) -> Result<Option<Value>, String> {
        if value.is_null() && !matches!(self.kind, Kind::AnyValue) {
            return Ok(None);
        }
        let read = self.kind.read(self.name, value)?;
        let dropped = !self.zero_counts && self.kind.is_zero(&read);
        Ok((!dropped).then_some(read))
    }
}

impl Kind {
    fn read(self, field: &str, value: &Value) -> Result<Value, String> {
        let (kind, read) = match self {
            Self::Text => ("string", value.as_str().map(Value::from)),
            Self::Boolean => ("bool", value.as_bool().map(Value::from)),
            Self::Int32 => ("int32", int32(value).map(Value::from)),
            Self::Int64 => (
                "int64",
                integer(value).map(|number| json!(number.to_string())),
            ),
            Self::Double => ("double", double(value)),
            Self::Time => ("google.protobuf.Timestamp", instant(value)),
            Self::Enum(known) => ("enum", known.read(value)),
            Self::Message(name) => return Message::named(name).read(value).map(Value::Object),
            Self::List(schema) => match value {
                Value::Array(elements) => {
                    let kind = Self::of(schema);
                    let elements = elements.iter().map(|element| kind.read(field, element));
                    return elements.collect::<Result<Vec<_>, _>>().map(Value::from);
                }
                _ => ("repeated", None),
            },
            Self::Map(schema) => match value {
                Value::Object(entries) => {
                    let (kind, entries) = (Self::of(schema), entries.iter());
                    let entries =
                        entries.map(|(name, value)| Ok((name.clone(), kind.read(field, value)?)));
                    return entries.collect::<Result<_, _>>().map(Value::Object);
                }
                _ => ("map", None),
            },
            Self::Struct => (
                "google.protobuf.Struct",
                value.is_object().then(|| with_plain_numbers(value)),
            ),
            Self::AnyMessage => (
                "google.protobuf.Any",
                is_any_message(value).then(|| value.clone()),
            ),
            Self::AnyValue => return Ok(with_plain_numbers(value)),
        };
        read.ok_or_else(|| format!("proto: invalid value for {kind} field {field}: {value}"))
    }
}

/// Parses the first JSON value of a body. The gateway treats an empty body as an empty message, and
/// ignores trailing data.
pub(super) fn parse(body: &[u8]) -> Result<Value, KfpError> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter();
    match values.next() {
        None => Ok(json!({})),
        Some(value) => value.map_err(|error| KfpError::unreadable(error.to_string())),
    }
}

/// Converts numbers in a struct. All are doubles there, and whole ones are written without decimals.
pub(super) fn with_plain_numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, |float| {
            whole(float).map_or_else(|| json!(float), Value::from)
        }),
        Value::Array(elements) => elements.iter().map(with_plain_numbers).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), with_plain_numbers(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Returns whether it is empty or names its type by a URL, which a server has to know.
fn is_any_message(value: &Value) -> bool {
    let named = |value: &Value| {
        let url = value.get("@type").and_then(Value::as_str);
        url.and_then(|url| url.rsplit_once('/'))
            .is_some_and(|(_, name)| name.split('.').count() > 1 && !name.contains(' '))
    };
    value.as_object().is_some_and(Object::is_empty) || named(value)
}

fn instant(value: &Value) -> Option<Value> {
    time::parse(value.as_str()?).map(|instant| json!(time::text(instant)))
}

fn int32(value: &Value) -> Option<i32> {
    i32::try_from(integer(value)?).ok()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        _ => None,
    }
}

fn double(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            Some(value.clone())
        }
        Value::String(text) => text
            .parse::<f64>()
            .ok()
            .filter(|float| float.is_finite())
            .map(Value::from),
        _ => None,
    }
}
