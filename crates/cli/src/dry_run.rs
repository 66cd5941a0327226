//! The request shown by `--dry-run`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use compute_kfp::TransportBuilder;
use compute_kfp::operation::{BodyKind, Operation};
use compute_kfp::settings::{Found, Setting};
use serde_json::Value;

use crate::api::{Api, Client};
use crate::arguments::Files;
use crate::failure::Failure;
use crate::settings::{self, Settings};

/// Creates a client that sends nothing, and the preview of its request.
pub fn preview(settings: &Settings<'_>, api: Api) -> Result<(Client, Preview), Failure> {
    Ok(match api {
        Api::Compute => {
            let mut builder = settings.compute_builder()?;
            let preview = Preview::new(settings, api, builder.found());
            let mut found = builder.found().iter();
            if found.any(|found| found.setting == Setting::Login) {
                // Nothing is sent, so no login needs a refresh.
                builder = builder.bearer_token("of a login");
            }
            let builder = builder.transport(|transport| preview.dry_run(transport));
            (Client::Compute(builder.build()?), preview)
        }
        Api::Kfp => {
            let builder = settings.kfp_builder()?;
            let preview = Preview::new(settings, api, builder.found());
            let builder = builder.transport(|transport| preview.dry_run(transport));
            (Client::Kfp(builder.build()?), preview)
        }
    })
}

/// Captures the request that a transport would send.
#[derive(Clone)]
pub struct Preview {
    taken: Arc<Mutex<Option<Taken>>>,
    variables: Placeholders,
    connection: Vec<String>,
}

struct Taken {
    method: String,
    url: String,
    /// Name, value, and whether it is secret.
    headers: Vec<(String, String, bool)>,
    body: Option<String>,
}

impl Preview {
    /// Creates a preview. `found` holds the settings of the client.
    fn new(settings: &Settings<'_>, api: Api, found: &[Found]) -> Self {
        let settings = settings.of(api);
        Self {
            taken: Arc::default(),
            connection: connection(api, &settings),
            variables: Placeholders {
                api,
                found: found.to_vec(),
                settings,
            },
        }
    }

    /// Makes a transport capture its request and send nothing.
    fn dry_run(&self, transport: TransportBuilder) -> TransportBuilder {
        let (taken, variables) = (self.taken.clone(), self.variables.clone());
        transport.dry_run(move |request| {
            let headers = request.headers().iter().map(|(name, value)| {
                let text = String::from_utf8_lossy(value.as_bytes());
                let text = match value.is_sensitive() {
                    true => variables.of(name.as_str(), &text),
                    false => text.into_owned(),
                };
                (name.to_string(), text, value.is_sensitive())
            });
            let body = request.body().as_ref();
            let body = body.map(|body| String::from_utf8_lossy(body).into_owned());
            *taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Taken {
                method: request.method().to_string(),
                url: request.uri().to_string(),
                headers: headers.collect(),
                body,
            });
        })
    }

    /// Returns the request and the equivalent curl command, if there was a request.
    pub fn text(&self, operation: &Operation, arguments: &Value, files: &Files) -> Option<String> {
        let taken = self.taken.lock();
        let taken = taken.unwrap_or_else(PoisonError::into_inner).take()?;
        Some(taken.text(&self.connection, operation, arguments, files))
    }
}

/// Shell placeholders for secrets.
#[derive(Clone)]
struct Placeholders {
    api: Api,
    found: Vec<Found>,
    settings: Vec<settings::Setting>,
}

impl Placeholders {
    /// Returns the placeholder for the value of this header.
    fn of(&self, header: &str, value: &str) -> String {
        let variables = self.api.variables();
        let found = |setting| self.found.iter().find(|found| found.setting == setting);
        let identity = found(Setting::IdentityHeader).and_then(|found| found.value.as_deref());
        if identity.is_some_and(|name| name.eq_ignore_ascii_case(header)) {
            let variable = variables.identity_header.unwrap_or_default();
            return format!("${{{variable}#*: }}");
        }
        if header == "cookie" {
            let file = self.settings.iter();
            let mut file = file.filter(|setting| Some(setting.variable) == variables.cookie_file);
            return match (file.next(), variables.cookie) {
                (Some(file), _) => content_of(&file.value),
                (None, variable) => format!("${}", variable.unwrap_or_default()),
            };
        }
        match (value.strip_prefix("Bearer "), variables.api_key) {
            (Some(_), _) => {
                match found(Setting::TokenFile).and_then(|found| found.value.as_ref()) {
                    Some(path) => format!("Bearer {}", content_of(OsStr::new(path))),
                    None => format!("Bearer ${}", variables.token),
                }
            }
            (None, Some(variable)) => format!("${variable}"),
            (None, None) => "[hidden]".to_owned(),
        }
    }
}

fn content_of(path: &OsStr) -> String {
    format!("$(cat {})", quoted(&path.to_string_lossy()))
}

/// Returns the curl options for the same connection.
fn connection(api: Api, settings: &[settings::Setting]) -> Vec<String> {
    let variables = api.variables();
    let option = |setting: &settings::Setting| {
        let value = quoted(&setting.value.to_string_lossy());
        match setting.variable {
            name if name == variables.certificate_authority => Some(format!("--cacert {value}")),
            name if name == variables.client_certificate => Some(format!("--cert {value}")),
            name if name == variables.client_key => Some(format!("--key {value}")),
            // It may hold a password.
            name if name == variables.proxy => Some(format!("--proxy \"${name}\"")),
            _ => None,
        }
    };
    settings.iter().filter_map(option).collect()
}

impl Taken {
    fn text(
        &self,
        connection: &[String],
        operation: &Operation,
        arguments: &Value,
        files: &Files,
    ) -> String {
        let is_form = self.body.is_none() && operation.bodies().any(|body| is_multipart(body.kind));
        let headers = self.headers.iter().map(|(name, value, is_secret)| {
            let value = match is_form && name == "content-type" {
                true => "multipart/form-data",
                false => value,
            };
            (name, value, *is_secret)
        });
        let parts = match &self.body {
            Some(body) => vec![("--data-binary", body.clone())],
            None => parts(operation, arguments, files),
        };
        let mut text = format!("{} {}\n", self.method, self.url);
        for (name, value, _) in headers.clone() {
            let _ = writeln!(text, "{name}: {value}");
        }
        for (_, value) in &parts {
            let _ = writeln!(text, "\n{value}");
        }
        let _ = write!(text, "\ncurl --request {}", self.method);
        for option in connection {
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
        let _ = write!(text, " \\\n  {}", quoted(&self.url));
        text
    }
}

fn is_multipart(kind: BodyKind) -> bool {
    matches!(kind, BodyKind::Multipart(_))
}

/// Returns the parts of a form, or the file of a body, as options of curl. Files are not held in memory.
fn parts(operation: &Operation, arguments: &Value, files: &Files) -> Vec<(&'static str, String)> {
    let files_of = |argument: &'static str| {
        let files = files.iter().filter(move |(name, _)| name == argument);
        files.map(|(_, path)| path.display())
    };
    let mut parts = Vec::new();
    for body in operation.bodies() {
        for field in body.kind.parts() {
            let (name, value) = (field.name, arguments.get(field.argument));
            if let Some(value) = value.filter(|it| !it.is_null()) {
                parts.push(("--form", format!("{name}={}", text_of(value))));
            }
            let files = files_of(field.argument);
            parts.extend(files.map(|path| ("--form", format!("{name}=@{path}"))));
        }
        let files = files_of(body.argument);
        parts.extend(files.map(|path| ("--data-binary", format!("@{path}"))));
    }
    parts
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Quotes a string as one shell word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
