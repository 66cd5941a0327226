//! Credentials: what authorises a request, and how it is found.
//!
//! An API declares for each operation which security schemes it takes. A client holds credentials
//! by the name of their scheme; each request gets those its operation declares and no others.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::Error;
use crate::operation::{Location, SchemeKind, SecurityScheme};

/// The future of [`Credentials::authorize`].
pub type Authorized<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Something that can authorise requests.
///
/// Implement it to fetch tokens from where your organisation keeps them.
///
/// ```
/// use compute_kfp_runtime::credentials::{Authorized, Credentials};
/// use compute_kfp_runtime::operation::SecurityScheme;
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Credentials for Vault {
///     fn authorize<'a>(
///         &'a self,
///         _scheme: &'static SecurityScheme,
///         headers: &'a mut HeaderMap,
///     ) -> Authorized<'a> {
///         Box::pin(async move {
///             headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer from-the-vault"));
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait Credentials: fmt::Debug + Send + Sync + 'static {
    /// Adds what authorises a request, as the scheme wants it, to `headers`, which are empty.
    ///
    /// It is asked before each request, so it may hand out a new token each time. What it adds is
    /// kept out of logs and errors.
    ///
    /// # Errors
    ///
    /// Of kind [`Authentication`](crate::ErrorKind::Authentication) where there is no credential to be had.
    fn authorize<'a>(
        &'a self,
        scheme: &'static SecurityScheme,
        headers: &'a mut HeaderMap,
    ) -> Authorized<'a>;
}

/// A token that is sent as `Bearer <token>`.
///
/// White space around it, as a file ends with, is left out.
///
/// ```
/// let token = compute_kfp_runtime::credentials::BearerToken::new("s3cret");
/// assert!(!format!("{token:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// A token that does not change.
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretString::from(token.into()))
    }
}

/// Shares one credential among schemes and transports.
impl<C: Credentials + ?Sized> Credentials for Arc<C> {
    fn authorize<'a>(
        &'a self,
        scheme: &'static SecurityScheme,
        headers: &'a mut HeaderMap,
    ) -> Authorized<'a> {
        (**self).authorize(scheme, headers)
    }
}

impl Credentials for BearerToken {
    fn authorize<'a>(
        &'a self,
        scheme: &'static SecurityScheme,
        headers: &'a mut HeaderMap,
    ) -> Authorized<'a> {
        let placed = place(scheme, "Bearer ", &self.0, headers);
        Box::pin(async move { placed })
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// A key that is sent without `Bearer` before it.
///
/// White space around it, as a file ends with, is left out.
///
/// ```
/// let key = compute_kfp_runtime::credentials::ApiKey::new("s3cret");
/// assert!(!format!("{key:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A key that does not change.
    pub fn new(key: impl Into<String>) -> Self {
        Self(SecretString::from(key.into()))
    }
}

impl Credentials for ApiKey {
    fn authorize<'a>(
        &'a self,
        scheme: &'static SecurityScheme,
        headers: &'a mut HeaderMap,
    ) -> Authorized<'a> {
        let placed = place(scheme, "", &self.0, headers);
        Box::pin(async move { placed })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Puts a secret where its scheme has it.
fn place(
    scheme: &'static SecurityScheme,
    prefix: &str,
    secret: &SecretString,
    headers: &mut HeaderMap,
) -> Result<(), Error> {
    let secret = secret.expose_secret().trim();
    if secret.is_empty() {
        return Err(Error::authentication(format!(
            "the credential for `{}` is empty; nothing was sent",
            scheme.name
        )));
    }
    let (header, text) = match scheme.kind {
        SchemeKind::Bearer | SchemeKind::Basic => (AUTHORIZATION, format!("{prefix}{secret}")),
        SchemeKind::ApiKey {
            location: Location::Cookie,
            name,
        } => (COOKIE, format!("{name}={secret}")),
        SchemeKind::ApiKey {
            location: Location::Header,
            name,
        } => (header_name(name)?, format!("{prefix}{secret}")),
        SchemeKind::ApiKey { .. } => {
            return Err(Error::configuration(format!(
                "the scheme `{}` would put a secret into the address, which is not done",
                scheme.name
            )));
        }
    };
    // The error of a value would show the value.
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        Error::authentication(format!(
            "the credential for `{}` has characters that no header can hold; check how it was read",
            scheme.name
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|error| {
        Error::configuration(format!("`{name}` is not the name of a header")).caused_by(error)
    })
}
