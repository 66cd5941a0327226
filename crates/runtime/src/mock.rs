//! The parts of generated mocks that are common to all APIs, based on [`httpmock`].
//!
//! Generated clients add a method to [`httpmock::MockServer`] for each operation.

use httpmock::When;
use serde::Serialize;

use crate::operation::{Location, Operation};

pub use httpmock;

/// Returns the pattern of a path parameter's value, as clients write it in its style.
pub fn segment<T: Serialize + ?Sized>(operation: &Operation, argument: &str, value: &T) -> String {
    let written = written(operation, argument, value).unwrap_or_default();
    let escaped = written.chars().flat_map(|c| {
        c.is_ascii_punctuation()
            .then_some('\\')
            .into_iter()
            .chain([c])
    });
    escaped.collect()
}

/// Expects a parameter in the query, headers or cookies, as clients write it in its style.
///
/// A value that is not sent, such as an empty list, is not expected either.
pub fn expect<T: Serialize + ?Sized>(
    when: When,
    operation: &Operation,
    argument: &str,
    value: &T,
) -> When {
    let (Some(parameter), Some(text)) = (
        operation.parameter(argument),
        written(operation, argument, value),
    ) else {
        return when;
    };
    match parameter.location {
        Location::Query => {
            let pairs = url::form_urlencoded::parse(text.as_bytes());
            pairs.fold(when, |when, (name, value)| when.query_param(name, value))
        }
        Location::Header => when.header(parameter.name, text),
        Location::Cookie => when.header_includes("cookie", text),
        Location::Path => when,
    }
}

/// Expects a parameter like [`expect`], or that it is not sent.
pub fn expect_optional<T: Serialize>(
    when: When,
    operation: &Operation,
    argument: &str,
    value: Option<T>,
) -> When {
    match (value, operation.parameter(argument)) {
        (Some(value), _) => expect(when, operation, argument, &value),
        (None, Some(parameter)) => match parameter.location {
            Location::Query => when.query_param_missing(parameter.name),
            Location::Header => when.header_missing(parameter.name),
            // Other cookies may be in the same header, and a path has all of its parameters.
            Location::Cookie | Location::Path => when,
        },
        (None, None) => when,
    }
}

fn written<T: Serialize + ?Sized>(
    operation: &Operation,
    argument: &str,
    value: &T,
) -> Option<String> {
    let parameter = operation.parameter(argument)?;
    let written = parameter.written(parameter.name, serde_json::to_value(value).ok()?)?;
    let mut text = String::new();
    parameter.push(&mut text, parameter.name, &written);
    Some(text)
}

/// Returns values as JSON, each on its own line, between these two strings.
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
