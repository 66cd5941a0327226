//! Credentials for proxies in front of a server.

use http::header::COOKIE;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Authorization, Credentials, Pending, header_name};
use crate::error::Error;

/// Session cookies, as a proxy such as Dex or oauth2-proxy sets them after a login.
///
/// They are added to the cookies that a request already has. To send them in addition to a token, pass
/// them to [`TransportBuilder::proxy_credentials`](crate::TransportBuilder::proxy_credentials).
///
/// ```
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::credentials::{BearerToken, SessionCookie};
///
/// let transport = Transport::builder("https://kfp.example.org")
///     .credentials("Bearer", BearerToken::new("token"))
///     .proxy_credentials(SessionCookie::new("authservice_session=MTY5"))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionCookie(SecretString);

impl SessionCookie {
    /// Creates cookies from the value of a `Cookie` header: `name=value; other=value`.
    ///
    /// If it is not a valid value of that header, sending it fails with an error of kind
    /// [`Authentication`](crate::ErrorKind::Authentication).
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
                    "the session cookie does not have the form `name=value; other=value`; set it as a browser sends it",
                ));
            }
            authorization.header(COOKIE, cookies)
        })
    }
}

/// A header that names the caller, for servers that trust the proxy in front of them.
///
/// Kubeflow deployments use `kubeflow-userid`. To send it in addition to a token, see
/// [`SessionCookie`].
///
/// ```
/// use compute_kfp_runtime::credentials::IdentityHeader;
///
/// let identity = IdentityHeader::new("kubeflow-userid", "user@example.org");
/// assert!(!format!("{identity:?}").contains("user@example.org"));
/// ```
#[derive(Clone, Debug)]
pub struct IdentityHeader {
    name: String,
    value: SecretString,
}

impl IdentityHeader {
    /// Creates the header `name` with a value that does not change.
    ///
    /// An invalid name or value is reported when the header is sent: an invalid name as an error of
    /// kind [`Configuration`](crate::ErrorKind::Configuration), an invalid value as an error of
    /// kind [`Authentication`](crate::ErrorKind::Authentication).
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
}
