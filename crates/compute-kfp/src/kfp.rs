//! Kubeflow Pipelines (KFP), API version v2beta1.
//!
//! [`Client`] has a method for each operation; what they send and receive is in [`types`], and
//! [`operations`] describes them as data.

use std::ops::Deref;

use compute_kfp_runtime::credentials::{BearerToken, Credentials};
use compute_kfp_runtime::{Error, Transport, TransportBuilder};
pub use kfp_api_client::{API_VERSION, builder, operations, types};

use crate::environment::variable;

/// Client of Kubeflow Pipelines.
///
/// Its operations are the methods of [`kfp_api_client::Client`]. Cheap to clone; clones share
/// connections and credentials.
///
/// ```no_run
/// # async fn example() -> compute_kfp::Result<()> {
/// use compute_kfp::kfp;
///
/// let client = kfp::Client::builder("https://kfp.example.org").bearer_token("token").build()?;
/// let page = client.list_runs().namespace("team-a").page_size(50).send().await?;
/// for run in page.runs.iter().flatten() {
///     println!("{} {:?}", run.display_name.as_deref().unwrap_or("-"), run.state);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client(kfp_api_client::Client);

impl Client {
    /// Starts setting up a client of the server at `endpoint`, such as `https://kfp.example.org`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            transport: Transport::builder(endpoint),
        }
    }

    /// A client as the environment says.
    ///
    /// | variable | what it sets |
    /// |---|---|
    /// | `KF_PIPELINES_ENDPOINT` | the endpoint; required |
    /// | `KFP_TOKEN` | the bearer token |
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration): the endpoint is missing or not a
    /// URL, or a variable is not UTF-8.
    pub fn from_env() -> Result<Self, Error> {
        let endpoint = variable("KF_PIPELINES_ENDPOINT")?.ok_or_else(|| {
            Error::configuration(
                "no KFP server is named; set `KF_PIPELINES_ENDPOINT` to its address",
            )
        })?;
        let mut builder = Self::builder(endpoint);
        if let Some(token) = variable("KFP_TOKEN")? {
            builder = builder.bearer_token(token);
        }
        builder.build()
    }
}

impl Deref for Client {
    type Target = kfp_api_client::Client;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Transport> for Client {
    fn from(transport: Transport) -> Self {
        Self(kfp_api_client::Client::new(transport))
    }
}

/// Sets up a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a client is made by `build`"]
pub struct ClientBuilder {
    transport: TransportBuilder,
}

impl ClientBuilder {
    /// Token that is sent as `Bearer <token>`.
    pub fn bearer_token(self, token: impl Into<String>) -> Self {
        self.credentials(BearerToken::new(token))
    }

    /// Whatever authorises a request.
    pub fn credentials(self, credentials: impl Credentials) -> Self {
        self.transport(|transport| {
            transport.credentials(operations::SCHEME_BEARER.name, credentials)
        })
    }

    /// Everything else that can be set: time limits, sizes, the HTTP client.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = compute_kfp::kfp::Client::builder("https://kfp.example.org")
    ///     .transport(|transport| transport.timeout(Duration::from_secs(10)))
    ///     .build()?;
    /// # Ok::<(), compute_kfp::Error>(())
    /// ```
    pub fn transport(mut self, set: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
        self.transport = set(self.transport);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration): see
    /// [`TransportBuilder::build`].
    pub fn build(self) -> Result<Client, Error> {
        Ok(self.transport.build()?.into())
    }
}
