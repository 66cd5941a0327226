//! The settings of a server, as options and as keys of a profile.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use compute_kfp::settings::Variables;
use serde::Deserialize;

use crate::api::Api;

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
    /// Returns the settings that are set, with their values in the format of variables.
    pub fn values(&self) -> impl Iterator<Item = (&'static SettingNames, OsString)> {
        fn text(value: &Option<impl Clone + Into<OsString>>) -> Option<OsString> {
            value.clone().map(Into::into)
        }
        let flag = |value: Option<bool>| value.map(|value| value.to_string().into());
        let values = [
            (&ENDPOINT, text(&self.endpoint)),
            (&TOKEN_FILE, text(&self.token_file)),
            (&CERTIFICATE_AUTHORITY, text(&self.certificate_authority)),
            (&CLIENT_CERTIFICATE, text(&self.client_certificate)),
            (&CLIENT_KEY, text(&self.client_key)),
            (&PROXY, text(&self.proxy)),
            (&COOKIE_FILE, text(&self.cookie_file)),
            (&IDENTITY_HEADER, text(&self.identity_header)),
            (&ALLOW_HTTP, flag(self.allow_http)),
            (
                &INSECURE_SKIP_TLS_VERIFY,
                flag(self.insecure_skip_tls_verify),
            ),
        ];
        let values = values.into_iter();
        values.filter_map(|(names, value)| Some((names, value?)))
    }
}

/// The names of a setting: as an option, a key of a profile, and a variable of each API.
pub struct SettingNames {
    /// Name of the option, without its hyphens.
    pub option: &'static str,
    variable: fn(&Variables) -> &'static str,
    /// Value in a hint; empty for a flag.
    value: &'static str,
    /// Whether a value suits one server only, like a token.
    pub is_for_one_server: bool,
}

static ENDPOINT: SettingNames =
    SettingNames::new("endpoint", "URL", |of| of.endpoint).for_one_server();
static TOKEN_FILE: SettingNames =
    SettingNames::new("token-file", "FILE", |of| of.token_file).for_one_server();
pub static CERTIFICATE_AUTHORITY: SettingNames =
    SettingNames::new("certificate-authority", "FILE", |of| {
        of.certificate_authority
    });
pub static CLIENT_CERTIFICATE: SettingNames =
    SettingNames::new("client-certificate", "FILE", |of| of.client_certificate).for_one_server();
static CLIENT_KEY: SettingNames =
    SettingNames::new("client-key", "FILE", |of| of.client_key).for_one_server();
static PROXY: SettingNames = SettingNames::new("proxy", "URL", |of| of.proxy);
static COOKIE_FILE: SettingNames =
    SettingNames::new("cookie-file", "FILE", |of| of.cookie_file).for_one_server();
static IDENTITY_HEADER: SettingNames =
    SettingNames::new("identity-header", "'NAME: VALUE'", |of| of.identity_header).for_one_server();
pub static ALLOW_HTTP: SettingNames =
    SettingNames::new("allow-http", "", |of| of.allow_http).for_one_server();
pub static INSECURE_SKIP_TLS_VERIFY: SettingNames =
    SettingNames::new("insecure-skip-tls-verify", "", |of| {
        of.insecure_skip_tls_verify
    })
    .for_one_server();

impl SettingNames {
    const fn new(
        option: &'static str,
        value: &'static str,
        variable: fn(&Variables) -> &'static str,
    ) -> Self {
        Self {
            option,
            variable,
            value,
            is_for_one_server: false,
        }
    }

    const fn for_one_server(mut self) -> Self {
        self.is_for_one_server = true;
        self
    }

    /// Returns the variable of an API.
    pub fn variable(&self, api: Api) -> &'static str {
        (self.variable)(&api.variables())
    }

    /// Returns the key in a profile.
    pub fn key(&self) -> String {
        self.option.replace('-', "_")
    }

    /// Returns the ways to set it, for hints about these APIs.
    pub fn ways(&self, apis: &[Api]) -> String {
        let (option, set) = match self.value {
            "" => (format!("--{}", self.option), "true"),
            value => (format!("--{} {value}", self.option), value),
        };
        let variables = apis.iter().map(|api| self.variable(*api));
        let variables: Vec<String> = variables.map(|name| format!("{name}={set}")).collect();
        format!(
            "{option}, `{}` in a profile, or {}",
            self.key(),
            variables.join(" or ")
        )
    }
}
