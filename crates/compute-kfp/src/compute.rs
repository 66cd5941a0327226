//! The Quantum Inspire Compute API.
//!
//! [`Client`] has a method for each operation. The types they send and receive are in [`types`], and
//! [`operations`] describes the operations as data.

mod circuit;
mod jobs;
#[cfg(feature = "oauth")]
pub mod login;
mod logs;
mod waiting;

use std::env;
use std::ffi::OsString;
use std::sync::Arc;

#[cfg(feature = "mock")]
pub use compute_api_client::mock;
pub use compute_api_client::{API_VERSION, builder, operations, types};
#[cfg(feature = "oauth")]
use compute_kfp_runtime::credentials::RenewedToken;
use compute_kfp_runtime::credentials::{ApiKey, Credentials};
use compute_kfp_runtime::{Error, Transport, TransportBuilder, is_same_server};

pub use self::circuit::{CircuitOutcome, RunCircuit};
pub use self::jobs::LatestCalibration;
#[cfg(feature = "oauth")]
pub use self::login::Login;
pub use self::logs::FollowJobLogs;
use crate::client_builder::{common_methods, conversions};
use crate::settings::{Found, Lookup, Origin, Setting, Variables};
use crate::waiting::{RequestLimit, request_limit};

/// Endpoint of the public service.
pub const DEFAULT_ENDPOINT: &str = "https://api.quantum-inspire.com";

/// Variables that [`Client::from_env`] reads.
#[doc(hidden)]
pub const VARIABLES: Variables = Variables {
    endpoint: "COMPUTE_ENDPOINT",
    token: "COMPUTE_TOKEN",
    token_file: "COMPUTE_TOKEN_FILE",
    api_key: Some(API_KEY),
    cookie: "COMPUTE_COOKIE",
    cookie_file: "COMPUTE_COOKIE_FILE",
    identity_header: "COMPUTE_IDENTITY_HEADER",
    client_certificate: "COMPUTE_CLIENT_CERTIFICATE",
    client_key: "COMPUTE_CLIENT_KEY",
    allow_http: "COMPUTE_ALLOW_HTTP",
    insecure_skip_tls_verify: "COMPUTE_INSECURE_SKIP_TLS_VERIFY",
    certificate_authority: "COMPUTE_CERTIFICATE_AUTHORITY",
    proxy: "COMPUTE_PROXY",
};

const API_KEY: &str = "COMPUTE_API_KEY";

/// Client of the Compute API.
///
/// Its operations are the methods of [`compute_api_client::Client`]. It is cheap to clone; clones share
/// connections and credentials.
///
/// ```no_run
/// # async fn example() -> compute_kfp::Result<()> {
/// use compute_kfp::compute;
///
/// let client = compute::Client::builder().bearer_token("token").build()?;
/// let types = client.read_backend_types().is_hardware(true).send().await?;
/// for backend_type in &types.items {
///     println!("{}: {} qubits", backend_type.name, backend_type.nqubits);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    api: compute_api_client::Client,
    request_limit: RequestLimit,
}

impl Client {
    /// Returns a builder for a client. Its default is the public service.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            transport: Transport::builder(DEFAULT_ENDPOINT),
            has_endpoint: false,
            found_login: None,
            found: Vec::new(),
        }
    }

    /// Creates a client from environment variables.
    ///
    /// | variable | sets |
    /// |---|---|
    /// | `COMPUTE_ENDPOINT` | the endpoint [default: [`DEFAULT_ENDPOINT`]] |
    /// | `COMPUTE_TOKEN` | the bearer token of a user |
    /// | `COMPUTE_TOKEN_FILE` | where there is no `COMPUTE_TOKEN`: the file that holds it, read again when it changes |
    /// | `COMPUTE_API_KEY` | the API key of a backend |
    /// | `COMPUTE_COOKIE` | session cookies for a proxy in front of the server |
    /// | `COMPUTE_COOKIE_FILE` | where there is no `COMPUTE_COOKIE`: the file that holds them |
    /// | `COMPUTE_IDENTITY_HEADER` | a header that identifies the caller to a proxy, as `NAME: VALUE` |
    /// | `COMPUTE_CLIENT_CERTIFICATE`, `COMPUTE_CLIENT_KEY` | files of a client certificate and its key |
    /// | `COMPUTE_CERTIFICATE_AUTHORITY` | file of additional certificate authorities |
    /// | `COMPUTE_PROXY` | the proxy; otherwise `HTTPS_PROXY` and similar variables apply |
    /// | `COMPUTE_ALLOW_HTTP` | `true` allows plain HTTP to any host |
    /// | `COMPUTE_INSECURE_SKIP_TLS_VERIFY` | `true` accepts any certificate of the server, for tests |
    ///
    /// # The login file
    ///
    /// **With the feature `oauth` only**, a client without token and API key uses the login of
    /// `~/.quantuminspire/config.json`, if that file holds tokens for the endpoint. Without
    /// `COMPUTE_ENDPOINT`, the file may choose the endpoint, too: its `default_host`, if it holds tokens
    /// for that.
    ///
    /// Without the feature, the file is never read. Cargo unifies features, so another crate of your
    /// program may enable it. Set `COMPUTE_ENDPOINT` and a token for a client that does not depend on
    /// it.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if a variable is not
    /// UTF-8, the endpoint is not a URL, or the login file is needed and cannot be read.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_variables(&|name| env::var_os(name))?.build()
    }
}

