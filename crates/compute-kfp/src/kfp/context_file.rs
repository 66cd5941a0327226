//! The context file, where the Python SDK stores a user's settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::Error;
use crate::credentials::{Credentials, IdentityHeader, SessionCookie};
use crate::settings::{Setting, trimmed};

/// Settings in a context file.
#[derive(Default)]
pub(super) struct ContextFile {
    pub path: PathBuf,
    pub namespace: Option<String>,
    /// The credentials for a proxy, each with its setting and the part of it that is no secret.
    pub credentials: Vec<(Setting, Option<String>, Arc<dyn Credentials>)>,
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
        let namespace = field("namespace")?;
        let mut credentials: Vec<(_, _, Arc<dyn Credentials>)> = Vec::new();
        if let Some(cookie) = field("client_authentication_cookie")? {
            let cookie = Arc::new(SessionCookie::new(cookie));
            credentials.push((Setting::SessionCookie, None, cookie));
        }
        const NAME: &str = "client_authentication_header_name";
        const VALUE: &str = "client_authentication_header_value";
        match (field(NAME)?, field(VALUE)?) {
            (Some(name), Some(value)) => {
                let header = Arc::new(IdentityHeader::new(&name, value));
                credentials.push((Setting::IdentityHeader, Some(name), header));
            }
            (None, None) => {}
            (Some(_), None) => return Err(wrong(&format!("has `{NAME}` and no `{VALUE}`"))),
            (None, Some(_)) => return Err(wrong(&format!("has `{VALUE}` and no `{NAME}`"))),
        }
        Ok(Self {
            path,
            namespace,
            credentials,
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
