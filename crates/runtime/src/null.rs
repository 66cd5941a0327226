//! Properties that a server sends as null.

use serde::de::{Deserialize, Deserializer};

/// Reads null as an empty list or map.
///
/// Use it for a required array or map, as
/// `#[serde(deserialize_with = "compute_kfp_runtime::null::as_empty")]`. With `default` added, the
/// property may be absent as well.
///
/// # Errors
///
/// Returns the error of deserializing a `T`.
///
/// # Examples
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Page {
///     #[serde(default, deserialize_with = "compute_kfp_runtime::null::as_empty")]
///     items: Vec<String>,
/// }
///
/// let page: Page = serde_json::from_str(r#"{"items": null}"#)?;
/// assert!(page.items.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn as_empty<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads null as a value, not as the absence of one.
///
/// Use it for a free-form property, in which null is an ordinary value, as
/// `#[serde(default, deserialize_with = "compute_kfp_runtime::null::as_value")]` on an `Option`.
/// The field is then `None` only if the property is absent.
///
/// # Errors
///
/// Returns the error of deserializing a `T`.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Refused {
///     #[serde(default, deserialize_with = "compute_kfp_runtime::null::as_value")]
///     input: Option<serde_json::Value>,
/// }
///
/// let refused: Refused = serde_json::from_str(r#"{"input": null}"#)?;
/// assert_eq!(refused.input, Some(serde_json::Value::Null));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn as_value<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
