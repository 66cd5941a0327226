//! Settings from environment variables.

use std::ffi::OsString;

use crate::Error;

/// What a variable's value says; an empty one counts as not set.
pub(crate) fn text(name: &str, value: Option<OsString>) -> Result<Option<String>, Error> {
    let Some(value) = value else { return Ok(None) };
    // The value itself is not shown: it may be a token.
    let value = value.into_string().map_err(|_| {
        Error::configuration(format!(
            "the environment variable `{name}` is not UTF-8; set it anew"
        ))
    })?;
    Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
}
