//! What a mock expects of a request.

use serde::Serialize;
use serde_json::Value;

use crate::content::Content;
use crate::endpoint::encoded;
use crate::error::BuildError;
use crate::operation::{Location, Operation, Parameter, Style};
use crate::request::{Request, text};

/// A value in a path: any, as clients write them.
const ANY_SEGMENT: &str = "[^/:]+";

/// What a mock expects of the requests of an operation: method and path, and what was set.
///
/// It has the methods of a [`Request`] that set something, so that what is expected is written as
/// what is sent. What a client would refuse to send is never met.
pub struct When {
    /// Absent while it is changed.
    inner: Option<httpmock::When>,
    operation: &'static Operation,
}

impl When {
    /// Expects a request of this operation among `operations`; generated code makes it.
    pub fn new(
        inner: httpmock::When,
        operation: &'static Operation,
        operations: &[&'static Operation],
    ) -> Self {
        let mut inner = inner
            .method(operation.method)
            .path_matches(path(operation, None));
        for path in more_exact(operation, operations) {
            inner = inner.path_not(path);
        }
        Self {
            inner: Some(inner),
            operation,
        }
    }

    /// Expects a parameter, by its name in the description; a list by all of its items.
    pub fn set<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        let mut request = Request::new(self.operation);
        request.set(name, value);
        match (self.operation.parameter(name), request.texts(name)) {
            (Some(parameter), Some(texts)) => self.parameter(parameter, texts),
            _ => self.never(),
        }
    }

    /// Expects a parameter that is a text.
    pub fn set_text(&mut self, name: &str, text: String) {
        self.set(name, &text);
    }

    fn parameter(&mut self, parameter: &'static Parameter, texts: &[String]) {
        let (name, operation) = (parameter.name, self.operation);
        match parameter.location {
            Location::Path => {
                let texts: Vec<String> = texts.iter().map(|text| encoded(text)).collect();
                let path = path(operation, Some((name, &texts.join(","))));
                self.request(|when| when.path_matches(path));
            }
            Location::Query => {
                let between = match parameter.style {
                    Style::Repeat => None,
                    Style::Space => Some(" "),
                    Style::Pipe => Some("|"),
                    Style::Comma | Style::Json => Some(","),
                };
                match between {
                    Some(between) => {
                        self.request(|when| when.query_param(name, texts.join(between)))
                    }
                    None => self.request(|when| {
                        texts
                            .iter()
                            .fold(when, |when, text| when.query_param(name, text))
                    }),
                }
            }
            Location::Header => self.request(|when| when.header(name, texts.join(","))),
            Location::Cookie => {
                let cookie = format!("{name}={}", encoded(&texts.join(",")));
                self.request(|when| when.header_includes("cookie", cookie));
            }
        }
    }

    /// Expects exactly this JSON as the body.
    pub fn json_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        match body.map(|body| serde_json::to_value(&body)) {
            Ok(Ok(body)) => self.request(|when| when.json_body(body)),
            _ => self.never(),
        }
    }

    /// Expects these fields in a form.
    pub fn form_body<T: Serialize>(&mut self, body: Result<T, BuildError>) {
        let Ok(Ok(Value::Object(fields))) = body.map(|body| serde_json::to_value(&body)) else {
            return self.never();
        };
        for (name, value) in fields {
            let values = match value {
                Value::Null => continue,
                Value::Array(items) => items,
                value => vec![value],
            };
            for value in values {
                self.request(|when| when.form_urlencoded_tuple(&name, text(value)));
            }
        }
    }

    /// Expects this content in the body.
    pub fn raw_body(&mut self, _media: &'static str, content: Content) {
        self.content(content);
    }

    /// Expects a part that is a file with this content.
    pub fn file_part(&mut self, name: &'static str, content: Content) {
        self.part(name);
        self.content(content);
    }

    /// Expects a part that is this text.
    pub fn text_part(&mut self, name: &'static str, text: String) {
        self.part(name);
        self.request(|when| when.body_includes(text));
    }

    fn part(&mut self, name: &'static str) {
        self.request(|when| when.body_includes(format!("name=\"{name}\"")));
    }

    fn content(&mut self, content: Content) {
        let Some(expected) = content.read() else {
            return self.never();
        };
        self.request(|when| {
            when.is_true(move |request| {
                let mut windows = request.body_ref().windows(expected.len().max(1));
                expected.is_empty() || windows.any(|window| window == expected)
            })
        });
    }

    /// Expects more of the request, in the words of [`httpmock`].
    pub fn request(&mut self, set: impl FnOnce(httpmock::When) -> httpmock::When) {
        self.inner = self.inner.take().map(set);
    }

    fn never(&mut self) {
        self.request(|when| when.is_true(|_| false));
    }
}

/// The pattern of an operation's path, with one value or with none fixed.
fn path(operation: &Operation, fixed: Option<(&str, &str)>) -> String {
    let mut pattern = String::from("^");
    let mut rest = operation.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        pattern.push_str(&escaped(before));
        match fixed {
            Some((known, value)) if known == name => pattern.push_str(&escaped(value)),
            _ => pattern.push_str(ANY_SEGMENT),
        }
        rest = after;
    }
    pattern.push_str(&escaped(rest));
    pattern.push('$');
    pattern
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            (c.is_ascii_punctuation().then_some('\\'))
                .into_iter()
                .chain([c])
        })
        .collect()
}

/// Paths without a parameter of other operations, which this one's path covers.
fn more_exact(
    operation: &Operation,
    operations: &[&'static Operation],
) -> impl Iterator<Item = &'static str> {
    let covered = |other: &&&'static Operation| {
        let segments = || operation.path.split('/').zip(other.path.split('/'));
        other.method == operation.method
            && other.path != operation.path
            && !other.path.contains('{')
            && operation.path.split('/').count() == other.path.split('/').count()
            && segments().all(|(own, other)| own == other || own.starts_with('{'))
    };
    let covered: Vec<_> = operations
        .iter()
        .filter(covered)
        .map(|it| it.path)
        .collect();
    covered.into_iter()
}
