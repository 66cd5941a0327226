//! Objects by kind and key, in the order of their creation.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::object::Object;

/// The sort value of a field. A missing value comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Absent,
    Boolean(bool),
    /// A number, created by [`Rank::number`].
    Number(i64),
    Text(String),
}

impl Rank {
    /// Creates a rank from the bits of a floating point number. It sorts as `f64::total_cmp` does.
    pub(crate) fn number(number: f64) -> Self {
        // Of the two zeros this makes one.
        let bits = (number + 0.0).to_bits().cast_signed();
        Self::Number(bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed())
    }
}

pub(crate) struct Collection {
    key_fields: &'static [&'static str],
    objects: IndexMap<String, Object>,
}

impl Collection {
    fn keyed_by(key_fields: &'static [&'static str]) -> Self {
        Self {
            key_fields,
            objects: IndexMap::new(),
        }
    }

    /// Returns the values of an object's key fields, separated by `/`.
    pub(crate) fn key_of(&self, object: &Object) -> String {
        let fields = self.key_fields.iter();
        let values = fields.map(|field| object.get(*field).map_or_else(String::new, text_of));
        values.collect::<Vec<_>>().join("/")
    }

    /// Adds an object, or replaces the one with the same key.
    pub(crate) fn put(&mut self, object: Object) {
        self.objects.insert(self.key_of(&object), object);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)
    }

    /// Returns an object, to change fields other than its key.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Object> {
        self.objects.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.objects.shift_remove(key);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&Object) -> bool) {
        self.objects.retain(|_, object| keep(object));
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Object> {
        self.objects.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Object> {
        self.objects.values_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }
}

impl Serialize for Collection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// All objects of an API by kind.
pub(crate) struct Collections {
    kinds: BTreeMap<&'static str, Collection>,
    /// Number of times that a collection could be changed.
    pub(crate) changes: u64,
    /// The collection of unknown kinds.
    nothing: Collection,
}

impl Collections {
    pub(crate) fn of(kinds: impl Iterator<Item = (&'static str, &'static [&'static str])>) -> Self {
        Self {
            kinds: kinds
                .map(|(kind, key_fields)| (kind, Collection::keyed_by(key_fields)))
                .collect(),
            changes: 0,
            nothing: Collection::keyed_by(&[]),
        }
    }

    pub(crate) fn get(&self, kind: &str) -> &Collection {
        self.kinds.get(kind).unwrap_or(&self.nothing)
    }

    pub(crate) fn get_mut(&mut self, kind: &str) -> &mut Collection {
        self.changes += 1;
        self.kinds.get_mut(kind).unwrap_or(&mut self.nothing)
    }

    pub(crate) fn known_mut(&mut self, kind: &str) -> Option<&mut Collection> {
        self.kinds.get_mut(kind)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Collection)> {
        self.kinds.iter().map(|(kind, held)| (*kind, held))
    }
}

/// Serializes the kinds that have objects.
impl Serialize for Collections {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().filter(|(_, held)| held.len() > 0))
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
