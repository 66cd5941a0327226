//! Lists that take no more memory than they need.

use serde::de::{Deserialize, Deserializer};

/// Bytes of spare room from which on it is given back.
const WORTH_IT: usize = 256;

/// Reads a list that may be absent, and gives back the memory that it grew by for nothing.
///
/// A list is read without knowing its length, and has room for four elements as soon as it has
/// one; of large elements that is more than the rest of an answer. Below 256 bytes it is kept: to
/// give it back costs more than it is worth. Used as
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
///     tasks: Option<Vec<[u64; 32]>>,
/// }
///
/// let text = format!(r#"{{"tasks": [{:?}]}}"#, [0; 32]);
/// let run: Run = serde_json::from_str(&text)?;
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
        let spare = (list.capacity() - list.len()) * size_of::<T>();
        if spare >= WORTH_IT {
            list.shrink_to_fit();
        }
    }
    Ok(list)
}
