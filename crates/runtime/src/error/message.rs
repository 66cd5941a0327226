//! What a server says went wrong, out of the shapes in which frameworks write it.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::begins;

/// Longer texts are cut: they are for a person.
const LONGEST: usize = 2_000;

pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(json) => in_json(&json),
        Err(_) => plain(headers, body),
    }?;
    // A terminal obeys control characters.
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(LONGEST).collect())
}

fn in_json(json: &Value) -> Option<String> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    // google.rpc.Status: the first detail is for people, the message for those who run the server.
    filled(
        json.get("details")
            .and_then(|details| text(details.get(0)?, "message")),
    )
    .or_else(|| filled(text(json, "message")))
    .or_else(|| {
        let message = filled(text(json, "error_message"))?;
        Some(
            match filled(text(json, "error_details")).filter(|details| *details != message) {
                Some(details) => format!("{message}: {details}"),
                None => message,
            },
        )
    })
    .or_else(|| match json.get("detail")? {
        Value::String(detail) => Some(detail.clone()),
        Value::Array(errors) => Some(errors.iter().map(validation).collect::<Vec<_>>().join("; ")),
        _ => None,
    })
    .or_else(|| match json.get("error")? {
        Value::String(error) => Some(match text(json, "error_description") {
            Some(description) => format!("{error}: {description}"),
            None => error.clone(),
        }),
        nested => text(nested, "message"),
    })
}

/// One validation error of FastAPI, as `loc: msg`.
fn validation(error: &Value) -> String {
    let message = error
        .get("msg")
        .and_then(Value::as_str)
        .unwrap_or("invalid");
    let place = error.get("loc").and_then(Value::as_array).map(|parts| {
        let parts: Vec<String> = parts
            .iter()
            .filter_map(|part| match part {
                Value::String(name) => Some(name.clone()),
                Value::Number(index) => Some(index.to_string()),
                _ => None,
            })
            .collect();
        parts.join(".")
    });
    match place {
        Some(place) if !place.is_empty() => format!("{place}: {message}"),
        _ => message.to_owned(),
    }
}

fn plain(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?;
    begins(kind.as_bytes(), "text/plain").then(|| String::from_utf8_lossy(body).into_owned())
}