conversions!(compute_api_client);

/// Builds a [`Client`].
///
/// A client may hold the credentials of a user and of a backend. Each operation sends the ones that it
/// declares. If several of [`bearer_token`](Self::bearer_token), [`token_file`](Self::token_file) and
/// [`credentials`](Self::credentials) are set, the last one applies. All session cookies and identity
/// headers are sent in addition, by every operation.
#[derive(Clone, Debug)]
#[must_use = "`build` creates the client"]
pub struct ClientBuilder {
    transport: TransportBuilder,
    has_endpoint: bool,
    /// The credentials of a login file, and the only server that may receive them.
    found_login: Option<(String, Arc<dyn Credentials>)>,
    found: Vec<Found>,
}

impl ClientBuilder {
    /// Configures a client as [`Client::from_env`] does, but with your own lookup of variables.
    /// Settings can be overridden afterwards. See [`settings`](crate::settings) for an example.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Client::from_env`].
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut lookup = Lookup::new(&VARIABLES, variable);
        let mut builder = Client::builder();
        let endpoint = lookup.text(Setting::Endpoint, VARIABLES.endpoint)?;
        let token = lookup.token()?;
        let key = lookup.text(Setting::ApiKey, API_KEY)?;
        #[cfg(feature = "oauth")]
        if token.is_none()
            && key.is_none()
            && let Some(login) = Login::found(endpoint.as_deref())?
        {
            let origin = Origin::LoginFile(login.path().to_owned());
            lookup.note(Setting::Login, None, origin.clone());
            if endpoint.is_none() {
                lookup.note(Setting::Endpoint, None, origin);
            }
            let server = login.endpoint().to_owned();
            builder.transport = builder.transport.endpoint(&server);
            let tokens = RenewedToken::new(login::LoginTokens::new(login));
            builder.found_login = Some((server, Arc::new(tokens)));
        }
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(token) = token {
            builder = builder.credentials(token);
        }
        if let Some(key) = key {
            builder = builder.api_key(key);
        }
        builder.transport = lookup.proxy_credentials(builder.transport)?;
        if !lookup.has(Setting::Endpoint) {
            lookup.note(Setting::Endpoint, None, Origin::Default);
        }
        builder.transport = lookup.connections(builder.transport)?;
        builder.found = lookup.found;
        Ok(builder)
    }

    common_methods!();

    /// Sets the address of the server [default: [`DEFAULT_ENDPOINT`]].
    ///
    /// A login that [`from_variables`](Self::from_variables) found for another server is then not used.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        let endpoint = endpoint.into();
        let found = self.found_login.take();
        self.found_login = found.filter(|(server, _)| is_same_server(server, &endpoint));
        self.has_endpoint = true;
        self.transport(|transport| transport.endpoint(endpoint))
    }

    /// Sets a login from a login file. Its server becomes the endpoint, unless
    /// [`endpoint`](Self::endpoint) is set: then the tokens go to that one.
    #[cfg(feature = "oauth")]
    pub fn login(mut self, login: Login) -> Self {
        if !self.has_endpoint {
            self.transport = self.transport.endpoint(login.endpoint());
        }
        self.credentials(RenewedToken::new(login::LoginTokens::new(login)))
    }

    /// Sets your own source of a user's credentials. See [`credentials`](crate::credentials) for those that
    /// exist.
    pub fn credentials(mut self, credentials: impl Credentials) -> Self {
        self.found_login = None;
        let scheme = operations::SCHEME_USER_BEARER.name;
        self.transport(|transport| transport.credentials(scheme, credentials))
    }

    /// Sets the API key of a backend, sent unchanged.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        let scheme = operations::SCHEME_BACKEND.name;
        self.transport(|transport| transport.credentials(scheme, ApiKey::new(key)))
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration); see
    /// [`TransportBuilder::build`].
    pub fn build(self) -> Result<Client, Error> {
        let mut transport = self.transport;
        if let Some((_, login)) = self.found_login {
            transport = transport.credentials(operations::SCHEME_USER_BEARER.name, login);
        }
        Ok(transport.build()?.into())
    }
}
