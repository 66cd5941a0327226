//! Parsing YAML 1.2 as a JSON value.
//!
//! Scalars follow the core schema: `yes`, `on` and dates are strings. A number with a leading zero
//! is a string as well, because YAML 1.1 reads it as octal.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Number, Value};

use super::{MAX_BYTES, MAX_NAME};

/// Maximum nesting, as in `serde_json`.
const MAX_DEPTH: usize = 127;

type Result<T> = std::result::Result<T, ScanError>;

pub(super) fn parse(text: &str) -> Result<Value> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        builder.event(event, span.start)?;
    }
    Ok(builder.document.unwrap_or_default())
}

/// A collection that is being read, and its anchor (0 if it has none).
enum Open {
    List(Vec<Value>, usize),
    Map {
        entries: Map<String, Value>,
        /// The key of the next value.
        key: Option<String>,
        /// The entries of `<<`, which are added at the end unless the map has the key.
        merged: Vec<Map<String, Value>>,
        anchor: usize,
    },
}

#[derive(Default)]
struct Builder {
    document: Option<Value>,
    open: Vec<Open>,
    anchored: HashMap<usize, (Value, usize)>,
    /// The number of bytes that anchors and aliases copied.
    copied: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: Marker) -> Result<()> {
        match event {
            Event::DocumentStart(_) if self.document.is_some() => Err(ScanError::new_str(
                at,
                "the file contains a second document",
            )),
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchored.get(&anchor).cloned() else {
                    return Err(ScanError::new_str(at, "the alias is inside its own anchor"));
                };
                self.spend(size, at)?;
                self.value(value, 0, at)
            }
            Event::Scalar(text, style, anchor, tag) => {
                if self.awaits_key() {
                    return self.key(text.into_owned(), at);
                }
                self.value(scalar(&text, style, tag.as_deref(), at)?, anchor, at)
            }
            Event::SequenceStart(anchor, _) => self.begin(Open::List(Vec::new(), anchor), at),
            Event::MappingStart(anchor, _) => self.begin(
                Open::Map {
                    entries: Map::new(),
                    key: None,
                    merged: Vec::new(),
                    anchor,
                },
                at,
            ),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(items, anchor)) => self.value(Value::Array(items), anchor, at),
                Some(Open::Map {
                    mut entries,
                    merged,
                    anchor,
                    ..
                }) => {
                    for (key, value) in merged.into_iter().flatten() {
                        entries.entry(key).or_insert(value);
                    }
                    self.value(Value::Object(entries), anchor, at)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Map { key: None, .. }))
    }

    fn begin(&mut self, collection: Open, at: Marker) -> Result<()> {
        if self.awaits_key() {
            return Err(ScanError::new_str(at, "a key is a list or an object"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(ScanError::new_str(at, "the values are nested too deeply"));
        }
        self.open.push(collection);
        Ok(())
    }

    fn key(&mut self, name: String, at: Marker) -> Result<()> {
        if name.len() > MAX_NAME {
            let message = format!(
                "a key has {} bytes, more than the limit of {MAX_NAME}",
                name.len()
            );
            return Err(ScanError::new(at, message));
        }
        if let Some(Open::Map { entries, key, .. }) = self.open.last_mut() {
            if entries.contains_key(&name) {
                let message = format!("the key `{name}` occurs twice in one object");
                return Err(ScanError::new(at, message));
            }
            *key = Some(name);
        }
        Ok(())
    }

    /// Adds a complete value to its collection.
    fn value(&mut self, value: Value, anchor: usize, at: Marker) -> Result<()> {
        if anchor > 0 {
            let size = size(&value);
            self.spend(size, at)?;
            self.anchored.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            None => self.document = Some(value),
            Some(Open::List(items, _)) => items.push(value),
            Some(Open::Map {
                entries,
                key,
                merged,
                ..
            }) => match (key.take().as_deref(), value) {
                (None, Value::String(name)) => return self.key(name, at),
                (None, _) => return Err(ScanError::new_str(at, "a key is not a string")),
                (Some("<<"), Value::Object(map)) => merged.push(map),
                (Some("<<"), Value::Array(maps)) if maps.iter().all(Value::is_object) => {
                    merged.extend(maps.into_iter().filter_map(|map| match map {
                        Value::Object(map) => Some(map),
                        _ => None,
                    }));
                }
                (Some(name), value) => {
                    entries.insert(name.to_owned(), value);
                }
            },
        }
        Ok(())
    }

    /// Stops aliases of aliases from growing without bounds.
    fn spend(&mut self, size: usize, at: Marker) -> Result<()> {
        self.copied = self.copied.saturating_add(size);
        if self.copied > MAX_BYTES {
            let message = format!("anchors and aliases copy more than {MAX_BYTES} bytes");
            return Err(ScanError::new(at, message));
        }
        Ok(())
    }
}

/// Estimates the memory that a value takes.
fn size(value: &Value) -> usize {
    let inside: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, it)| 64 + key.len() + size(it)).sum(),
        _ => 0,
    };
    inside + 64
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Marker) -> Result<Value> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) => {
            tag.is_yaml_core_schema()
                && matches!(tag.suffix.as_str(), "null" | "bool" | "int" | "float")
        }
    };
    if !plain {
        return Ok(text.into());
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        text if is_number(text) => {
            number(text).ok_or_else(|| ScanError::new_str(at, "the number is out of range"))?
        }
        text => text.into(),
    })
}

/// Returns whether a string is a number of the core schema that JSON can represent.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.starts_with(|it: char| it == '.' || it.is_ascii_digit())
        && !(leading_zero && digits.starts_with('0'))
        && digits.parse::<f64>().is_ok()
}

fn number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Value::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Value::from);
    }
    let integer = text.parse::<i64>().map(Value::from);
    integer
        .or_else(|_| text.parse::<u64>().map(Value::from))
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}
