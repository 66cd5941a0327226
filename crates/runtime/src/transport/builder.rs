//! Setting up a transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use reqwest::{Client, redirect};

use super::{Held, Inner, Transport, scheme_names};
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};

const USER_AGENT: &str = concat!("compute-kfp/", env!("CARGO_PKG_VERSION"));

/// Sets up a [`Transport`].
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::credentials::ApiKey;
///
/// let transport = Transport::builder("https://api.example.org")
///     .credentials("backend", ApiKey::new("key"))
///     .application("calibration/1.2")
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a transport is made by `build`"]
pub struct TransportBuilder {
    endpoint: String,
    http: Option<Client>,
    credentials: Held,
    connect_timeout: Duration,
    read_timeout: Option<Duration>,
    timeout: Duration,
    max_response_bytes: usize,
    allow_plain_http: bool,
    application: Option<String>,
}

impl TransportBuilder {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            http: None,
            credentials: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: None,
            timeout: Duration::from_secs(120),
            max_response_bytes: 256 * 1024 * 1024,
            allow_plain_http: false,
            application: None,
        }
    }

    /// Address of the server, such as `https://example.org`, in place of the one given before; a
    /// path in it stands before every operation's.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Credentials for a security scheme, by its name in the API description.
    ///
    /// Those of several schemes can be held at once; given again for a scheme, they replace the
    /// former.
    pub fn credentials(mut self, scheme: impl Into<String>, credentials: impl Credentials) -> Self {
        let scheme = scheme.into();
        self.credentials.retain(|(known, _)| *known != scheme);
        self.credentials.push((scheme, Arc::new(credentials)));
        self
    }

    /// How long connecting may take, TLS included; 10 s unless set.
    ///
    /// Without effect where [`http_client`](Self::http_client) is given, which has its own.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long nothing may move while an answer is awaited or read; unless set, as long as
    /// [`timeout`](Self::timeout).
    ///
    /// This is what ends uploads and streamed answers that got stuck. An upload that goes on is not
    /// stuck, however long it takes.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// How long a call may take in all, fetching credentials included; 120 s unless set.
    ///
    /// Uploads and streamed answers are excepted, as their length decides how long they take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Longest body of an answer that is held in memory, in bytes; 256 MiB unless set.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends credentials over plain HTTP to any host.
    ///
    /// Without it they only go over HTTPS, to this machine, and to hosts inside a cluster: names
    /// without a dot and names that end in `.svc` or `.svc.cluster.local`.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Name and version of the application, put before this SDK's in the `User-Agent`.
    ///
    /// ```
    /// # let builder = compute_kfp_runtime::Transport::builder("https://example.org");
    /// let builder = builder.application("calibration/1.2");
    /// # drop(builder);
    /// ```
    pub fn application(mut self, application: impl Into<String>) -> Self {
        self.application = Some(application.into());
        self
    }

    /// Uses this HTTP client, with its own connections, proxies and certificates.
    ///
    /// Let it follow no redirects: the transport follows those that are safe by itself.
    ///
    /// ```
    /// # fn example(ca: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use compute_kfp_runtime::Transport;
    ///
    /// let http = reqwest::Client::builder()
    ///     .add_root_certificate(reqwest::Certificate::from_pem(ca)?)
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .build()?;
    /// let transport = Transport::builder("https://kfp.example.org").http_client(http).build()?;
    /// # drop(transport);
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_client(mut self, client: Client) -> Self {
        self.http = Some(client);
        self
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](ErrorKind::Configuration): the endpoint is not a URL, or would
    /// get credentials unencrypted, the application's name cannot be sent, or the HTTP client
    /// cannot be set up.
    pub fn build(self) -> Result<Transport, Error> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        if !self.credentials.is_empty() && !self.allow_plain_http && !endpoint.is_private() {
            return Err(Error::configuration(format!(
                "`{}` would get credentials over plain HTTP; use https, or allow it with `allow_plain_http`",
                endpoint.as_str()
            )));
        }
        let user_agent = user_agent(self.application.as_deref())?;
        let http = self
            .http
            .map_or_else(|| http_client(self.connect_timeout), Ok)?;
        Ok(Transport(Arc::new(Inner {
            endpoint,
            http,
            user_agent,
            credentials: self.credentials,
            timeout: self.timeout,
            read_timeout: self.read_timeout.unwrap_or(self.timeout),
            max_response_bytes: self.max_response_bytes,
        })))
    }
}

fn user_agent(application: Option<&str>) -> Result<HeaderValue, Error> {
    let Some(application) = application else {
        return Ok(HeaderValue::from_static(USER_AGENT));
    };
    HeaderValue::from_str(&format!("{application} {USER_AGENT}")).map_err(|error| {
        Error::configuration(format!(
            "`{}` is no name for an application",
            application.escape_debug()
        ))
        .caused_by(error)
    })
}

fn http_client(connect_timeout: Duration) -> Result<Client, Error> {
    Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Configuration, "the HTTP client cannot be set up")
                .caused_by(error)
        })
}

/// The endpoint is left out: it was not checked yet and may hold a password.
impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("credentials", &scheme_names(&self.credentials))
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("allow_plain_http", &self.allow_plain_http)
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}
