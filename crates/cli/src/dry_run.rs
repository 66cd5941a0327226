//! The request shown by `--dry-run`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use compute_kfp::settings::Setting;
use http::Request;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName};

use crate::arguments::Files;
use crate::client::ApiClient;
use crate::quoting::quoted;
use crate::server_settings::ConfigValue;
use crate::settings::find;

/// The request of a client that sends nothing, once there is one.
pub type Taken = Arc<OnceLock<Request<Option<Bytes>>>>;

/// Returns a request and the equivalent curl command. Files are not held in memory.
pub fn preview(
    client: &ApiClient,
    settings: &[ConfigValue],
    request: &Request<Option<Bytes>>,
    files: &Files,
) -> String {
    let (method, url) = (request.method(), request.uri().to_string());
    let mut shown = format!("{method} {url}\n");
    let mut curl = format!("curl --request {method}");
    let variables = client.api.variables();
    for (option, variable) in [
        ("--cacert", variables.certificate_authority),
        ("--cert", variables.client_certificate),
        ("--key", variables.client_key),
        ("--proxy", variables.proxy),
    ] {
        if let Some(setting) = find(settings, variable) {
            let value = match option {
                // It may hold a password.
                "--proxy" => format!("\"${variable}\""),
                _ => quoted(&setting.value.to_string_lossy()),
            };
            let _ = write!(curl, " \\\n  {option} {value}");
        }
    }
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes());
        let is_of_form = name == CONTENT_TYPE && !files.is_empty();
        let text = match value.is_sensitive() {
            true => placeholder(client, settings, name, &text),
            false if is_of_form => "multipart/form-data".to_owned(),
            false => text.into_owned(),
        };
        let header = format!("{name}: {text}");
        let _ = writeln!(shown, "{header}");
        // curl adds these itself, a form's with its boundary.
        if is_of_form || name == CONTENT_LENGTH {
            continue;
        }
        let word = match value.is_sensitive() {
            // In double quotes, so that the shell puts the secret in.
            true => format!("\"{header}\""),
            false => quoted(&header),
        };
        let _ = write!(curl, " \\\n  --header {word}");
    }
    let files = files.iter().map(|(name, path)| {
        let path = path.display();
        ("--form", format!("{name}=@{path}"))
    });
    let body = request.body().as_ref();
    let body = body.map(|body| ("--data-binary", String::from_utf8_lossy(body).into_owned()));
    for (option, value) in files.chain(body) {
        let _ = writeln!(shown, "\n{value}");
        let _ = write!(curl, " \\\n  {option} {}", quoted(&value));
    }
    format!("{shown}\n{curl} \\\n  {}", quoted(&url))
}

/// Returns the shell placeholder for the secret value of this header.
fn placeholder(
    client: &ApiClient,
    settings: &[ConfigValue],
    header: &HeaderName,
    value: &str,
) -> String {
    let variables = client.api.variables();
    let value_of = |setting| client.found(setting)?.0.value.as_deref();
    let identity = value_of(Setting::IdentityHeader);
    if identity.is_some_and(|name| name.eq_ignore_ascii_case(header.as_str())) {
        let variable = variables.identity_header;
        return format!("${{{variable}#*: }}");
    }
    if header == COOKIE {
        return match find(settings, variables.cookie_file) {
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

fn content_of(path: &OsStr) -> String {
    format!("$(cat {})", quoted(&path.to_string_lossy()))
}
