//! The styles of OpenAPI: the wire format of parameters and form fields.

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::operation::{Location, Parameter, Style};
use crate::percent::{encoded, push_encoded, push_reserved};

/// A value of a parameter, in its style.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// A single value, not yet encoded.
    Plain(String),
    /// A value that is encoded for its location, with its names.
    Composed(String),
}

/// A name, if the style writes one, and its encoded value.
type Piece = (Option<String>, String);

impl Parameter {
    /// Writes a value under a name; returns `None` for null, an empty list and an empty object.
    pub(crate) fn written(&self, name: &str, value: Value) -> Option<Written> {
        let pieces = match value {
            Value::Null => return None,
            value if self.style == Style::Json => return self.written_text(name, json(&value)),
            value if self.style == Style::DeepObject => {
                let mut pieces = Vec::new();
                self.deep(name, value, &mut pieces);
                pieces
            }
            Value::Array(items) => {
                let items = items.into_iter().filter_map(member);
                if self.explode {
                    let own = self.own_name(name);
                    items
                        .map(|item| (own.clone(), self.encoded(&item)))
                        .collect()
                } else {
                    self.joined(name, items)
                }
            }
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .filter_map(|(key, value)| Some((key, member(value)?)));
                if self.explode {
                    members
                        .map(|(key, value)| (Some(self.encoded(&key)), self.encoded(&value)))
                        .collect()
                } else {
                    self.joined(name, members.flat_map(|(key, value)| [key, value]))
                }
            }
            scalar => return self.written_text(name, text(scalar)),
        };
        (!pieces.is_empty()).then(|| Written::Composed(self.composed(pieces)))
    }

    /// Writes a value that is a single string.
    pub(crate) fn written_text(&self, name: &str, text: String) -> Option<Written> {
        if matches!(self.style, Style::Label | Style::Matrix) {
            let piece = (self.own_name(name), self.encoded(&text));
            return Some(Written::Composed(self.composed(vec![piece])));
        }
        Some(Written::Plain(text))
    }

    /// Appends a value in its wire format: in the query and in cookies with its name.
    pub(crate) fn push(&self, target: &mut String, name: &str, written: &Written) {
        let between = match self.location {
            Location::Query => "&",
            Location::Cookie => "; ",
            Location::Path | Location::Header => "",
        };
        if !target.is_empty() {
            target.push_str(between);
        }
        match written {
            Written::Composed(text) => target.push_str(text),
            Written::Plain(text) => {
                if let Some(name) = self.own_name(name) {
                    target.push_str(&name);
                    target.push('=');
                }
                self.encode(target, text);
            }
        }
    }

    fn composed(&self, pieces: Vec<Piece>) -> String {
        let (first, between) = match (self.style, self.location) {
            (Style::Label, _) => (".", "."),
            (Style::Matrix, _) => (";", ";"),
            (_, Location::Query) => ("", "&"),
            (_, Location::Cookie) => ("", "; "),
            (_, Location::Path | Location::Header) => ("", ","),
        };
        let mut composed = String::new();
        for (index, (name, value)) in pieces.into_iter().enumerate() {
            composed.push_str(if index == 0 { first } else { between });
            if let Some(name) = name {
                composed.push_str(&name);
                // As RFC 6570 has it: `;name` for an empty value.
                if self.style != Style::Matrix || !value.is_empty() {
                    composed.push('=');
                }
            }
            composed.push_str(&value);
        }
        composed
    }

    fn joined(&self, name: &str, texts: impl Iterator<Item = String>) -> Vec<Piece> {
        let between = match (self.style, self.location) {
            (Style::Space, Location::Header) => " ",
            (Style::Pipe, Location::Header) => "|",
            (Style::Tab, Location::Header) => "\t",
            (Style::Space, _) => "%20",
            (Style::Pipe, _) => "%7C",
            (Style::Tab, _) => "%09",
            _ => ",",
        };
        let texts: Vec<String> = texts.map(|text| self.encoded(&text)).collect();
        match texts.is_empty() {
            true => Vec::new(),
            false => vec![(self.own_name(name), texts.join(between))],
        }
    }

    fn deep(&self, path: &str, value: Value, pieces: &mut Vec<Piece>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.deep(&format!("{path}[{key}]"), value, pieces);
                }
            }
            Value::Array(items) => {
                for item in items.into_iter().filter_map(member) {
                    pieces.push((Some(self.encoded(path)), self.encoded(&item)));
                }
            }
            other => {
                let value = member(other).map(|text| self.encoded(&text));
                pieces.extend(value.map(|value| (Some(self.encoded(path)), value)));
            }
        }
    }

    /// Returns the parameter's own name, if the style writes it.
    fn own_name(&self, name: &str) -> Option<String> {
        match self.location {
            // Names of cookies are tokens, which need no encoding.
            Location::Cookie => Some(name.to_owned()),
            Location::Query => Some(encoded(name)),
            _ => (self.style == Style::Matrix).then(|| encoded(name)),
        }
    }

    /// Encodes a part of a composed value, in which commas are separators.
    fn encoded(&self, text: &str) -> String {
        let mut encoded = String::new();
        self.encode(&mut encoded, text);
        match self.reserved {
            true => encoded.replace(',', "%2C"),
            false => encoded,
        }
    }

    fn encode(&self, target: &mut String, text: &str) {
        let encoded_once;
        let text = if self.decoded_twice {
            encoded_once = text.replace('%', "%25").replace('+', "%2B");
            &encoded_once
        } else {
            text
        };
        match self.location {
            Location::Header => target.push_str(text),
            Location::Query if self.reserved => push_reserved(target, text),
            _ => push_encoded(target, text),
        }
    }
}

/// Converts an item of a list or a member of an object to a string; `None` for null.
fn member(value: Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

/// Returns a string unchanged, and any other value as JSON.
pub(crate) fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => json(&other),
    }
}

/// Writes a value as JSON. It does not use `Display`, whose code is larger because it can also
/// indent.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // What is given has texts for keys, and nothing else keeps a value from being written.
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns a string as the value of a header; fails if no header can contain it.
pub(crate) fn header_value(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|error| {
        Error::invalid(format!("`{text}` cannot be sent as a header")).caused_by(error)
    })
}
