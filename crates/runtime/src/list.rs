//! Lists that take no more memory than they need.

use serde::de::{Deserialize, Deserializer};

/// Reads a list that may be absent, and gives back the memory that it grew by for nothing.
///
/// A list is read without knowing its length, and has room for four elements as soon as it has
/// one; of large elements that is more than the rest of an answer. Used as
/// `#[serde(default, deserialize_with = "compute_kfp_runtime::list::exact")]`.
///
/// # Errors
///
/// What reading a `T` gives.
///
/// # Examples
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Run {
///     #[serde(default, deserialize_with = "compute_kfp_runtime::list::exact")]
///     tasks: Option<Vec<String>>,
/// }
///
/// let run: Run = serde_json::from_str(r#"{"tasks": ["calibrate"]}"#)?;
/// assert_eq!(run.tasks.map(|tasks| tasks.capacity()), Some(1));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn exact<'de, T, D>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let mut list = Option::<Vec<T>>::deserialize(deserializer)?;
    if let Some(list) = &mut list {
        list.shrink_to_fit();
    }
    Ok(list)
}
