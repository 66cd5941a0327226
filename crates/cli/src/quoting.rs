//! Strings with and without quotes.

use serde_json::Value;

/// Returns a string without quotes, and any other value as JSON.
pub fn bare(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Quotes a string as one shell word.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
