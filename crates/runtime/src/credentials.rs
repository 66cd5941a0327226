//! Credentials: the values that authorise requests, and their sources.
//!
//! An API declares the security schemes of each operation. A client holds its credentials by the
//! name of their scheme. Each request gets the credentials that its operation declares, and no
//! others.

mod environment;
mod proxy;
mod renewed_token;
mod token_file;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

pub use self::environment::TokenVariable;
pub use self::proxy::{IdentityHeader, SessionCookie};
pub use self::renewed_token::{AccessToken, RenewedToken, TokenSource};
pub use self::token_file::TokenFile;
use crate::error::Error;
use crate::http_client::{HttpClient, HttpClients};
use crate::operation::{Location, SchemeKind, SecurityScheme};
use crate::secrets;

/// Prefix of a token.
const SCHEME: &str = "Bearer ";

/// The future that an async method of [`Credentials`] returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A source of credentials for requests.
///
/// Implement it to fetch tokens from where your organisation keeps them.
///
/// ```
/// use compute_kfp_runtime::credentials::{Authorization, Credentials, Pending};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Credentials for Vault {
///     fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
///         Box::pin(async move { authorization.token("from-the-vault") })
///     }
/// }
/// ```
pub trait Credentials: fmt::Debug + Send + Sync + 'static {
    /// Adds the credentials to a request, in the way that its scheme defines.
    ///
    /// It is called before each call, so it may return a new token each time. Everything it adds is
    /// kept out of logs and errors.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if no
    /// credential is available.
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()>;

    /// Returns whether another credential is available after `refused` was rejected (401).
    ///
    /// If `true`, the call is authorised anew and sent once more. If that is rejected too, the
    /// caller gets the error. The default implementation returns `false`.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if a new
    /// credential was needed and could not be fetched.
    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        let _ = refused;
        Box::pin(async { Ok(false) })
    }
}

/// The part of a request that authorises it.
///
/// ```
/// # use compute_kfp_runtime::operation::{SchemeKind, SecurityScheme};
/// # static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);
/// use compute_kfp_runtime::credentials::Authorization;
///
/// let mut authorization = Authorization::new(&USER, reqwest::Client::new());
/// authorization.token("s3cret")?;
/// assert_eq!(authorization.headers()["authorization"], "Bearer s3cret");
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Authorization {
    scheme: &'static SecurityScheme,
    http: Arc<HttpClients>,
    headers: HeaderMap,
}

impl Authorization {
    /// Creates an authorization without any credential. Transports call it, and so do tests of
    /// credentials, with a client of `reqwest` 0.13.
    pub fn new(scheme: &'static SecurityScheme, http: impl Into<HttpClient>) -> Self {
        Self::over(scheme, Arc::new(HttpClients::given(http.into())))
    }

    pub(crate) fn over(scheme: &'static SecurityScheme, http: Arc<HttpClients>) -> Self {
        Self {
            scheme,
            http,
            headers: HeaderMap::new(),
        }
    }

