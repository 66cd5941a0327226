//! Tokens in environment variables.

use std::env::{self, VarError};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Authorization, Credentials, Pending};
use crate::error::Error;

/// A token that is read from an environment variable before each call and sent as `Bearer <token>`.
///
/// Surrounding white space is removed.
///
/// ```
/// use compute_kfp_runtime::credentials::TokenVariable;
///
/// let token = TokenVariable::new("KFP_TOKEN");
/// # drop(token);
/// ```
#[derive(Clone, Debug)]
pub struct TokenVariable {
    name: String,
}

impl TokenVariable {
    /// Creates a token from the environment variable `name`, which may be set later.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    fn token(&self) -> Result<SecretString, Error> {
        let Self { name } = self;
        // Some platforms refuse to look up such a name by panicking.
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Error::configuration(format!(
                "{name:?} is not the name of an environment variable"
            )));
        }
        let wrong =
            |what: &str| Error::authentication(format!("the environment variable `{name}` {what}"));
        match env::var(name).map(SecretString::from) {
            Ok(token) if token.expose_secret().trim().is_empty() => {
                Err(wrong("is empty; set it to a token"))
            }
            Ok(token) => Ok(token),
            Err(VarError::NotPresent) => Err(wrong("is not set; set it to a token")),
            // The error itself would show the value.
            Err(VarError::NotUnicode(_)) => Err(wrong("is not UTF-8; set it again")),
        }
    }
}

impl Credentials for TokenVariable {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.token(self.token()?.expose_secret()) })
    }
}
