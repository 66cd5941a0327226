//! The parts of generated mocks that are common to all APIs, based on [`httpmock`].
//!
//! Generated clients add a method to [`httpmock::MockServer`] for each operation.

use httpmock::When;
use serde::Serialize;

use crate::operation::{Location, Operation};

pub use httpmock;

/// An expected request of an operation, which generated mocks wrap.
#[must_use]
pub struct Expected {
    when: When,
    operation: &'static Operation,
}

impl Expected {
    /// Expects a request of an operation with any values in its path, but not the path of another
    /// one of these operations.
    pub fn new(when: When, operation: &'static Operation, operations: &[&Operation]) -> Self {
        let when = when
            .method(operation.method)
            .path_matches(pattern(operation, None));
        let others = operations.iter().filter(|other| {
            other.method == operation.method
                && other.path != operation.path
                && !other.path.contains('{')
        });
        let when = others.fold(when, |when, other| when.path_not(other.path));
        Self { when, operation }
    }

    /// Returns the value that `httpmock` passed to the mock.
    pub fn into_inner(self) -> When {
        self.when
    }

    /// Adds any expectation of `httpmock`.
    pub fn with(mut self, expect: impl FnOnce(When) -> When) -> Self {
        self.when = expect(self.when);
        self
    }

    /// Expects a parameter as clients write it, in its style.
    ///
    /// A value that clients do not send, such as `None` or an empty list, must be absent.
    pub fn parameter(self, argument: &str, value: impl Serialize) -> Self {
        let operation = self.operation;
        let Some(parameter) = operation.parameter(argument) else {
            return self;
        };
        let (name, value) = (parameter.name, serde_json::to_value(value));
        let written = parameter.written(name, value.unwrap_or_default());
        let text = written.map(|written| {
            let mut text = String::new();
            parameter.push(&mut text, name, &written);
            text
        });
        self.with(|when| match (parameter.location, text) {
            (Location::Path, Some(text)) => {
                when.path_matches(pattern(operation, Some((name, &text))))
            }
            (Location::Query, Some(text)) => {
                let pairs = url::form_urlencoded::parse(text.as_bytes());
                pairs.fold(when, |when, (name, value)| when.query_param(name, value))
            }
            (Location::Query, None) => when.query_param_missing(name),
            (Location::Header, Some(text)) => when.header(name, text),
            (Location::Header, None) => when.header_missing(name),
            (Location::Cookie, Some(text)) => when.header_includes("cookie", text),
            // Other cookies may be in the same header, and a path has all of its parameters.
            (Location::Cookie | Location::Path, None) => when,
        })
    }
}

/// Returns the pattern of an operation's path, with any values except for a given one.
fn pattern(operation: &Operation, given: Option<(&str, &str)>) -> String {
    let mut pattern = String::from("^");
    for (text, name) in operation.path_pieces() {
        push_escaped(&mut pattern, text);
        match (name, given) {
            (Some(name), Some((given, value))) if name == given => {
                push_escaped(&mut pattern, value);
            }
            (Some(_), _) => pattern.push_str("[^/:]+"),
            (None, _) => {}
        }
    }
    pattern + "$"
}

/// Appends a string that a pattern matches literally.
fn push_escaped(pattern: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(c);
    }
}

/// Returns values as JSON, each on its own line, between these two strings.
#[doc(hidden)]
pub fn json_lines<T: Serialize>(
    values: impl IntoIterator<Item = T>,
    start: &str,
    end: &str,
) -> String {
    let json = |value: T| serde_json::to_string(&value).unwrap_or_default();
    let lines = values.into_iter().map(json);
    lines.map(|json| format!("{start}{json}{end}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_exactly_the_path_with_any_value_or_a_given_one() {
        let stop = Operation::new("stop", "stop", "GET", "/a.b/{id}:stop");
        assert_eq!(pattern(&stop, None), r"^\/a\.b\/[^/:]+\:stop$");
        let given = pattern(&stop, Some(("id", "x.y")));
        assert_eq!(given, r"^\/a\.b\/x\.y\:stop$");
    }

    #[test]
    fn values_are_lines_of_json() {
        assert_eq!(json_lines([1, 2], "[", "]"), "[1]\n[2]\n");
    }
}
