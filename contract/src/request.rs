//! Requests of two clients. They are equal if a server sees no difference.

use std::collections::BTreeMap;

use serde_json::Value;

/// The parts of a request that a server reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Segments of the path, decoded.
    pub path: Vec<String>,
    /// Names and values of the query, decoded and sorted.
    pub query: Vec<(String, String)>,
    /// Credentials, by the name of their header.
    pub credentials: BTreeMap<String, String>,
    /// The body.
    pub body: Body,
}

/// A body with its media type.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// No body, or an empty one.
    Empty,
    /// JSON.
    Json(Value),
    /// The parts of a form: name, file name, content.
    Parts(Vec<(String, Option<String>, String)>),
    /// Anything else: media type and content.
    Other(String, String),
}

impl Body {
    /// Parses a body that was sent with this `content-type`.
    pub fn read(content_type: &str, bytes: &[u8]) -> Self {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let text = String::from_utf8_lossy(bytes);
        if bytes.is_empty() {
            return Self::Empty;
        }
        if let Some((_, boundary)) = content_type.split_once("boundary=") {
            return Self::Parts(parts(&text, boundary.trim_matches('"')));
        }
        match serde_json::from_slice(bytes) {
            Ok(value) if media == "application/json" => Self::Json(value),
            _ => Self::Other(media.to_owned(), text.into_owned()),
        }
    }
}

fn parts(text: &str, boundary: &str) -> Vec<(String, Option<String>, String)> {
    let delimiter = format!("--{boundary}");
    let parts = text.split(&delimiter).filter_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let attribute = |name: &str| {
            let (_, rest) = head.split_once(&format!("; {name}=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        Some((
            attribute("name")?,
            attribute("filename"),
            content.to_owned(),
        ))
    });
    let mut parts: Vec<_> = parts.collect();
    parts.sort();
    parts
}
