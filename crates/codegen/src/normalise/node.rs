//! Values of a lifted document, each with its place.

use serde_json::Value;

use crate::lift::strings;
use crate::pointer::Pointer;

/// Maximum length of a description; longer ones are truncated.
const MAX_PROSE: usize = 20_000;

/// A value and its place.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    pub at: Pointer,
}

impl<'a> Node<'a> {
    pub fn new(value: &'a Value, at: Pointer) -> Self {
        Self { value, at }
    }

    pub fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    pub fn get(&self, key: &str) -> Option<Self> {
        Some(Self::new(self.value.get(key)?, self.at.at(key)))
    }

    /// Returns the value of a key, or null at its place if there is none.
    pub fn child(&self, key: &str) -> Self {
        static NULL: Value = Value::Null;
        Self::new(self.value.get(key).unwrap_or(&NULL), self.at.at(key))
    }

    /// Returns the entries of an object; none for another value.
    pub fn entries(&self) -> impl Iterator<Item = (&'a String, Self)> + use<'a> {
        let at = self.at.clone();
        let entries = self.value.as_object().into_iter().flatten();
        entries.map(move |(key, value)| (key, Self::new(value, at.at(key))))
    }

    /// Returns the items of a list; none for another value.
    pub fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let at = self.at.clone();
        let items = self.value.as_array().into_iter().flatten();
        (items.enumerate()).map(move |(index, value)| Self::new(value, at.at(index)))
    }

    pub fn str(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// Returns a string that is not blank.
    pub fn text(&self, key: &str) -> Option<String> {
        let text = self.str(key).filter(|text| !text.trim().is_empty())?;
        Some(text.to_owned())
    }

    /// Returns a text for documentation.
    pub fn prose(&self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        match text.char_indices().find(|(index, _)| *index >= MAX_PROSE) {
            Some((end, _)) => Some(format!("{}…", &text[..end])),
            None => Some(text),
        }
    }

    pub fn flag(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    pub fn strings(&self, key: &str) -> Vec<String> {
        strings(self.value.get(key))
    }
}
