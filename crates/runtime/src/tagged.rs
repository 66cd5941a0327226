//! Objects that are distinguished by one property, their tag.

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Returns the tag of an object, if it has one that is a string.
pub fn tag<'v>(value: &'v Value, tag: &str) -> Option<&'v str> {
    value.get(tag)?.as_str()
}

/// Reads an object as the type that belongs to its tag; the error names the tag.
pub fn read<T: DeserializeOwned, E: serde::de::Error>(value: Value, tag: &str) -> Result<T, E> {
    let name = value.get(tag).cloned().unwrap_or_default();
    T::deserialize(value).map_err(|error| E::custom(format!("`{tag}` is {name}, but {error}")))
}

/// Writes an object with its tag, unless the object itself has one.
pub fn write<T: Serialize, S: Serializer>(
    value: &T,
    tag: &str,
    name: &str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(value).map_err(S::Error::custom)?;
    if let Some(object) = value.as_object_mut() {
        let present = object.entry(tag).or_insert(Value::Null);
        if present.is_null() {
            *present = name.into();
        }
    }
    value.serialize(serializer)
}
