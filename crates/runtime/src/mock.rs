//! The parts of generated mocks that are the same for every API, on [`httpmock`].
//!
//! Generated clients add a method to [`httpmock::MockServer`] for each operation.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use crate::endpoint::encoded;

pub use httpmock;

/// Returns the pattern of a value in a path, as clients encode it.
///
/// ```
/// assert_eq!(compute_kfp_runtime::mock::path_segment("a/b"), r"a\%2Fb");
/// assert_eq!(compute_kfp_runtime::mock::path_segment(7), "7");
/// ```
pub fn path_segment(value: impl Display) -> String {
    let encoded = encoded(&value.to_string());
    let escaped = encoded.chars().flat_map(|c| {
        c.is_ascii_punctuation()
            .then_some('\\')
            .into_iter()
            .chain([c])
    });
    escaped.collect()
}

/// Returns a value as clients write it into a query.
///
/// ```
/// assert_eq!(compute_kfp_runtime::mock::text("a b"), "a b");
/// assert_eq!(compute_kfp_runtime::mock::text(&7), "7");
/// ```
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}

/// Returns values as JSON, each on a line and between these strings.
///
/// ```
/// use compute_kfp_runtime::mock::json_lines;
///
/// assert_eq!(json_lines([1, 2], "[", "]"), "[1]\n[2]\n");
/// ```
pub fn json_lines<T: Serialize>(
    values: impl IntoIterator<Item = T>,
    start: &str,
    end: &str,
) -> String {
    let json = |value: T| serde_json::to_string(&value).unwrap_or_default();
    let lines = values.into_iter().map(json);
    lines.map(|json| format!("{start}{json}{end}\n")).collect()
}
