//! The names of settings: as an option, a profile key, and a variable of each API.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};
use compute_kfp::settings::Variables;

use crate::api::Api;

/// A setting of connections, or of credentials other than the token.
#[derive(Debug)]
pub struct SettingName {
    /// Name of the option, without its hyphens.
    pub option: &'static str,
    /// Key in a profile.
    pub key: &'static str,
    variable: fn(&Variables) -> Option<&'static str>,
    value: Value,
    help: &'static str,
    /// Whether it applies to one server only, as a credential does.
    pub of_one_server: bool,
}

#[derive(Debug)]
enum Value {
    Flag,
    File,
    Text(&'static str),
}

pub static ALLOW_HTTP: SettingName = SettingName {
    option: "allow-http",
    key: "allow_http",
    variable: |variables| Some(variables.allow_http),
    value: Value::Flag,
    help: "Send credentials over plain HTTP to any host, not only to this machine and into a cluster",
    of_one_server: true,
};

pub static CERTIFICATE_AUTHORITY: SettingName = SettingName {
    option: "certificate-authority",
    key: "certificate_authority",
    variable: |variables| Some(variables.certificate_authority),
    value: Value::File,
    help: "Certificate authorities to trust beside those of the system, in PEM",
    of_one_server: false,
};

pub static CLIENT_CERTIFICATE: SettingName = SettingName {
    option: "client-certificate",
    key: "client_certificate",
    variable: |variables| Some(variables.client_certificate),
    value: Value::File,
    help: "Certificate that is shown to the server, in PEM, with its key unless --client-key is given",
    of_one_server: true,
};

pub static CLIENT_KEY: SettingName = SettingName {
    option: "client-key",
    key: "client_key",
    variable: |variables| Some(variables.client_key),
    value: Value::File,
    help: "Key of the client certificate, in PEM",
    of_one_server: true,
};

pub static INSECURE_SKIP_TLS_VERIFY: SettingName = SettingName {
    option: "insecure-skip-tls-verify",
    key: "insecure_skip_tls_verify",
    variable: |variables| Some(variables.insecure_skip_tls_verify),
    value: Value::Flag,
    help: "Accept any certificate of the server, for tests: credentials can be stolen",
    of_one_server: true,
};

pub static PROXY: SettingName = SettingName {
    option: "proxy",
    key: "proxy",
    variable: |variables| Some(variables.proxy),
    value: Value::Text("URL"),
    help: "Proxy, in place of that of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
    of_one_server: false,
};

pub static COOKIE_FILE: SettingName = SettingName {
    option: "cookie-file",
    key: "cookie_file",
    variable: |variables| variables.cookie_file,
    value: Value::File,
    help: "File with the cookies of a session with the proxy before KFP, as `name=value; other=value`",
    of_one_server: false,
};

pub static IDENTITY_HEADER: SettingName = SettingName {
    option: "identity-header",
    key: "identity_header",
    variable: |variables| variables.identity_header,
    value: Value::Text("NAME: VALUE"),
    help: "Header that tells KFP who is calling, such as `kubeflow-userid: user@example.org`",
    of_one_server: false,
};

/// All settings, in the order of the help.
pub static SETTING_NAMES: [&SettingName; 8] = [
    &CERTIFICATE_AUTHORITY,
    &CLIENT_CERTIFICATE,
    &CLIENT_KEY,
    &PROXY,
    &COOKIE_FILE,
    &IDENTITY_HEADER,
    &ALLOW_HTTP,
    &INSECURE_SKIP_TLS_VERIFY,
];

impl SettingName {
    /// Returns the variable of an API, if that API has this setting.
    pub fn variable(&self, api: Api) -> Option<&'static str> {
        (self.variable)(&api.variables())
    }

    pub fn arg(&self) -> Arg {
        let arg = Arg::new(self.option).long(self.option).help(self.help);
        match self.value {
            Value::Flag => arg.action(ArgAction::SetTrue),
            Value::File => arg
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath),
            Value::Text(name) => arg.value_name(name),
        }
    }

    /// Returns the value on the command line, in the format of the variable.
    pub fn given(&self, matches: &ArgMatches) -> Option<OsString> {
        match self.value {
            Value::Flag => matches.get_flag(self.option).then(|| "true".into()),
            Value::File => matches
                .get_one::<PathBuf>(self.option)
                .map(|path| path.clone().into_os_string()),
            Value::Text(_) => matches.get_one::<String>(self.option).map(OsString::from),
        }
    }

    /// Returns the ways to set it, for hints about these APIs.
    pub fn ways(&self, apis: &[Api]) -> String {
        let variables = apis.iter().filter_map(|api| self.variable(*api));
        let variables: Vec<&str> = variables.collect();
        let (value, set) = match &self.value {
            Value::Flag => ("", "=true"),
            Value::File => (" FILE", "=FILE"),
            Value::Text(_) => (" …", "=…"),
        };
        let variables = variables.join(&format!("{set} or "));
        format!(
            "--{}{value}, `{}` in a profile, or {variables}{set}",
            self.option, self.key
        )
    }
}
