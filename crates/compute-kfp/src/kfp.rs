//! Kubeflow Pipelines (KFP), API version v2beta1.
//!
//! [`Client`] has a method for each operation. The types they send and receive are in [`types`], and
//! [`operations`] describes the operations as data.

mod context_file;
mod filter;
mod lookup;
mod outputs;
mod release;
mod run;
mod upload;
mod waiting;
mod watching;

use std::env;
use std::ffi::OsString;
use std::sync::Arc;

use compute_kfp_runtime::credentials::Credentials;
use compute_kfp_runtime::{Error, Transport, TransportBuilder};
#[cfg(feature = "mock")]
pub use kfp_api_client::mock;
pub use kfp_api_client::{API_VERSION, builder, operations, types};

pub use self::filter::{Filter, FilterListed, FilterValue, Sort};
use self::lookup::Places;
pub use self::outputs::{ListRunArtifacts, RunArtifact};
pub use self::run::RunPipeline;
pub use self::upload::{UploadNamed, Uploaded};
pub use self::watching::WatchRun;
use crate::client_builder::{common_methods, conversions};
use crate::settings::{Found, Origin, Setting, Variables};
use crate::waiting::{RequestLimit, request_limit};

/// Variables that [`Client::from_env`] reads, in addition to the files of a pod and of the user.
#[doc(hidden)]
pub const VARIABLES: Variables = Variables {
    endpoint: "KF_PIPELINES_ENDPOINT",
    token: "KFP_TOKEN",
    token_file: "KF_PIPELINES_SA_TOKEN_PATH",
    api_key: None,
    cookie: "KFP_COOKIE",
    cookie_file: "KFP_COOKIE_FILE",
    identity_header: "KFP_IDENTITY_HEADER",
    client_certificate: "KFP_CLIENT_CERTIFICATE",
    client_key: "KFP_CLIENT_KEY",
    allow_http: "KFP_ALLOW_HTTP",
    insecure_skip_tls_verify: "KFP_INSECURE_SKIP_TLS_VERIFY",
    certificate_authority: "KFP_CERTIFICATE_AUTHORITY",
    proxy: "KFP_PROXY",
};

/// Client of Kubeflow Pipelines.
///
/// Its operations are the methods of [`kfp_api_client::Client`]. It is cheap to clone; clones share
/// connections and credentials.
///
/// ```no_run
/// # async fn example() -> compute_kfp::Result<()> {
/// use compute_kfp::kfp;
///
/// let client = kfp::Client::builder("https://kfp.example.org").bearer_token("token").build()?;
/// let page = client.list_runs().namespace("team-a").page_size(50).send().await?;
/// for run in page.runs.iter().flatten() {
///     println!("{}", run.display_name.as_deref().unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    api: kfp_api_client::Client,
    namespace: Option<Arc<str>>,
    request_limit: RequestLimit,
}

