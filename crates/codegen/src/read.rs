//! Parsing a document: JSON or YAML in, a JSON value and its dialect out.

mod yaml;

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, TOO_LARGE};

/// Maximum size of a document. The largest spec in the history of both APIs is below 1 MB.
pub(crate) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Maximum length of the name of a schema, a property or a path.
const MAX_NAME: usize = 2_000;

/// The format of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Swagger20,
    OpenApi30,
    OpenApi31,
}

pub(crate) fn read(file: &str, text: &str) -> Result<(Value, Dialect), Error> {
    let value = read_value(file, text)?;
    let dialect = dialect(file, &value)?;
    Ok((value, dialect))
}

/// Parses JSON or YAML, and rejects duplicate keys.
///
/// The content decides the format: a JSON document starts with a brace or a bracket.
pub(crate) fn read_value(file: &str, text: &str) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::one(
            file,
            "",
            format!(
                "the document has {} bytes, more than the limit of {MAX_BYTES}",
                text.len()
            ),
            TOO_LARGE,
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let unreadable = |format: &str, reason: String| {
        let message = format!("invalid {format}: {reason}");
        let remedy = format!("correct the {format} at that line and column");
        Error::one(file, "", message, remedy)
    };
    if text.trim_start().starts_with(['{', '[']) {
        read_json(text).map_err(|error| unreadable("JSON", error.to_string()))
    } else {
        yaml::parse(text).map_err(|error| {
            let (line, column) = (error.marker().line(), error.marker().col() + 1);
            let reason = format!("{} at line {line} column {column}", error.info());
            unreadable("YAML", reason)
        })
    }
}

/// Rejects duplicate keys, of which `serde_json` would silently drop the first.
fn read_json(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = UniqueKeys.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

fn dialect(file: &str, document: &Value) -> Result<Dialect, Error> {
    let remedy = "use a document with `\"swagger\": \"2.0\"`, `\"openapi\": \"3.0.x\"`, `\"3.1.x\"` or `\"3.2.x\"`";
    // YAML reads an unquoted version as a number.
    let is = |version: &Value, wanted| match version {
        Value::String(version) => is_version(version, wanted),
        Value::Number(version) => is_version(&version.to_string(), wanted),
        _ => false,
    };
    let unsupported = |version: &Value| format!("unsupported version {version}");
    let (place, message) = match (document.get("swagger"), document.get("openapi")) {
        (Some(version), None) if is(version, "2.0") => return Ok(Dialect::Swagger20),
        (None, Some(version)) if is(version, "3.0") => return Ok(Dialect::OpenApi30),
        (None, Some(version)) if is(version, "3.1") || is(version, "3.2") => {
            return Ok(Dialect::OpenApi31);
        }
        _ if !document.is_object() => ("", "the document is not an object".to_owned()),
        (None, None) => {
            let message = "the document has no `swagger` or `openapi` version";
            ("", message.to_owned())
        }
        (Some(_), Some(_)) => {
            let message = "the document has both a `swagger` and an `openapi` version";
            ("", message.to_owned())
        }
        (Some(version), None) => ("/swagger", unsupported(version)),
        (None, Some(version)) => ("/openapi", unsupported(version)),
    };
    Err(Error::one(file, place, message, remedy))
}

fn is_version(version: &str, wanted: &str) -> bool {
    version
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("the number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(UniqueKeys)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(UniqueKeys)?;
            insert(&mut map, key, value).map_err(A::Error::custom)?;
        }
        Ok(Value::Object(map))
    }
}

/// Adds an entry, unless its key is too long or is there already.
fn insert(map: &mut Map<String, Value>, key: String, value: Value) -> Result<(), String> {
    if key.len() > MAX_NAME {
        let length = key.len();
        return Err(format!(
            "a key has {length} bytes, more than the limit of {MAX_NAME}"
        ));
    }
    if map.contains_key(&key) {
        return Err(format!("the key `{key}` occurs twice in one object"));
    }
    map.insert(key, value);
    Ok(())
}
