//! Setting up a transport.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderValue;
use reqwest::Client;

use super::http_client::{
    Connections, HttpClients, ProxyChoice, client_certificate, proxy, refuse_redirects,
    root_certificate,
};
use super::{DryRun, HeldCredentials, Inner, Transport, is_same};
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::middleware::Middleware;
use crate::retry::RetryPolicy;

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
    /// By the address in the description.
    servers: Vec<(String, String)>,
    http: Option<Client>,
    connections: Connections,
    /// By the name of their scheme.
    credentials: Vec<(String, Arc<dyn Credentials>)>,
    middleware: Vec<Arc<dyn Middleware>>,
    retry: RetryPolicy,
    read_timeout: Option<Duration>,
    attempt_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
    max_response_objects: usize,
    allow_plain_http: bool,
    application: Option<String>,
    dry_run: Option<DryRun>,
}

impl TransportBuilder {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            servers: Vec::new(),
            http: None,
            connections: Connections::default(),
            credentials: Vec::new(),
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

    /// Address of the server, such as `https://example.org`, in place of the one given before; a
    /// path in it stands before every operation's.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Sends operations with a server of their own to `endpoint` instead.
    ///
    /// `declared` is the address of that server in the API description. Operations without one go to
    /// the [`endpoint`](Self::endpoint) of the transport and are not affected.
    ///
    /// ```
    /// # let builder = compute_kfp_runtime::Transport::builder("https://api.example.org");
    /// let builder = builder.server("https://upload.example.org", "http://localhost:8080");
    /// # drop(builder);
    /// ```
    pub fn server(mut self, declared: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let declared = declared.into();
        self.servers.retain(|(known, _)| !is_same(known, &declared));
        self.servers.push((declared, endpoint.into()));
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

    /// Middleware around every attempt of every call, inside of what was set before.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// How calls that fail are sent again; [`RetryPolicy::default`] unless set.
    ///
    /// [`RetryPolicy::never`] turns it off.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long a call may take in all, with its retries and with fetching credentials; 300 s unless
    /// set.
    ///
    /// Uploads and streamed answers are excepted, as their length decides how long they take; of them
    /// only the credentials have to be there in this time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long one attempt may take, from connecting to the end of the answer; 60 s unless set.
    ///
    /// Uploads and streamed answers are excepted.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long nothing may move while an answer is awaited or read; unless set, as long as
    /// [`attempt_timeout`](Self::attempt_timeout) or [`timeout`](Self::timeout), the shorter.
    ///
    /// This is what ends uploads and streamed answers that got stuck. An upload that goes on is not
    /// stuck, however long it takes.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// How long connecting may take, TLS included; 10 s unless set.
    ///
    /// This and everything about connections below is without effect where
    /// [`http_client`](Self::http_client) is given, which has its own.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = timeout;
        self
    }

