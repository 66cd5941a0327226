//! The connections of a transport: TLS, proxies and the connection pool.

use std::env;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};
use tokio::time::timeout;
use url::Url;

use crate::byte_stream::{REPORT, whole};
use crate::endpoint::{Endpoint, is_inside, is_private, origin};
use crate::error::Error;
use crate::fault;
use crate::response::Response;
use crate::settings_error::SettingsError;

/// Environment variables for the proxy of unencrypted requests.
const PROXY_VARIABLES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Time that an unused connection is kept. A request on one that the server is about to close fails, and
/// a `POST` is then not retried.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Time limit of a request other than an operation.
const LIMIT: Duration = Duration::from_secs(30);

/// An HTTP client for requests other than the operations of an API, such as those for tokens.
///
/// A transport [has one](crate::Transport::http_client) with its proxy and certificates. A client of
/// your own is one of `reqwest` 0.13 that follows no redirects to other hosts:
///
/// ```
/// use compute_kfp_runtime::HttpClient;
///
/// let own = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
/// let http = HttpClient::from(own);
/// # drop(http);
/// # Ok::<(), reqwest::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpClient(pub(crate) Client);

impl HttpClient {
    /// Sends a request without any credentials but its own, and returns the response, whatever its
    /// status.
    ///
    /// # Errors
    ///
    /// Returns an error if the request cannot be sent, or if the response is not complete after 30 s,
    /// has more than 1 MiB, or comes from another host.
    ///
    /// ```no_run
    /// # async fn example(transport: compute_kfp_runtime::Transport) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = http::Request::post("https://vault.example.org/token").body(Vec::new())?;
    /// let response = transport.http_client().send(request).await?;
    /// println!("{}", response.status());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<Response<Bytes>, Error> {
        self.execute(request.try_into().map_err(fault::http)?).await
    }

    pub(crate) async fn execute(
        &self,
        request: reqwest::Request,
    ) -> Result<Response<Bytes>, Error> {
        timeout(LIMIT, self.receive(request))
            .await
            .unwrap_or_else(|_| Err(fault::silent(LIMIT)))
    }

    async fn receive(&self, request: reqwest::Request) -> Result<Response<Bytes>, Error> {
        let asked = origin(request.url());
        let mut response = self.0.execute(request).await.map_err(fault::http)?;
        if origin(response.url()) != asked {
            return Err(Error::configuration(
                "the HTTP client followed a redirect to another host; disable its redirects",
            ));
        }
        let body = whole(&mut response, REPORT, None)
            .await?
            .ok_or_else(|| fault::unfit(format!("the response has more than {REPORT} bytes")))?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Response::new(body, response.status(), headers))
    }
}

/// Shows no settings: default headers may contain credentials.
impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Converts a client of `reqwest` 0.13.
impl From<Client> for HttpClient {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

/// The HTTP clients of a transport.
///
/// Loading the certificates that the system trusts takes longer than many calls. It fails if there
/// are none, as in a container that contains a single program. If the server itself is reached
/// without TLS, loading is therefore deferred to the first request that needs them.
pub(crate) struct HttpClients {
    /// Client for the operations.
    pub calls: Client,
    /// Client for requests to any server, created on first use.
    others: OnceLock<HttpClient>,
    connections: Connections,
}

impl HttpClients {
    pub(crate) fn new(connections: Connections, endpoint: &Endpoint) -> Result<Self, Error> {
        let plain = endpoint.url.scheme() == "http" && !connections.need_certificates(endpoint);
        let trust = if plain { Trust::Nothing } else { Trust::System };
        let calls = connections.client(trust)?;
        if trust == Trust::System {
            return Ok(Self::given(calls.into()));
        }
        Ok(Self {
            calls,
            others: OnceLock::new(),
            connections,
        })
    }

    pub fn given(client: HttpClient) -> Self {
        Self {
            calls: client.0.clone(),
            others: client.into(),
            connections: Connections::default(),
        }
    }

    /// Returns a client that can reach any server.
    pub fn others(&self) -> &HttpClient {
        self.others.get_or_init(|| {
            let client = self.connections.client(Trust::System);
            // Without certificates, requests over TLS fail with an error that says so.
            client.unwrap_or_else(|_| self.calls.clone()).into()
        })
    }
}

/// The certificates that are trusted in addition to those that were set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    System,
    Nothing,
}

/// The settings of connections.
#[derive(Clone)]
pub(crate) struct Connections {
    pub connect_timeout: Duration,
    pub proxy: ProxyChoice,
    /// Certificates in PEM.
    pub root_certificates: Vec<Vec<u8>>,
    /// Certificate chain and key of the client, in PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    pub accept_invalid_certificates: bool,
    pub configure: Option<Configure>,
}

/// The caller's own settings of an HTTP client.
pub(crate) type Configure = Arc<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

#[derive(Clone)]
pub(crate) enum ProxyChoice {
    /// The proxy set by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
    None,
    /// The proxy with this address.
    Given(String),
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxy: ProxyChoice::Environment,
            root_certificates: Vec::new(),
            identity: None,
            accept_invalid_certificates: false,
            configure: None,
        }
    }
}

impl Connections {
    /// Returns an error if a proxy would see credentials, unless that is allowed.
    pub fn check_credentials(
        &self,
        endpoint: &Endpoint,
        allow_plain_http: bool,
    ) -> Result<(), Error> {
        if let ProxyChoice::Given(proxy) = &self.proxy
            && !Url::parse(proxy).is_ok_and(|proxy| is_private(&proxy))
            && endpoint.url.scheme() == "http"
            && !allow_plain_http
        {
            let message = format!(
                "the proxy to `{}` would see credentials over plain HTTP",
                endpoint.as_str()
            );
            return Err(SettingsError::plain_http(message).into());
        }
        endpoint.check_credentials(allow_plain_http)
    }

