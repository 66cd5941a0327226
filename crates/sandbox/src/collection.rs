//! Objects of one kind: found by key, and read in the order of their creation or of a field.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::store::Object;

pub(crate) type Key = Vec<String>;

/// Position of an object in an order: by the sort value, then by the key.
pub(crate) type Place = (Rank, Key);

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

/// Objects of one kind in the order of their creation, with an index by key.
pub(crate) struct Collection {
    key_fields: &'static [&'static str],
    added: u64,
    numbers: BTreeMap<Key, u64>,
    objects: BTreeMap<u64, Object>,
    changes: u64,
    /// Orders, created on first use and then kept up to date.
    orders: RefCell<Vec<Order>>,
}

/// An index of all objects by a field. A page can be read from it without looking at other objects.
struct Order {
    field: String,
    rank: Box<dyn Fn(&Object) -> Rank + Send>,
    entries: BTreeMap<Place, u64>,
}

impl Collection {
    pub(crate) fn keyed_by(key_fields: &'static [&'static str]) -> Self {
        Self {
            key_fields,
            added: 0,
            numbers: BTreeMap::new(),
            objects: BTreeMap::new(),
            changes: 0,
            orders: RefCell::default(),
        }
    }

    pub(crate) fn key_of(&self, object: &Object) -> Key {
        self.key_fields
            .iter()
            .map(|field| object.get(*field).map_or_else(String::new, text_of))
            .collect()
    }

    /// Adds an object, or replaces the one with the same key.
    pub(crate) fn put(&mut self, object: Object) {
        let key = self.key_of(&object);
        let number = *self.numbers.entry(key.clone()).or_insert_with(|| {
            self.added += 1;
            self.added
        });
        let held = self.objects.get(&number);
        for order in self.orders.get_mut() {
            if let Some(held) = held {
                order.entries.remove(&((order.rank)(held), key.clone()));
            }
            let place = ((order.rank)(&object), key.clone());
            order.entries.insert(place, number);
        }
        self.objects.insert(number, object);
        self.changes += 1;
    }

    pub(crate) fn get(&self, key: &[&str]) -> Option<&Object> {
        self.objects.get(self.numbers.get(&owned(key))?)
    }

    pub(crate) fn remove(&mut self, key: &[&str]) -> Option<Object> {
        let key = owned(key);
        let object = self.objects.remove(&self.numbers.remove(&key)?)?;
        for order in self.orders.get_mut() {
            order.entries.remove(&((order.rank)(&object), key.clone()));
        }
        self.changes += 1;
        Some(object)
    }

    /// Removes the objects that do not match.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Object) -> bool) {
        let unwanted = self.iter().filter(|object| !keep(object));
        let keys: Vec<Key> = unwanted.map(|object| self.key_of(object)).collect();
        for key in keys {
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            self.remove(&key);
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Object> {
        self.objects.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Returns the object with a number from [`numbers_by`](Self::numbers_by).
    pub(crate) fn numbered(&self, number: u64) -> Option<&Object> {
        self.objects.get(&number)
    }

    /// Returns the number of additions, replacements and removals so far.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Reads the numbers of objects in the order of a field, starting after a place, as long as `read`
    /// returns true.
    pub(crate) fn numbers_by<Of, Read>(
        &self,
        field: &str,
        rank: impl Fn() -> Of,
        after: Option<&Place>,
        descending: bool,
        mut read: Read,
    ) where
        Of: Fn(&Object) -> Rank + Send + 'static,
        Read: FnMut(u64) -> bool,
    {
        let mut orders = self.orders.borrow_mut();
        let known = orders.iter().position(|order| order.field == field);
        let index = known.unwrap_or_else(|| {
            orders.push(self.order(field, rank()));
            orders.len() - 1
        });
        let Some(order) = orders.get(index) else {
            return;
        };
        let bound = after.map_or(Bound::Unbounded, Bound::Excluded);
        if descending {
            let entries = order.entries.range((Bound::Unbounded, bound)).rev();
            entries.map(|(_, number)| *number).all(read);
        } else {
            let mut entries = order.entries.range((bound, Bound::Unbounded));
            entries.all(|(_, number)| read(*number));
        }
    }

    fn order(&self, field: &str, rank: impl Fn(&Object) -> Rank + Send + 'static) -> Order {
        let entries = self.numbers.iter().filter_map(|(key, number)| {
            let object = self.objects.get(number)?;
            Some(((rank(object), key.clone()), *number))
        });
        Order {
            field: field.to_owned(),
            entries: entries.collect(),
            rank: Box::new(rank),
        }
    }
}

/// Serializes the objects in the order of their creation.
impl Serialize for Collection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

fn owned(key: &[&str]) -> Key {
    key.iter().map(|part| (*part).to_owned()).collect()
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Rank;

    #[test]
    fn numbers_sort_by_their_value() {
        let numbers = [
            f64::NEG_INFINITY,
            -2.5,
            -1e-9,
            0.0,
            1e-9,
            3.0,
            f64::INFINITY,
        ];
        let ranks = numbers.map(Rank::number);
        assert!(ranks.is_sorted() && ranks.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(Rank::number(-0.0), Rank::number(0.0));
    }
}
