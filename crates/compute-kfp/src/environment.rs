//! What a client finds in its environment, and where.
//!
//! ```
//! use compute_kfp::environment::{Origin, Setting};
//! use compute_kfp::compute::ClientBuilder;
//!
//! let builder = ClientBuilder::from_variables(&|name| match name {
//!     "COMPUTE_TOKEN" => Some("s3cret".into()),
//!     _ => None,
//! })?;
//! let token = builder.found().iter().find(|found| found.setting == Setting::Token);
//! assert_eq!(token.map(|found| &found.origin), Some(&Origin::Variable("COMPUTE_TOKEN")));
//! assert_eq!(token.and_then(|found| found.value.as_deref()), None, "it is a secret");
//! # Ok::<(), compute_kfp::Error>(())
//! ```

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::Error;

/// The environment variables that set up a client of one API.
///
/// ```
/// assert_eq!(compute_kfp::compute::VARIABLES.endpoint, "COMPUTE_ENDPOINT");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variables {
    /// Address of the server.
    pub endpoint: &'static str,
    /// Bearer token.
    pub token: &'static str,
    /// File with the bearer token.
    pub token_file: &'static str,
    /// API key, where the API takes one.
    pub api_key: Option<&'static str>,
}

impl Variables {
    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let all = [self.endpoint, self.token, self.token_file];
        all.into_iter().chain(self.api_key)
    }
}

/// One thing that sets a client up, and where it was found. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// What it sets.
    pub setting: Setting,
    /// What it is set to, as far as [`Setting`] says that it is kept here.
    pub value: Option<String>,
    /// Where it was found.
    pub origin: Origin,
}

/// What can be set by the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// Address of the server. It is not kept, as it may be wrong and hold a password; a client that
    /// could be built has it in its transport.
    Endpoint,
    /// Bearer token; not kept.
    Token,
    /// File with the bearer token; its path is kept.
    TokenFile,
    /// API key of a backend; not kept.
    ApiKey,
    /// Login of a user, in a login file; not kept.
    Login,
    /// Cookie of a session with a proxy; not kept.
    SessionCookie,
    /// Header that tells who is calling; its name is kept.
    IdentityHeader,
    /// Namespace for callers to name; kept.
    Namespace,
}

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In the environment variable of this name.
    Variable(&'static str),
    /// In the login file of Quantum Inspire.
    LoginFile(PathBuf),
    /// In the context file of KFP.
    ContextFile(PathBuf),
    /// In a file that Kubernetes puts into each pod.
    PodFile(PathBuf),
    /// Nowhere, but in a cluster the server has a usual address.
    Cluster,
    /// Nowhere; it is what counts where nothing is set.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::LoginFile(path) => write!(f, "login file {}", path.display()),
            Self::ContextFile(path) => write!(f, "context file {}", path.display()),
            Self::PodFile(path) => write!(f, "file of the pod {}", path.display()),
            Self::Cluster => f.write_str("cluster"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Found {
    pub(crate) fn new(setting: Setting, value: Option<String>, origin: Origin) -> Self {
        Self {
            setting,
            value,
            origin,
        }
    }
}

/// What a variable's value says; an empty one counts as not set.
pub(crate) fn text(name: &str, value: Option<OsString>) -> Result<Option<String>, Error> {
    let Some(value) = value else { return Ok(None) };
    // The value itself is not shown: it may be a token.
    let value = value.into_string().map_err(|_| {
        Error::configuration(format!(
            "the environment variable `{name}` is not UTF-8; set it anew"
        ))
    })?;
    Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
}
