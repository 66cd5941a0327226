//! The builder of a transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use reqwest::ClientBuilder;

use super::{Inner, Transport};
use crate::credentials::Credentials;
use crate::endpoint::{Endpoint, is_same_server};
use crate::error::Error;
use crate::http_client::{Connections, HttpClients, ProxyChoice};
use crate::middleware::Middleware;
use crate::retry::RetryPolicy;

const USER_AGENT: &str = concat!("compute-kfp/", env!("CARGO_PKG_VERSION"));

/// A builder for a [`Transport`].
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
    /// Addresses of servers, by their address in the spec.
    pub(super) servers: Vec<(String, String)>,
    connections: Connections,
    /// Credentials, by the name of their scheme.
    pub(super) credentials: Vec<(String, Arc<dyn Credentials>)>,
    /// Credentials that each request to the endpoint sends.
    pub(super) proxy_credentials: Vec<Arc<dyn Credentials>>,
    pub(super) middleware: Vec<Arc<dyn Middleware>>,
    pub(super) retry: RetryPolicy,
    read_timeout: Option<Duration>,
    pub(super) attempt_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) max_response_bytes: usize,
    pub(super) max_response_objects: usize,
    pub(super) allow_plain_http: bool,
    application: Option<String>,
    pub(super) dry_run: Option<DryRun>,
}

/// The function that receives the requests of a dry run.
type DryRun = Arc<dyn Fn(&http::Request<Option<Bytes>>) + Send + Sync>;

