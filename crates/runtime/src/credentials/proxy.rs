//! What proxies before a server ask for.

use std::fmt;

use http::header::COOKIE;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Authorization, Credentials, Pending, header_name};
use crate::error::Error;

/// Cookies of a session, as a proxy such as Dex or oauth2-proxy sets them after a login.
///
/// They are sent beside the cookies that a request has already. To send a token as well, combine
/// both in a `Vec<Arc<dyn Credentials>>`.
///
/// ```
/// use std::sync::Arc;
///
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::credentials::{BearerToken, Credentials, SessionCookie};
///
/// let session = SessionCookie::new("authservice_session=MTY5");
/// let both: Vec<Arc<dyn Credentials>> = vec![Arc::new(BearerToken::new("token")), Arc::new(session)];
/// let transport = Transport::builder("https://kfp.example.org").credentials("Bearer", both).build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct SessionCookie(SecretString);

impl SessionCookie {
    /// Cookies as the `Cookie` header has them: `name=value; other=value`.
    ///
    /// What no such header can hold is an error of kind
    /// [`Authentication`](crate::ErrorKind::Authentication) when it is to be sent.
    pub fn new(cookies: impl Into<String>) -> Self {
        Self(SecretString::from(cookies.into()))
    }
}

impl Credentials for SessionCookie {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move {
            let cookies = self.0.expose_secret();
            let mut pairs = cookies.split(';');
            if !pairs.all(|pair| pair.trim().find('=').is_some_and(|end| end > 0)) {
                return Err(Error::authentication(
                    "the session cookie is not of the form `name=value; other=value`; give it as a browser sends it",
                ));
            }
            authorization.header(COOKIE, cookies)
        })
    }

    fn still_adds(&self, _: &Authorization) -> bool {
        true
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCookie(…)")
    }
}

/// A header that tells who is calling, for servers that trust what comes before them.
///
/// Kubeflow deployments take `kubeflow-userid`. To send a token as well, combine both in a
/// `Vec<Arc<dyn Credentials>>`, as with a [`SessionCookie`].
///
/// ```
/// use compute_kfp_runtime::credentials::IdentityHeader;
///
/// let identity = IdentityHeader::new("kubeflow-userid", "user@example.org");
/// assert!(!format!("{identity:?}").contains("user@example.org"));
/// ```
#[derive(Clone)]
pub struct IdentityHeader {
    name: String,
    value: SecretString,
}

impl IdentityHeader {
    /// The header `name` with a value that does not change.
    ///
    /// When it is to be sent, a name that no header can have is an error of kind
    /// [`Configuration`](crate::ErrorKind::Configuration), and such a value one of kind
    /// [`Authentication`](crate::ErrorKind::Authentication).
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: SecretString::from(value.into()),
        }
    }
}

impl Credentials for IdentityHeader {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move {
            authorization.header(header_name(&self.name)?, self.value.expose_secret())
        })
    }

    fn still_adds(&self, _: &Authorization) -> bool {
        true
    }
}

impl fmt::Debug for IdentityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityHeader")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
