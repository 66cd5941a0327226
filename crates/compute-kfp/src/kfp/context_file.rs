//! The context file, where the Python SDK stores a user's settings.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Error;
use crate::settings::trimmed;

/// Settings in a context file.
#[derive(Default)]
pub(super) struct ContextFile {
    pub path: PathBuf,
    pub namespace: Option<String>,
    pub cookie: Option<String>,
    /// Name and value of the identity header.
    pub header: Option<(String, String)>,
}

impl ContextFile {
    /// Reads this file, which may be missing.
    pub fn read(path: PathBuf) -> Result<Self, Error> {
        let Some(text) = content(&path)? else {
            return Ok(Self::default());
        };
        let wrong = |what: &str| {
            Error::configuration(format!("the KFP context file `{}` {what}", path.display()))
        };
        let json: Value = serde_json::from_str(&text).map_err(|error| {
            wrong(&format!("is not JSON: {error}; correct or remove it")).caused_by(error)
        })?;
        let Value::Object(fields) = json else {
            return Err(wrong("is not a JSON object; correct or remove it"));
        };
        let field = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(trimmed(text)),
            // The value is not shown.
            Some(_) => Err(wrong(&format!(
                "has a `{name}` that is not a string; correct it"
            ))),
        };
        const NAME: &str = "client_authentication_header_name";
        const VALUE: &str = "client_authentication_header_value";
        let header = match (field(NAME)?, field(VALUE)?) {
            (Some(name), Some(value)) => Some((name, value)),
            (None, None) => None,
            (Some(_), None) => return Err(wrong(&format!("has `{NAME}` and no `{VALUE}`"))),
            (None, Some(_)) => return Err(wrong(&format!("has `{VALUE}` and no `{NAME}`"))),
        };
        Ok(Self {
            namespace: field("namespace")?,
            cookie: field("client_authentication_cookie")?,
            header,
            path,
        })
    }
}

/// Returns the content of a file, or `None` if it is missing or empty.
pub(super) fn content(path: &Path) -> Result<Option<String>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::configuration(format!(
            "cannot read the file `{}`: {error}; correct or remove it",
            path.display()
        ))
        .caused_by(error)
    })?;
    Ok(trimmed(&text))
}
