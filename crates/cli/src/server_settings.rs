//! The settings of a server, as options and as keys of a profile.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use compute_kfp::settings::Origin;
use serde::Deserialize;

use crate::api::Api;

/// The source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Option(&'static str),
    Profile(String),
    /// A variable, or a place that only the SDK knows.
    Other(Origin),
}

impl Source {
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
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[command(next_help_heading = "Connection options")]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address of the server
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    endpoint: Option<String>,

    /// File with the bearer token, read again when it changes
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    token_file: Option<PathBuf>,

    /// Certificate authorities to trust in addition to the system's, in PEM
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate_authority: Option<PathBuf>,

    /// Client certificate in PEM, with its key unless --client-key is given
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_certificate: Option<PathBuf>,

    /// Key of the client certificate, in PEM
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_key: Option<PathBuf>,

    /// Proxy [default: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY]
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,

    /// File with the session cookies of the proxy in front of the server, as `name=value; other=value`
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    cookie_file: Option<PathBuf>,

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
    /// Returns the settings that are set, in the format of variables. `source` takes the option.
    pub fn values(&self, api: Api, source: impl Fn(&'static str) -> Source) -> Vec<ConfigValue> {
        fn text(value: &Option<impl Clone + Into<OsString>>) -> Option<OsString> {
            value.clone().map(Into::into)
        }
        let flag = |value: Option<bool>| value.map(|value| value.to_string().into());
        let variables = api.variables();
        let authority = text(&self.certificate_authority);
        let values = [
            ("endpoint", variables.endpoint, text(&self.endpoint)),
            ("token-file", variables.token_file, text(&self.token_file)),
            (AUTHORITY, variables.certificate_authority, authority),
            (
                "client-certificate",
                variables.client_certificate,
                text(&self.client_certificate),
            ),
            ("client-key", variables.client_key, text(&self.client_key)),
            (PROXY, variables.proxy, text(&self.proxy)),
            (
                "cookie-file",
                variables.cookie_file,
                text(&self.cookie_file),
            ),
            (
                "identity-header",
                variables.identity_header,
                text(&self.identity_header),
            ),
            ("allow-http", variables.allow_http, flag(self.allow_http)),
            (
                "insecure-skip-tls-verify",
                variables.insecure_skip_tls_verify,
                flag(self.insecure_skip_tls_verify),
            ),
        ];
        let values = values.into_iter().filter_map(|(option, variable, value)| {
            Some(ConfigValue {
                variable,
                value: value?,
                source: source(option),
            })
        });
        values.collect()
    }

    /// Returns an option whose value suits one server only, like a token, if one is set.
    pub fn option_for_one_server(&self) -> Option<&'static str> {
        let mut values = self.values(Api::Kfp, Source::Option).into_iter();
        values.find_map(|value| match value.source {
            Source::Option(option) if ![AUTHORITY, PROXY].contains(&option) => Some(option),
            _ => None,
        })
    }
}

const AUTHORITY: &str = "certificate-authority";
const PROXY: &str = "proxy";
