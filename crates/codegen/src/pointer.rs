//! JSON pointers (RFC 6901), which name places in a document.

use std::fmt;

use serde_json::Value;

/// A place in a document, cheap to extend while walking.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pointer(String);

impl Pointer {
    pub(crate) fn root() -> Self {
        Self::default()
    }

    pub(crate) fn at(&self, key: impl fmt::Display) -> Self {
        let mut pointer = format!("{}/{key}", self.0);
        let start = self.0.len() + 1;
        if pointer[start..].contains('~') || pointer[start..].contains('/') {
            let escaped = pointer[start..].replace('~', "~0").replace('/', "~1");
            pointer.truncate(start);
            pointer.push_str(&escaped);
        }
        Self(pointer)
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the keys of the pointer, unescaped.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.0
            .split('/')
            .skip(1)
            .map(|key| key.replace("~1", "/").replace("~0", "~"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

impl From<&Pointer> for String {
    fn from(pointer: &Pointer) -> Self {
        pointer.0.clone()
    }
}

/// Returns the value of a key or an index.
pub(crate) fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}
