//! The settings of a server, as options and as keys of a profile.

use std::ffi::OsString;
use std::fmt;

use clap::{Args, ValueHint};
use compute_kfp::settings::Origin;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{Api, kebab};

/// The source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Option(String),
    Profile(String),
    /// A variable, or a place that only the SDK knows.
    Other(Origin),
}

impl Source {
    /// Returns the option that is equivalent to a key of a profile.
    pub fn option(key: &str) -> Self {
        Self::Option(kebab(key))
    }

    pub fn is_environment(&self) -> bool {
        matches!(self, Self::Other(Origin::Variable(_)))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) => write!(f, "option --{name}"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Other(origin) => origin.fmt(f),
        }
    }
}

/// A setting that is set, named by the equivalent variable.
#[derive(Clone, Debug)]
pub struct ConfigValue {
    pub variable: &'static str,
    pub value: OsString,
    pub source: Source,
}

/// The settings of a server that options and profiles can set. None of them is a secret.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[command(next_help_heading = "Connection options")]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address of the server
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    endpoint: Option<String>,

    /// File with the bearer token, read again when it changes
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    token_file: Option<String>,

    /// Certificate authorities to trust in addition to the system's, in PEM
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate_authority: Option<String>,

    /// Client certificate in PEM, with its key unless --client-key is given
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_certificate: Option<String>,

    /// Key of the client certificate, in PEM
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_key: Option<String>,

    /// Proxy [default: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY]
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,

    /// File with the session cookies of the proxy in front of the server, as `name=value; other=value`
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    cookie_file: Option<String>,

    /// Header that identifies the caller to a proxy, such as `kubeflow-userid: user@example.org`
    #[arg(long, global = true, value_name = "NAME: VALUE")]
    identity_header: Option<String>,

    /// Send credentials over plain HTTP to any host, not only to this machine and inside a cluster
    #[arg(long, global = true, num_args = 0, default_missing_value = "true")]
    allow_http: Option<bool>,

    /// Accept any certificate of the server, for tests: credentials can be stolen
    #[arg(long, global = true, num_args = 0, default_missing_value = "true")]
    insecure_skip_tls_verify: Option<bool>,
}

impl ServerSettings {
    /// Returns the settings that are set, in the format of variables. `source` takes the key.
    pub fn values(&self, api: Api, source: impl Fn(&str) -> Source) -> Vec<ConfigValue> {
        // As in a profile, so that each setting is listed once.
        let settings = serde_json::to_value(self).unwrap_or_default();
        let settings = settings.as_object().into_iter().flatten();
        let values = settings.filter_map(|(key, value)| {
            let value = match value {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                flag => flag.to_string(),
            };
            Some(ConfigValue {
                variable: api.variable(key)?,
                value: value.into(),
                source: source(key),
            })
        });
        values.collect()
    }

    /// Returns an option whose value suits one server only, like a token, if one is set.
    pub fn option_for_one_server(&self) -> Option<String> {
        let mut values = self.values(Api::Kfp, Source::option).into_iter();
        values.find_map(|value| match value.source {
            Source::Option(name) if !["certificate-authority", "proxy"].contains(&&*name) => {
                Some(name)
            }
            _ => None,
        })
    }
}