    /// Returns whether certificates are needed although the server is reached without TLS: for its
    /// proxy, or to report to the caller whether the given ones can be read.
    fn need_certificates(&self, endpoint: &Endpoint) -> bool {
        let proxy = match &self.proxy {
            ProxyChoice::None => false,
            ProxyChoice::Given(proxy) => by_tls(proxy),
            ProxyChoice::Environment => {
                let set = PROXY_VARIABLES.iter().filter_map(env::var_os);
                !is_inside(&endpoint.url) && { set }.any(|url| by_tls(&url.to_string_lossy()))
            }
        };
        proxy
            || self.has_certificates()
            || self.accept_invalid_certificates
            || self.configure.is_some()
    }

    /// Creates an HTTP client that neither retries nor follows redirects, because the transport
    /// does both.
    fn client(&self, trust: Trust) -> Result<Client, Error> {
        let builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        let builder = match &self.proxy {
            ProxyChoice::Environment => environment_proxies(builder.no_proxy())?,
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::Given(address) => builder.proxy(proxy(address)?),
        };
        let mut builder = self.tls(builder, trust)?;
        if let Some(configure) = &self.configure {
            builder = configure(builder);
        }
        let builder = builder
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        builder.build().map_err(|error| {
            Error::configuration(match self.has_certificates() {
                true => "the HTTP client cannot be created; check its certificates",
                false => "the HTTP client cannot be created",
            })
            .caused_by(error)
        })
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn tls(&self, builder: ClientBuilder, trust: Trust) -> Result<ClientBuilder, Error> {
        // With both TLS libraries, reqwest would use the platform's: a feature that another crate
        // enables would change what this one does.
        #[cfg(feature = "rustls")]
        let builder = builder.tls_backend_rustls();
        let mut builder = match (self.accept_invalid_certificates, trust) {
            (true, _) => builder.tls_danger_accept_invalid_certs(true),
            (false, Trust::System) => builder,
            (false, Trust::Nothing) => builder.tls_certs_only([]),
        };
        for pem in &self.root_certificates {
            let wrong = Error::configuration("a root certificate cannot be read; use PEM");
            builder = match reqwest::Certificate::from_pem_bundle(pem) {
                Ok(certificates) if certificates.is_empty() => return Err(wrong),
                Ok(certificates) => builder.tls_certs_merge(certificates),
                Err(error) => return Err(wrong.caused_by(error)),
            };
        }
        let Some((certificates, key)) = &self.identity else {
            return Ok(builder);
        };
        #[cfg(feature = "rustls")]
        let identity = reqwest::Identity::from_pem(&[&**certificates, b"\n", key].concat());
        #[cfg(not(feature = "rustls"))]
        let identity = reqwest::Identity::from_pkcs8_pem(certificates, key);
        // The error of a key could show the key.
        let identity = identity.map_err(|_| {
            Error::configuration(
                "the client certificate or its key cannot be read; use PEM for both, and PKCS #8 for the key",
            )
        })?;
        Ok(builder.identity(identity))
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn tls(&self, builder: ClientBuilder, _: Trust) -> Result<ClientBuilder, Error> {
        match self.has_certificates() || self.accept_invalid_certificates {
            true => Err(Error::configuration(
                "certificates need TLS; enable the feature `rustls` or `native-tls`",
            )),
            false => Ok(builder),
        }
    }

    fn has_certificates(&self) -> bool {
        !self.root_certificates.is_empty() || self.identity.is_some()
    }
}

/// Adds the proxies of the environment, but for no server on this machine or inside a cluster: such a
/// proxy leads to neither, and would see the secrets that are sent there over plain HTTP.
fn environment_proxies(mut builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    let environment = Arc::new(Matcher::from_system());
    for scheme in ["http", "https"] {
        // `NO_PROXY` cannot name a host of this reserved domain by chance.
        let Ok(any_host) = format!("{scheme}://proxied.invalid").parse() else {
            continue;
        };
        let Some(found) = environment.intercept(&any_host) else {
            continue;
        };
        let wrong = |error: &dyn StdError| {
            Error::configuration(format!(
                "the proxy of the environment is not a URL: {error}"
            ))
        };
        let mut address = Url::parse(&found.uri().to_string()).map_err(|error| wrong(&error))?;
        if let Some((user, password)) = found.raw_auth() {
            let _ = address.set_username(user);
            let _ = address.set_password(Some(password));
        }
        let environment = environment.clone();
        let mut proxy = Proxy::custom(move |url| {
            let is_proxied = url.scheme() == scheme
                && !is_inside(url)
                && environment.intercept(&url.as_str().parse().ok()?).is_some();
            is_proxied.then(|| address.clone())
        });
        if let Some(authorization) = found.basic_auth() {
            proxy = proxy.custom_http_auth(authorization.clone());
        }
        builder = builder.proxy(proxy);
    }
    Ok(builder)
}

fn proxy(address: &str) -> Result<Proxy, Error> {
    // Neither the address nor its error is shown: it may hold a password.
    Proxy::all(address).map_err(|_| {
        Error::configuration(
            "the address of the proxy is not a URL; use one such as `http://proxy.example.org:3128`",
        )
    })
}

fn by_tls(proxy: &str) -> bool {
    let scheme = proxy.trim_start().get(..5);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}
