//! JSON pointers (RFC 6901).

/// Returns the pointer with these steps.
pub fn of(steps: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let steps = steps.into_iter();
    let escaped = steps.map(|step| step.as_ref().replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|step| ["/".to_owned(), step]).collect()
}