impl Client {
    /// Returns a builder for a client of the server at `endpoint`, such as `https://kfp.example.org`,
    /// or `https://kubeflow.example.org/pipeline` behind the Kubeflow dashboard.
    ///
    /// A trailing `/apis/v2beta1` is removed, because the paths of all operations include it.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            transport: Transport::builder(without_api_path(&endpoint.into())),
            of_context_file: Vec::new(),
            namespace: None,
            found: Vec::new(),
        }
    }

    /// Creates a client from the environment: its variables, and the files of a pod and of the user.
    ///
    /// | setting | comes from the first of |
    /// |---|---|
    /// | endpoint | `KF_PIPELINES_ENDPOINT`; in a cluster `http://ml-pipeline.kubeflow.svc.cluster.local:8888` |
    /// | token | `KFP_TOKEN`; the file that `KF_PIPELINES_SA_TOKEN_PATH` names; for the server of the cluster only, the file `/var/run/secrets/kubeflow/pipelines/token` |
    /// | session cookie | `KFP_COOKIE`; the file that `KFP_COOKIE_FILE` names; the context file |
    /// | identity header | `KFP_IDENTITY_HEADER`, as `NAME: VALUE`; the context file |
    /// | client certificate and its key | the files that `KFP_CLIENT_CERTIFICATE` and `KFP_CLIENT_KEY` name |
    /// | additional certificate authorities | the file that `KFP_CERTIFICATE_AUTHORITY` names |
    /// | proxy | `KFP_PROXY`; `HTTPS_PROXY` and similar variables |
    /// | whether plain HTTP is allowed to any host | `KFP_ALLOW_HTTP`, as `true` |
    /// | whether any certificate is accepted, for tests | `KFP_INSECURE_SKIP_TLS_VERIFY`, as `true` |
    /// | [`namespace`](Self::namespace) | the context file; in a cluster the namespace of the pod |
    ///
    /// The token, the cookie and the header are all sent if they are found. A cluster is detected by a
    /// token file or by `KUBERNETES_SERVICE_HOST`. If `KF_PIPELINES_ENDPOINT` names another server, set
    /// `KF_PIPELINES_SA_TOKEN_PATH` to send it the token of the pod.
    ///
    /// The context file is `~/.config/kfp/context.json`, which the Python SDK writes too. It is a JSON
    /// object with `namespace`, `client_authentication_cookie`, and
    /// `client_authentication_header_name` with `client_authentication_header_value`. The file and each
    /// field in it are optional.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) in these cases: no
    /// endpoint is found or it is not a URL; a token or cookie would go over plain HTTP to a remote
    /// host; a variable is not UTF-8; or a file does not have the format above, and the message names
    /// it.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_variables(&|name| env::var_os(name))?.build()
    }

    /// Returns the namespace of the client, for callers to use in their requests.
    ///
    /// No operation sends it automatically.
    ///
    /// ```
    /// let client = compute_kfp::kfp::Client::builder("https://kfp.example.org")
    ///     .namespace("team-a")
    ///     .build()?;
    /// let mut runs = client.list_runs();
    /// if let Some(namespace) = client.namespace() {
    ///     runs = runs.namespace(namespace);
    /// }
    /// # drop(runs);
    /// # Ok::<(), compute_kfp::Error>(())
    /// ```
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }
}

conversions!(kfp_api_client, namespace: None);

/// Builds a [`Client`].
///
/// If several of [`bearer_token`](Self::bearer_token), [`token_file`](Self::token_file) and
/// [`credentials`](Self::credentials) are set, the last one applies. All session cookies and identity
/// headers are sent in addition, by every operation.
#[derive(Clone, Debug)]
#[must_use = "`build` creates the client"]
pub struct ClientBuilder {
    transport: TransportBuilder,
    /// Credentials from the context file. `Debug` shows no secrets of them.
    of_context_file: Vec<Arc<dyn Credentials>>,
    namespace: Option<Arc<str>>,
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
        Places::of_this_machine(variable).client()
    }

    /// Returns whether [`from_variables`](Self::from_variables) finds a server: a variable names one,
    /// or this is a pod of a cluster. For the command line.
    #[doc(hidden)]
    pub fn finds_server(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<bool, Error> {
        Places::of_this_machine(variable).has_endpoint()
    }

    common_methods!();

    /// Removes the cookie and the identity header of the context file. Use it for another server than
    /// the one they were configured for.
    pub fn without_context_credentials(mut self) -> Self {
        self.of_context_file.clear();
        self.found.retain(|found| {
            found.setting == Setting::Namespace || !matches!(found.origin, Origin::ContextFile(_))
        });
        self
    }

    /// Sets your own source of credentials. See [`credentials`](crate::credentials) for those that
    /// exist.
    pub fn credentials(self, credentials: impl Credentials) -> Self {
        let scheme = operations::SCHEME_BEARER.name;
        self.transport(|transport| transport.credentials(scheme, credentials))
    }

    /// Sets the namespace that [`Client::namespace`] returns.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into().into());
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration); see
    /// [`TransportBuilder::build`].
    pub fn build(self) -> Result<Client, Error> {
        let of_context_file = self.of_context_file.into_iter();
        let transport = of_context_file.fold(self.transport, TransportBuilder::proxy_credentials);
        Ok(Client {
            namespace: self.namespace,
            ..transport.build()?.into()
        })
    }
}

/// Returns an endpoint without the path that all operations begin with.
fn without_api_path(endpoint: &str) -> &str {
    let endpoint = endpoint.trim().trim_end_matches('/');
    endpoint.strip_suffix("/apis/v2beta1").unwrap_or(endpoint)
}
