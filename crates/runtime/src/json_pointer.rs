//! JSON pointers (RFC 6901).

/// Returns the pointer with these steps.
///
/// ```
/// use compute_kfp_runtime::json_pointer;
///
/// assert_eq!(json_pointer::of(["runs", "a/b"]), "/runs/a~1b");
/// assert_eq!(json_pointer::of([""; 0]), "");
/// ```
pub fn of(steps: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let steps = steps.into_iter();
    let escaped = steps.map(|step| step.as_ref().replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|step| ["/".to_owned(), step]).collect()
}
