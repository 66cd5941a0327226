//! Parsing YAML 1.2 as a JSON value.
//!
//! Scalars follow the core schema: `yes`, `on` and dates are strings. A number with a leading zero
//! is a string as well, because YAML 1.1 reads it as octal. `serde-saphyr` differs: it reads `007`
//! and `1_000` as numbers, and rejects null keys and `!!int '12'`.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Number, Value};

use super::{MAX_BYTES, insert};

/// Maximum nesting, as in `serde_json`.
const MAX_DEPTH: usize = 127;

type Result<T> = std::result::Result<T, ScanError>;

pub(super) fn parse(text: &str) -> Result<Value> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchored: HashMap::new(),
        copied: 0,
        depth: 0,
    };
    let mut document = None;
    while let Some(event) = reader.events.next() {
        match event? {
            (Event::DocumentStart(_), span) if document.is_some() => {
                let message = "the file contains a second document";
                return Err(ScanError::new_str(span.start, message));
            }
            (
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing,
                _,
            ) => {}
            (event, span) => document = Some(reader.value(event, span.start)?),
        }
    }
    Ok(document.unwrap_or_default())
}

struct Reader<E> {
    events: E,
    /// The values of anchors, and their sizes.
    anchored: HashMap<usize, (Value, usize)>,
    /// The number of bytes that anchors and aliases copied.
    copied: usize,
    /// The number of open collections.
    depth: usize,
}

impl<'t, E: Iterator<Item = Result<(Event<'t>, Span)>>> Reader<E> {
    /// Reads the value that starts with an event.
    fn value(&mut self, event: Event<'t>, at: Marker) -> Result<Value> {
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchored.get(&anchor).cloned() else {
                    return Err(ScanError::new_str(at, "the alias is inside its own anchor"));
                };
                self.spend(size, at)?;
                return Ok(value);
            }
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref(), at)?, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(at)?;
                let mut items = Vec::new();
                while let Some((event, at)) = self.inside()? {
                    items.push(self.value(event, at)?);
                }
                (items.into(), anchor)
            }
            Event::MappingStart(anchor, _) => {
                self.open(at)?;
                (self.map()?.into(), anchor)
            }
            _ => return Ok(Value::Null),
        };
        if anchor > 0 {
            let size = size(&value);
            self.spend(size, at)?;
            self.anchored.insert(anchor, (value.clone(), size));
        }
        Ok(value)
    }

    fn map(&mut self) -> Result<Map<String, Value>> {
        let mut map = Map::new();
        // The entries of `<<`, which are added at the end unless the map has the key.
        let mut merged = Vec::new();
        while let Some((event, at)) = self.inside()? {
            let key = match event {
                Event::Scalar(text, ..) => text.into_owned(),
                event => match self.value(event, at)? {
                    Value::String(text) => text,
                    _ => return Err(ScanError::new_str(at, "a key is not a string")),
                },
            };
            let Some((event, value_at)) = self.inside()? else {
                break;
            };
            match (key.as_str(), self.value(event, value_at)?) {
                ("<<", Value::Object(map)) => merged.extend(map),
                ("<<", Value::Array(maps)) if maps.iter().all(Value::is_object) => {
                    let maps = maps.into_iter().filter_map(|map| match map {
                        Value::Object(map) => Some(map),
                        _ => None,
                    });
                    merged.extend(maps.flatten());
                }
                (_, value) => insert(&mut map, key, value).map_err(|it| ScanError::new(at, it))?,
            }
        }
        for (key, value) in merged {
            map.entry(key).or_insert(value);
        }
        Ok(map)
    }

    fn open(&mut self, at: Marker) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(ScanError::new_str(at, "the values are nested too deeply"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Returns the next event of a collection, or `None` at its end.
    fn inside(&mut self) -> Result<Option<(Event<'t>, Marker)>> {
        Ok(match self.events.next().transpose()? {
            Some((Event::SequenceEnd | Event::MappingEnd, _)) | None => {
                self.depth -= 1;
                None
            }
            Some((event, span)) => Some((event, span.start)),
        })
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
        text => match number(text) {
            Some(Some(number)) => number.into(),
            Some(None) => return Err(ScanError::new_str(at, "the number is out of range")),
            None => text.into(),
        },
    })
}

/// Returns the number of the core schema that a string is. Inside, `None` stands for a number that
/// JSON cannot represent.
fn number(text: &str) -> Option<Option<Number>> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix)
                .ok()
                .map(|it| Some(it.into()));
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = is_digits && digits.len() > 1 && digits.starts_with('0');
    if has_leading_zero || !digits.starts_with(|it: char| it == '.' || it.is_ascii_digit()) {
        return None;
    }
    let integer = text.parse::<i64>().map(Number::from);
    let integer = integer.or_else(|_| text.parse::<u64>().map(Number::from));
    match integer {
        Ok(integer) => Some(Some(integer)),
        Err(_) => text.parse().ok().map(Number::from_f64),
    }
}
