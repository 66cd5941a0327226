//! Settings that a client finds in variables and files, and their origin.
//!
//! ```
//! use compute_kfp::settings::{Origin, Setting};
//! use compute_kfp::compute::ClientBuilder;
//!
//! let builder = ClientBuilder::from_variables(&|name| match name {
//!     "COMPUTE_TOKEN" => Some("s3cret".into()),
//!     other => std::env::var_os(other),
//! })?;
//! let token = builder.found().iter().find(|found| found.setting == Setting::Token);
//! assert_eq!(token.map(|found| &found.origin), Some(&Origin::Variable("COMPUTE_TOKEN")));
//! assert_eq!(token.and_then(|found| found.value.as_deref()), None, "it is a secret");
//! # Ok::<(), compute_kfp::Error>(())
//! ```

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::credentials::{BearerToken, Credentials, IdentityHeader, SessionCookie, TokenFile};
use crate::{Error, TransportBuilder};

/// The environment variables that configure a client of one API, for the command line. The tables of
/// both `from_env` say what they hold.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Variables {
    pub endpoint: &'static str,
    pub token: &'static str,
    pub token_file: &'static str,
    pub api_key: Option<&'static str>,
    pub cookie: &'static str,
    pub cookie_file: &'static str,
    pub identity_header: &'static str,
    pub client_certificate: &'static str,
    pub client_key: &'static str,
    pub allow_http: &'static str,
    pub insecure_skip_tls_verify: &'static str,
    pub certificate_authority: &'static str,
    pub proxy: &'static str,
}

impl Variables {
    /// Returns the names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let connections = [
            self.allow_http,
            self.insecure_skip_tls_verify,
            self.certificate_authority,
            self.proxy,
        ];
        self.server_names().chain(connections)
    }

    /// Returns the names of the variables that name the server or hold a credential for it.
    ///
    /// Take all of them from one source. Otherwise a credential may go to a server from another source.
    pub fn server_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let everywhere = [
            self.endpoint,
            self.token,
            self.token_file,
            self.client_certificate,
            self.client_key,
            self.cookie,
            self.cookie_file,
            self.identity_header,
        ];
        everywhere.into_iter().chain(self.api_key)
    }

    /// Configures the connections of a transport from the variables.
    pub fn connect(
        &self,
        variable: &dyn Fn(&str) -> Option<OsString>,
        transport: TransportBuilder,
    ) -> Result<TransportBuilder, Error> {
        Lookup::new(self, variable).connections(transport)
    }
}

/// A lookup of variables that notes which settings were found.
pub(crate) struct Lookup<'a> {
    names: &'a Variables,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub found: Vec<Found>,
}