    /// Returns the scheme that authorises the request.
    pub fn scheme(&self) -> &'static SecurityScheme {
        self.scheme
    }

    /// Returns an HTTP client for fetching a credential, with the client's proxy and certificates.
    pub fn http(&self) -> &HttpClient {
        self.http.others()
    }

    /// Returns the headers that have been added so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Adds a token: as `Bearer <token>`, or in the place that the scheme defines.
    ///
    /// Surrounding white space is removed.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the token
    /// is empty or is not a valid header value.
    pub fn token(&mut self, token: &str) -> Result<(), Error> {
        let token = token.trim();
        // As people copy it out of a header.
        let bare = match token.split_at_checked(SCHEME.len()) {
            Some((scheme, bare)) if scheme.eq_ignore_ascii_case(SCHEME) => bare,
            _ => token,
        };
        self.place(SCHEME, bare)
    }

    /// Adds a key, unchanged, in the place that the scheme defines.
    ///
    /// Surrounding white space is removed.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the key is
    /// empty or is not a valid header value.
    pub fn key(&mut self, key: &str) -> Result<(), Error> {
        self.place("", key)
    }

    /// Adds a header that the scheme does not define, such as one that a proxy requires.
    ///
    /// White space around the value is removed. Cookies are added to the existing ones; any other
    /// header replaces one of the same name.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the value
    /// is empty or is not a valid header value.
    pub fn header(&mut self, name: HeaderName, value: &str) -> Result<(), Error> {
        let value = value.trim();
        if value.is_empty() {
            return Err(Error::authentication(format!(
                "the credential for `{}`, header `{name}`, is empty; nothing was sent",
                self.scheme.name
            )));
        }
        // The error of a value would show the value.
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::authentication(format!(
                "the credential for `{}`, header `{name}`, has characters that are not allowed in a header; check where it comes from",
                self.scheme.name
            ))
        })?;
        secrets::set(&mut self.headers, &name, value);
        Ok(())
    }

    /// Returns whether this token was added; it may be one of several cookies.
    fn carries(&self, token: &str) -> bool {
        let mut only = Self::over(self.scheme, self.http.clone());
        only.token(token).is_ok()
            && only.headers.iter().all(|(name, value)| {
                self.headers.get(name).is_some_and(|present| {
                    let mut cookies = present.as_bytes().split(|byte| *byte == b';');
                    present == value
                        || (*name == COOKIE && cookies.any(|cookie| cookie.trim_ascii() == value))
                })
            })
    }

    fn place(&mut self, prefix: &str, secret: &str) -> Result<(), Error> {
        let secret = secret.trim();
        let prefix = if secret.is_empty() { "" } else { prefix };
        match self.scheme.kind {
            SchemeKind::Bearer | SchemeKind::Basic => {
                self.header(AUTHORIZATION, &format!("{prefix}{secret}"))
            }
            SchemeKind::ApiKey {
                location: Location::Cookie,
                name,
            } if !secret.is_empty() => self.header(COOKIE, &format!("{name}={secret}")),
            SchemeKind::ApiKey {
                location: Location::Header | Location::Cookie,
                name,
            } => self.header(header_name(name)?, &format!("{prefix}{secret}")),
            SchemeKind::ApiKey { .. } => Err(Error::configuration(format!(
                "the scheme `{}` would put a secret into the URL, which is not supported",
                self.scheme.name
            ))),
        }
    }
}

/// Omits the values of headers, which are secret.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("scheme", &self.scheme.name)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Shares one credential among schemes and transports.
impl<C: Credentials + ?Sized> Credentials for Arc<C> {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        (**self).authorize(authorization)
    }

    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        (**self).renew(refused)
    }
}

/// Sends all of them with each request, such as a token and the cookie of a proxy.
impl Credentials for Vec<Arc<dyn Credentials>> {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move {
            for credentials in self {
                credentials.authorize(authorization).await?;
            }
            Ok(())
        })
    }

    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async move {
            let mut renewed = false;
            for credentials in self {
                renewed |= credentials.renew(refused).await?;
            }
            Ok(renewed)
        })
    }
}

/// A token that is sent as `Bearer <token>`.
///
/// Surrounding white space, such as the line end of a file, is removed.
///
/// ```
/// let token = compute_kfp_runtime::credentials::BearerToken::new("s3cret");
/// assert!(!format!("{token:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// Creates a token that does not change.
    pub fn new(token: impl Into<String>) -> Self {
        Self(SecretString::from(token.into()))
    }
}

impl Credentials for BearerToken {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.token(self.0.expose_secret()) })
    }
}

/// A key that is sent without `Bearer` before it.
///
/// Surrounding white space, such as the line end of a file, is removed.
///
/// ```
/// let key = compute_kfp_runtime::credentials::ApiKey::new("s3cret");
/// assert!(!format!("{key:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Creates a key that does not change.
    pub fn new(key: impl Into<String>) -> Self {
        Self(SecretString::from(key.into()))
    }
}

impl Credentials for ApiKey {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.key(self.0.expose_secret()) })
    }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|error| {
        Error::configuration(format!("{name:?} is not the name of a header")).caused_by(error)
    })
}
