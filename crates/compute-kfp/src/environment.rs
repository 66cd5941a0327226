//! Settings from environment variables.

use std::env::{self, VarError};

use crate::Error;

/// The value of a variable; an empty one counts as not set.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::configuration(format!(
            "the environment variable `{name}` is not UTF-8; set it anew"
        ))),
    }
}
