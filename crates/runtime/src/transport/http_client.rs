//! The connections of a transport: TLS, proxies and the pool.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};

use crate::error::Error;

/// What connections are made with.
#[derive(Clone)]
pub(super) struct Connections {
    pub connect_timeout: Duration,
    pub proxy: ProxyChoice,
    pub root_certificates: Vec<Vec<u8>>,
    /// Certificates and key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    pub pool_idle_timeout: Duration,
    pub pool_max_idle_per_host: usize,
    pub http1_only: bool,
}

#[derive(Clone)]
pub(super) enum ProxyChoice {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    Environment,
    None,
    Url(String),
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxy: ProxyChoice::Environment,
            root_certificates: Vec::new(),
            identity: None,
            pool_idle_timeout: Duration::from_secs(60),
            pool_max_idle_per_host: usize::MAX,
            http1_only: false,
        }
    }
}

impl Connections {
    /// An HTTP client that neither retries nor follows redirects: the transport does.
    pub fn client(&self) -> Result<Client, Error> {
        let builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.pool_idle_timeout)
            .pool_max_idle_per_host(self.pool_max_idle_per_host)
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        let builder = match &self.proxy {
            ProxyChoice::Environment => builder,
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::Url(url) => builder.proxy(proxy(url)?),
        };
        let builder = if self.http1_only {
            builder.http1_only()
        } else {
            builder
        };
        let certificates = !self.root_certificates.is_empty() || self.identity.is_some();
        self.tls(builder)?.build().map_err(|error| {
            Error::configuration(match certificates {
                true => "the HTTP client cannot be set up; check the certificates it was given",
                false => "the HTTP client cannot be set up",
            })
            .caused_by(error)
        })
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn tls(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        for pem in &self.root_certificates {
            let wrong = "a root certificate cannot be read; give it in PEM";
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| Error::configuration(wrong).caused_by(error))?;
            if certificates.is_empty() {
                return Err(Error::configuration(wrong));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some((certificates, key)) = &self.identity {
            // The error of a key could show the key.
            let identity = identity(certificates, key).map_err(|_| {
                Error::configuration(
                    "the client certificate or its key cannot be read; give both in PEM, the key in PKCS #8",
                )
            })?;
            builder = builder.identity(identity);
        }
        Ok(builder)
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn tls(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        if self.root_certificates.is_empty() && self.identity.is_none() {
            return Ok(builder);
        }
        Err(Error::configuration(
            "certificates are of no use without TLS; turn on the feature `rustls` or `native-tls`",
        ))
    }
}

/// As the HTTP client chooses where both kinds of TLS are built in.
#[cfg(feature = "native-tls")]
fn identity(certificates: &[u8], key: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pkcs8_pem(certificates, key)
}

#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
fn identity(certificates: &[u8], key: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pem(&[certificates, b"\n", key].concat())
}

fn proxy(url: &str) -> Result<Proxy, Error> {
    // Neither the address nor its error is shown: it may hold a password.
    Proxy::all(url).map_err(|_| {
        Error::configuration(
            "the address of the proxy is not a URL; give one such as `http://proxy.example.org:3128`",
        )
    })
}