impl<'a> Lookup<'a> {
    pub fn new(names: &'a Variables, variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            names,
            variable,
            found: Vec::new(),
        }
    }

    pub fn note(&mut self, setting: Setting, value: Option<String>, origin: Origin) {
        self.found.push(Found {
            setting,
            value,
            origin,
        });
    }

    pub fn has(&self, setting: Setting) -> bool {
        self.found.iter().any(|found| found.setting == setting)
    }

    /// Returns the value of a variable. An empty one counts as not set.
    pub fn value_of(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Returns the text of a variable, which is not kept.
    pub fn text(&mut self, setting: Setting, name: &'static str) -> Result<Option<String>, Error> {
        let text = self.unnoted(name)?;
        if text.is_some() {
            self.note(setting, None, Origin::Variable(name));
        }
        Ok(text)
    }

    fn unnoted(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.value_of(name) else {
            return Ok(None);
        };
        // The value itself is not shown: it may be a token.
        let value = value.into_string().map_err(|_| {
            Error::configuration(format!(
                "the environment variable `{name}` is not UTF-8; set it again"
            ))
        })?;
        Ok(trimmed(&value))
    }

    /// Returns the path in a variable, which is kept.
    fn path(&mut self, setting: Setting, name: &'static str) -> Option<PathBuf> {
        let path = PathBuf::from(self.value_of(name)?);
        let shown = path.to_string_lossy().into_owned();
        self.note(setting, Some(shown), Origin::Variable(name));
        Some(path)
    }

    fn flag(&mut self, setting: Setting, name: &'static str) -> Result<bool, Error> {
        let value = self.unnoted(name)?.unwrap_or_default();
        let is_set = match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "" | "0" | "false" | "no" | "off" => false,
            _ => {
                return Err(Error::configuration(format!(
                    "invalid value {value:?} of `{name}`: set it to true or false"
                )));
            }
        };
        if is_set {
            self.note(setting, None, Origin::Variable(name));
        }
        Ok(is_set)
    }

    /// Returns the token in a variable, or else that in the file which a variable names.
    pub fn token(&mut self) -> Result<Option<Arc<dyn Credentials>>, Error> {
        if let Some(token) = self.text(Setting::Token, self.names.token)? {
            return Ok(Some(Arc::new(BearerToken::new(token))));
        }
        Ok(match self.path(Setting::TokenFile, self.names.token_file) {
            Some(path) => Some(Arc::new(TokenFile::new(path))),
            None => None,
        })
    }

    /// Adds the credentials for a proxy that variables hold to a transport.
    pub fn proxy_credentials(
        &mut self,
        mut transport: TransportBuilder,
    ) -> Result<TransportBuilder, Error> {
        let names = self.names;
        if let Some(cookie) = self.text(Setting::SessionCookie, names.cookie)? {
            transport = transport.proxy_credentials(SessionCookie::new(cookie));
        } else if let Some(file) = self.value_of(names.cookie_file) {
            let cookie = read("session cookie", Path::new(&file))?;
            let cookie = SessionCookie::new(String::from_utf8_lossy(&cookie));
            let origin = Origin::Variable(names.cookie_file);
            self.note(Setting::SessionCookie, None, origin);
            transport = transport.proxy_credentials(cookie);
        }
        if let Some(header) = self.unnoted(names.identity_header)? {
            // The value is not shown, since it is a credential.
            let (name, value) = header.split_once(':').ok_or_else(|| {
                Error::configuration(
                    "invalid identity header: write it as `NAME: VALUE`, such as `kubeflow-userid: user@example.org`",
                )
            })?;
            let (name, value) = (name.trim(), value.trim());
            let origin = Origin::Variable(names.identity_header);
            self.note(Setting::IdentityHeader, Some(name.to_owned()), origin);
            transport = transport.proxy_credentials(IdentityHeader::new(name, value));
        }
        Ok(transport)
    }

    /// Configures the connections of a transport.
    pub fn connections(
        &mut self,
        mut transport: TransportBuilder,
    ) -> Result<TransportBuilder, Error> {
        let names = self.names;
        if self.flag(Setting::AllowHttp, names.allow_http)? {
            transport = transport.allow_plain_http(true);
        }
        let insecure = names.insecure_skip_tls_verify;
        if self.flag(Setting::InsecureSkipTlsVerify, insecure)? {
            transport = transport.danger_accept_invalid_certs(true);
        }
        let authority = names.certificate_authority;
        if let Some(path) = self.path(Setting::CertificateAuthority, authority) {
            transport = transport.root_certificate(read("certificate authority", &path)?);
        }
        let key = self.value_of(names.client_key);
        if let Some(path) = self.path(Setting::ClientCertificate, names.client_certificate) {
            let chain = read("client certificate", &path)?;
            let key = match key {
                Some(key) => read("client key", Path::new(&key))?,
                None => chain.clone(),
            };
            transport = transport.client_certificate(chain, key);
        } else if key.is_some() {
            return Err(Error::configuration(format!(
                "client key without a client certificate; set `{}`, too",
                names.client_certificate
            )));
        }
        if let Some(proxy) = self.text(Setting::Proxy, names.proxy)? {
            transport = transport.proxy(proxy);
        }
        Ok(transport)
    }
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        let path = path.display();
        Error::configuration(format!("cannot read the {what} `{path}`: {error}")).caused_by(error)
    })
}

/// Returns a string without surrounding white space, or `None` if it is empty then.
pub(crate) fn trimmed(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A setting of a client, and where it was found. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The setting.
    pub setting: Setting,
    /// Its value, if [`Setting`] says that it is kept.
    pub value: Option<String>,
    /// The place where it was found.
    pub origin: Origin,
}

/// The settings that variables and files can provide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// Address of the server. It is not kept, as it may be wrong and contain a password. Once the
    /// client is built, its transport has the address.
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
    /// Header that identifies the caller; its name is kept.
    IdentityHeader,
    /// Namespace for callers to use; kept.
    Namespace,
    /// Permission to send credentials over plain HTTP to any host.
    AllowHttp,
    /// Certificate authorities to trust in addition to the system's; the path of their file is kept.
    CertificateAuthority,
    /// Certificate of the client; the path of its file is kept.
    ClientCertificate,
    /// Acceptance of any certificate of the server.
    InsecureSkipTlsVerify,
    /// Proxy; not kept, as it may hold a password.
    Proxy,
}

/// The place where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The environment variable of this name.
    Variable(&'static str),
    /// The login file of Quantum Inspire.
    LoginFile(PathBuf),
    /// The context file of KFP.
    ContextFile(PathBuf),
    /// A file that Kubernetes puts into each pod.
    PodFile(PathBuf),
    /// Not configured: the usual address of the server in a cluster.
    Cluster,
    /// Not configured: the default.
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
