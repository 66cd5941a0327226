//! Objects that are distinguished by one property, their tag.

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Returns the tag of an object, if it has one that is a string.
///
/// ```
/// use compute_kfp_runtime::tagged::tag;
///
/// assert_eq!(tag(&serde_json::json!({"kind": "apple"}), "kind"), Some("apple"));
/// assert_eq!(tag(&serde_json::json!(["kind"]), "kind"), None);
/// ```
#[must_use]
pub fn tag<'v>(value: &'v Value, tag: &str) -> Option<&'v str> {
    value.get(tag)?.as_str()
}

/// Reads an object as the type that belongs to its tag.
///
/// # Errors
///
/// Fails if the object is not of this type. The error names the tag.
///
/// ```
/// use compute_kfp_runtime::tagged::read;
///
/// let value = serde_json::json!({"kind": "apple", "weight": "heavy"});
/// let error = read::<std::collections::BTreeMap<String, u8>, serde_json::Error>(value, "kind");
/// assert!(error.unwrap_err().to_string().starts_with("`kind` is \"apple\", but "));
/// ```
pub fn read<T: DeserializeOwned, E: serde::de::Error>(value: Value, tag: &str) -> Result<T, E> {
    let name = value.get(tag).cloned().unwrap_or_default();
    T::deserialize(value).map_err(|error| E::custom(format!("`{tag}` is {name}, but {error}")))
}

/// Writes an object with its tag, unless the object itself has one.
///
/// # Errors
///
/// Fails if the value cannot be written as JSON.
///
/// ```
/// let mut text = Vec::new();
/// let mut serializer = serde_json::Serializer::new(&mut text);
/// let apple = std::collections::BTreeMap::from([("cultivar", "elstar")]);
/// compute_kfp_runtime::tagged::write(&apple, "kind", "apple", &mut serializer)?;
/// let written: serde_json::Value = serde_json::from_slice(&text)?;
/// assert_eq!(written, serde_json::json!({"kind": "apple", "cultivar": "elstar"}));
/// # Ok::<(), serde_json::Error>(())
/// ```
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
