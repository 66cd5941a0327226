//! The request shown by `--dry-run`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use compute_kfp::settings::Setting;
use http::Request;

use crate::arguments::Files;
use crate::client::ApiClient;
use crate::quoting::quoted;
use crate::settings::ConfigValue;

/// The request of a client that sends nothing, once there is one.
pub type Taken = Arc<OnceLock<Request<Option<Bytes>>>>;

/// A request that would be sent.
pub struct Preview<'a> {
    pub client: &'a ApiClient,
    /// The settings of the client, as they are configured.
    pub settings: Vec<ConfigValue>,
    pub request: &'a Request<Option<Bytes>>,
}

impl Preview<'_> {
    /// Returns the request and the equivalent curl command. Files are not held in memory.
    pub fn text(&self, files: &Files) -> String {
        let request = self.request;
        let (method, url) = (request.method(), request.uri().to_string());
        let is_form = !files.is_empty();
        let headers: Vec<(&str, String, bool)> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let (name, text) = (name.as_str(), String::from_utf8_lossy(value.as_bytes()));
                let text = match value.is_sensitive() {
                    true => self.placeholder(name, &text),
                    false if is_form && name == "content-type" => "multipart/form-data".to_owned(),
                    false => text.into_owned(),
                };
                (name, text, value.is_sensitive())
            })
            .collect();
        let files = files.iter().map(|(name, path)| {
            let path = path.display();
            ("--form", format!("{name}=@{path}"))
        });
        let body = request.body().as_ref().map(|body| {
            let body = String::from_utf8_lossy(body).into_owned();
            ("--data-binary", body)
        });
        let parts: Vec<(&str, String)> = files.chain(body).collect();
        let mut text = format!("{method} {url}\n");
        for (name, value, _) in &headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        for (_, value) in &parts {
            let _ = writeln!(text, "\n{value}");
        }
        let _ = write!(text, "\ncurl --request {method}");
        for option in self.connection() {
            let _ = write!(text, " \\\n  {option}");
        }
        for (name, value, is_secret) in headers {
            // curl adds these itself, a form's with its boundary.
            if name == "content-length" || (is_form && name == "content-type") {
                continue;
            }
            let header = format!("{name}: {value}");
            let header = match is_secret {
                // In double quotes, so that the shell puts the secret in.
                true => format!("\"{header}\""),
                false => quoted(&header),
            };
            let _ = write!(text, " \\\n  --header {header}");
        }
        for (option, value) in &parts {
            let _ = write!(text, " \\\n  {option} {}", quoted(value));
        }
        let _ = write!(text, " \\\n  {}", quoted(&url));
        text
    }

    /// Returns the shell placeholder for the secret value of this header.
    fn placeholder(&self, header: &str, value: &str) -> String {
        let variables = self.client.api.variables();
        let value_of = |setting| self.client.found(setting)?.0.value.as_deref();
        let identity = value_of(Setting::IdentityHeader);
        if identity.is_some_and(|name| name.eq_ignore_ascii_case(header)) {
            let variable = variables.identity_header;
            return format!("${{{variable}#*: }}");
        }
        if header == "cookie" {
            let file = self.settings.iter();
            let mut file = file.filter(|setting| setting.variable == variables.cookie_file);
            return match file.next() {
                Some(file) => content_of(&file.value),
                None => format!("${}", variables.cookie),
            };
        }
        match (value.strip_prefix("Bearer "), variables.api_key) {
            (Some(_), _) => match value_of(Setting::TokenFile) {
                Some(path) => format!("Bearer {}", content_of(OsStr::new(path))),
                None => format!("Bearer ${}", variables.token),
            },
            (None, Some(variable)) => format!("${variable}"),
            (None, None) => "[hidden]".to_owned(),
        }
    }

    /// Returns the curl options for the same connection.
    fn connection(&self) -> impl Iterator<Item = String> {
        let variables = self.client.api.variables();
        self.settings.iter().filter_map(move |setting| {
            let value = quoted(&setting.value.to_string_lossy());
            match setting.variable {
                name if name == variables.certificate_authority => {
                    Some(format!("--cacert {value}"))
                }
                name if name == variables.client_certificate => Some(format!("--cert {value}")),
                name if name == variables.client_key => Some(format!("--key {value}")),
                // It may hold a password.
                name if name == variables.proxy => Some(format!("--proxy \"${name}\"")),
                _ => None,
            }
        })
    }
}

fn content_of(path: &OsStr) -> String {
    format!("$(cat {})", quoted(&path.to_string_lossy()))
}