    /// How long an unused connection is kept; 60 s unless set.
    ///
    /// Keep it shorter than the server does: a request on a connection that the server is about to
    /// close fails, and a `POST` is then not sent again.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.connections.pool_idle_timeout = timeout;
        self
    }

    /// How many unused connections are kept; any number unless set, and none with 0.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.connections.pool_max_idle_per_host = connections;
        self
    }

    /// Speaks HTTP/1.1 also where the server offers HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.connections.http1_only = true;
        self
    }

    /// Trusts the certificates in this PEM text, beside those that the system trusts.
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
        let certificate = root_certificate(pem.into());
        self.connections.root_certificates.push(certificate);
        self
    }

    /// Shows the server this certificate, with what leads up to its authority, and proves it by the
    /// key; both in PEM, the key in PKCS #8.
    pub fn client_certificate(
        mut self,
        certificates: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.connections.identity = Some(client_certificate(certificates.into(), key.into()));
        self
    }

    /// Accepts any certificate of the server: expired, for another host, of an unknown authority.
    ///
    /// Whoever is on the way can then read and change everything, credentials included. It is for tests;
    /// [`root_certificate`](Self::root_certificate) trusts an authority of one's own.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.connections.accept_invalid_certificates = accept;
        self
    }

    /// Connects by this proxy, such as `http://user:password@proxy.example.org:3128`, whatever the
    /// environment says.
    ///
    /// Unless set, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` decide, as they do for
    /// other programs, and servers on this machine or inside a cluster are reached directly.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connections.proxy = proxy(url.into());
        self
    }

    /// Connects directly, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.connections.proxy = ProxyChoice::None;
        self
    }

    /// Sets the longest body of a response that is held in memory, in bytes and decompressed
    /// [default: 64 MiB].
    ///
    /// The largest page of these APIs has some 20 MB. As values a body takes more memory: twice as much
    /// where it consists of texts, and up to 250 times as much where it consists of empty objects. See
    /// [`max_response_objects`](Self::max_response_objects).
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets how many JSON objects a response that is held in memory has at most [default: 500,000].
    ///
    /// An object takes up to 1 KB as a value. It is counted before anything is read.
    pub fn max_response_objects(mut self, objects: usize) -> Self {
        self.max_response_objects = objects;
        self
    }

    /// Sends credentials over plain HTTP to any host.
    ///
    /// Without it they only go over HTTPS, to this machine, and to hosts inside a cluster:
    ///
    /// - names without a dot, and names that end in `.svc` or `.svc.cluster.local`;
    /// - `SERVICE.NAMESPACE` where that cannot be a public name: the namespace is `kubeflow`, or has a
    ///   digit or a hyphen, which top-level domains do not have.
    ///
    /// They do not go over plain HTTP by a remote [`proxy`](Self::proxy) either.
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
    /// Let it follow no redirects and repeat nothing: the transport does what is safe by itself. A
    /// client with the default policy of `reqwest` would take identity headers to other hosts, and is
    /// refused by [`build`](Self::build).
    ///
    /// ```
    /// use compute_kfp_runtime::Transport;
    ///
    /// let http = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .tcp_keepalive(std::time::Duration::from_secs(30))
    ///     .build()?;
    /// let transport = Transport::builder("https://kfp.example.org").http_client(http).build()?;
    /// # drop(transport);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn http_client(mut self, client: Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Hands each request to `see` in place of sending it, after middleware and credentials.
    ///
    /// Calls then fail with an error of kind [`Configuration`](crate::ErrorKind::Configuration). Headers of
    /// credentials are marked as [sensitive](HeaderValue::is_sensitive). A credential that has to be
    /// fetched is fetched.
    ///
    /// ```
    /// use compute_kfp_runtime::Transport;
    ///
    /// let transport = Transport::builder("https://kfp.example.org")
    ///     .dry_run(|request| println!("{} {}", request.method(), request.url()))
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), compute_kfp_runtime::Error>(())
    /// ```
    pub fn dry_run(mut self, see: impl Fn(&reqwest::Request) + Send + Sync + 'static) -> Self {
        self.dry_run = Some(Arc::new(see));
        self
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration): the endpoint is not a URL, or would
    /// get credentials unencrypted, the application's name cannot be sent, a certificate or the proxy
    /// cannot be read, or the HTTP client cannot be set up.
    pub fn build(self) -> Result<Transport, Error> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        let mut servers = Vec::new();
        for (declared, server) in self.servers {
            servers.push((declared, Endpoint::parse(&server)?));
        }
        if !self.credentials.is_empty() {
            for endpoint in [&endpoint]
                .into_iter()
                .chain(servers.iter().map(|it| &it.1))
            {
                self.connections
                    .check_credentials(endpoint, self.allow_plain_http)?;
            }
        }
        let credentials = self.credentials.into_iter();
        let credentials = credentials.map(|(scheme, credentials)| HeldCredentials {
            scheme,
            credentials,
            last: Mutex::default(),
        });
        let credentials = credentials.collect();
        let user_agent = user_agent(self.application.as_deref())?;
        let http = match self.http {
            Some(client) => {
                refuse_redirects(&client)?;
                HttpClients::given(client)
            }
            None => HttpClients::new(self.connections, &endpoint)?,
        };
        Ok(Transport(Arc::new(Inner {
            endpoint,
            servers,
            allow_plain_http: self.allow_plain_http,
            http: Arc::new(http),
            user_agent,
            credentials,
            middleware: self.middleware,
            dry_run: self.dry_run,
            retry: self.retry,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            read_timeout: self
                .read_timeout
                .unwrap_or(self.attempt_timeout.min(self.timeout)),
            max_response_bytes: self.max_response_bytes,
            max_response_objects: self.max_response_objects,
        })))
    }
}

fn user_agent(application: Option<&str>) -> Result<HeaderValue, Error> {
    let Some(application) = application else {
        return Ok(HeaderValue::from_static(USER_AGENT));
    };
    HeaderValue::from_str(&format!("{application} {USER_AGENT}")).map_err(|error| {
        Error::configuration(format!("{application:?} is no name for an application"))
            .caused_by(error)
    })
}

/// Endpoint and proxy are left out: they were not checked yet and may hold a password.
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