impl TransportBuilder {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            servers: Vec::new(),
            connections: Connections::default(),
            credentials: Vec::new(),
            proxy_credentials: Vec::new(),
            middleware: Vec::new(),
            retry: RetryPolicy::default(),
            read_timeout: None,
            attempt_timeout: Duration::from_secs(60),
            timeout: Duration::from_secs(300),
            max_response_bytes: 64 * 1024 * 1024,
            max_response_objects: 500_000,
            allow_plain_http: false,
            application: None,
            dry_run: None,
        }
    }

    /// Sets the address of the server, such as `https://example.org`, and replaces an earlier one.
    /// A path in it is a prefix of the path of every operation.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Sends operations that declare their own server to `endpoint` instead.
    ///
    /// `declared` is the address of that server in the spec. Operations without their own server
    /// are sent to the [`endpoint`](Self::endpoint) of the transport and are not affected.
    pub fn server(mut self, declared: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let declared = declared.into();
        self.servers
            .retain(|(known, _)| !is_same_server(known, &declared));
        self.servers.push((declared, endpoint.into()));
        self
    }

    /// Sets the credentials for a security scheme, by its name in the spec.
    ///
    /// Credentials for several schemes can be set. New credentials for a scheme replace earlier
    /// ones.
    pub fn credentials(mut self, scheme: impl Into<String>, credentials: impl Credentials) -> Self {
        let scheme = scheme.into();
        self.credentials.retain(|(known, _)| *known != scheme);
        self.credentials.push((scheme, Arc::new(credentials)));
        self
    }

    /// Adds credentials for an authenticating proxy in front of the server.
    ///
    /// Each request to the endpoint sends all of them, in addition to the credentials that its operation
    /// declares. Requests to other servers that operations declare do not.
    pub fn proxy_credentials(mut self, credentials: impl Credentials) -> Self {
        self.proxy_credentials.push(Arc::new(credentials));
        self
    }

    /// Adds middleware around every attempt of every call, inside of the middleware added before.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// Sets the retry policy [default: [`RetryPolicy::default`]].
    ///
    /// [`RetryPolicy::never`] disables retries.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the time limit of a whole call, including its retries and the fetching of credentials
    /// [default: 300 s].
    ///
    /// Uploads and streamed responses are exempt, because their length determines how long they
    /// take. For them, only the credentials must be available within this time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time limit of one attempt, from connecting to the end of the response [default: 60
    /// s].
    ///
    /// Uploads and streamed responses are exempt.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the maximum time without progress while waiting for or reading a response [default:
    /// [`attempt_timeout`](Self::attempt_timeout) or [`timeout`](Self::timeout), whichever is
    /// shorter].
    ///
    /// This limit ends uploads and streamed responses that are stuck. An upload that makes progress
    /// is not stuck, however long it takes.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// Sets the time limit for connecting, including TLS [default: 10 s].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = timeout;
        self
    }

    /// Trusts the certificates in this PEM string, in addition to those that the system trusts.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = compute_kfp_runtime::Transport::builder("https://kfp.example.org")
    ///     .root_certificate(std::fs::read("company-ca.pem")?)
    ///     .build()?;
    /// # drop(transport);
    /// # Ok(())
    /// # }
    /// ```
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connections.root_certificates.push(pem.into());
        self
    }

    /// Sets the client certificate, with its chain up to the authority, and its private key. Both
    /// are in PEM, the key in PKCS #8.
    pub fn client_certificate(
        mut self,
        certificates: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.connections.identity = Some((certificates.into(), key.into()));
        self
    }

    /// Accepts any certificate of the server: expired, for another host, or of an unknown
    /// authority.
    ///
    /// Anyone on the network path can then read and change everything, including credentials. Use
    /// it only for tests; [`root_certificate`](Self::root_certificate) trusts a private authority.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.connections.accept_invalid_certificates = accept;
        self
    }

    /// Connects through this proxy, such as `http://user:password@proxy.example.org:3128`, and
    /// ignores the environment.
    ///
    /// By default, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` apply, as for other
    /// programs, and servers on this machine or inside a cluster are reached directly.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connections.proxy = ProxyChoice::Given(url.into());
        self
    }

    /// Connects directly and ignores the environment.
    pub fn no_proxy(mut self) -> Self {
        self.connections.proxy = ProxyChoice::None;
        self
    }

    /// Sets the maximum size of a response body that is held in memory, in bytes after
    /// decompression [default: 64 MiB].
    ///
    /// The largest page of these APIs has about 20 MB. Decoded values take more memory than the
    /// body: twice as much if it consists of strings, and up to 250 times as much if it consists of
    /// empty objects. See [`max_response_objects`](Self::max_response_objects).
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the maximum number of JSON objects in a response that is held in memory [default:
    /// 500,000].
    ///
    /// A decoded object takes up to 1 KB. The objects are counted before anything is decoded.
    pub fn max_response_objects(mut self, objects: usize) -> Self {
        self.max_response_objects = objects;
        self
    }

    /// Allows credentials to be sent over plain HTTP to any host.
    ///
    /// By default, they are sent only over HTTPS, to this machine, and to hosts inside a cluster:
    ///
    /// - names without a dot, and names that end in `.svc` or `.svc.cluster.local`;
    /// - `SERVICE.NAMESPACE` if that cannot be a public name: the namespace is `kubeflow`, or
    ///   contains a digit or a hyphen, which top-level domains do not.
    ///
    /// They are not sent over plain HTTP through a remote [`proxy`](Self::proxy) either.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Sets the name and version of the application, which precede those of this SDK in the
    /// `User-Agent`.
    pub fn application(mut self, application: impl Into<String>) -> Self {
        self.application = Some(application.into());
        self
    }

    /// Changes the HTTP client, for settings that this builder does not have, such as those of the
    /// connection pool. The function gets the builder of `reqwest` 0.13 with the other settings already
    /// made.
    ///
    /// Its redirect and retry policies are replaced: the transport does both when it is safe.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use compute_kfp_runtime::Transport;
    ///
    /// let transport = Transport::builder("https://kfp.example.org")
    ///     .configure_http(|http| http.tcp_keepalive(Duration::from_secs(30)))
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), compute_kfp_runtime::Error>(())
    /// ```
    pub fn configure_http(
        mut self,
        configure: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.connections.configure = Some(Arc::new(configure));
        self
    }

    /// Passes each request to `see` instead of sending it, after middleware and credentials. The body
    /// is `None` if there is none or it is a file, a stream or a form with parts.
    ///
    /// Calls then fail with an error of kind [`Configuration`](crate::ErrorKind::Configuration).
    /// Headers of credentials are marked as [sensitive](HeaderValue::is_sensitive). Credentials are
    /// still fetched if necessary.
    ///
    /// ```
    /// use compute_kfp_runtime::Transport;
    ///
    /// let transport = Transport::builder("https://kfp.example.org")
    ///     .dry_run(|request| println!("{} {}", request.method(), request.uri()))
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), compute_kfp_runtime::Error>(())
    /// ```
    pub fn dry_run(
        mut self,
        see: impl Fn(&http::Request<Option<Bytes>>) + Send + Sync + 'static,
    ) -> Self {
        self.dry_run = Some(Arc::new(see));
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if
    ///
    /// - the endpoint is not a URL, or credentials would be sent to it unencrypted;
    /// - the application's name is not a valid header value;
    /// - a certificate or the proxy cannot be read;
    /// - the HTTP client cannot be created.
    pub fn build(self) -> Result<Transport, Error> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        let servers = self.servers.iter();
        let servers = servers.map(|(_, server)| Endpoint::parse(server));
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        if !(self.credentials.is_empty() && self.proxy_credentials.is_empty()) {
            for server in [&endpoint].into_iter().chain(&servers) {
                self.connections
                    .check_credentials(server, self.allow_plain_http)?;
            }
        }
        let http = HttpClients::new(self.connections.clone(), &endpoint)?;
        Ok(Transport(Arc::new(Inner {
            endpoint,
            http: Arc::new(http),
            user_agent: user_agent(self.application.as_deref())?,
            settings: self,
        })))
    }

    /// Returns the maximum time without progress.
    pub(super) fn longest_silence(&self) -> Duration {
        let shortest = self.attempt_timeout.min(self.timeout);
        self.read_timeout.unwrap_or(shortest)
    }
}

fn user_agent(application: Option<&str>) -> Result<HeaderValue, Error> {
    let Some(application) = application else {
        return Ok(HeaderValue::from_static(USER_AGENT));
    };
    HeaderValue::from_str(&format!("{application} {USER_AGENT}")).map_err(|error| {
        Error::configuration(format!("{application:?} is not a valid application name"))
            .caused_by(error)
    })
}

/// Omits endpoint and proxy, which have not been checked yet and may contain a password. Shows only the
/// schemes of credentials, because the `Debug` output of an implementation is unknown.
impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.credentials.iter().map(|(scheme, _)| scheme);
        f.debug_struct("TransportBuilder")
            .field("credentials", &schemes.collect::<Vec<_>>())
            .field("retry", &self.retry)
            .field("connect_timeout", &self.connections.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("allow_plain_http", &self.allow_plain_http)
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}
