//! Properties that a server sends as null, for `#[serde(deserialize_with = "…")]`.

use serde::de::{Deserialize, Deserializer};

/// Reads null as an empty list or map.
pub fn as_empty<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads null as a value, so that the field is `None` only if the property is absent.
pub fn as_value<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
