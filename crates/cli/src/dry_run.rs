//! What would be sent, for `--dry-run`.

use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use compute_kfp::middleware::{Attempt, Middleware, Next, Outcome};
use compute_kfp::operation::{BodyKind, Location, Operation, SchemeKind, SecurityScheme};
use compute_kfp::{Error, ErrorKind};
use serde_json::Value;

use crate::api::Api;
use crate::arguments::Files;

/// Takes a request in place of the network.
#[derive(Clone, Default)]
pub struct Preview(Arc<Mutex<Option<Taken>>>);

struct Taken {
    operation: &'static Operation,
    url: String,
    headers: Vec<(String, String)>,
}

impl Middleware for Preview {
    fn handle<'a>(&'a self, attempt: Attempt, _: Next<'a>) -> Outcome<'a> {
        let headers = attempt.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Taken {
            operation: attempt.operation(),
            url: attempt.url().to_string(),
            headers: headers.collect(),
        });
        let error = Error::new(ErrorKind::Configuration, "nothing is sent in a dry run");
        Box::pin(async { Err(error) })
    }
}

impl Preview {
    /// The request and the same as curl, if there was one.
    pub fn text(&self, api: Api, arguments: &Value, files: &Files) -> Option<String> {
        let taken = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(taken.text(api, arguments, files))
    }
}

impl Taken {
    fn text(&self, api: Api, arguments: &Value, files: &Files) -> String {
        let mut text = format!("{} {}\n", self.operation.method, self.url);
        for (name, value) in &self.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        let secrets = self.secrets(api);
        for (header, _) in &secrets {
            let _ = writeln!(text, "{header}: [hidden]");
        }
        let parts = self.parts(arguments, files);
        for part in &parts {
            let _ = writeln!(text, "\n{}", part.shown);
        }
        let _ = write!(text, "\ncurl --request {}", self.operation.method);
        for (name, value) in &self.headers {
            let _ = write!(
                text,
                " \\\n  --header {}",
                quoted(&format!("{name}: {value}"))
            );
        }
        for (header, value) in &secrets {
            // In double quotes, so that the shell puts the variable in.
            let _ = write!(text, " \\\n  --header \"{header}: {value}\"");
        }
        for part in &parts {
            let _ = write!(text, " \\\n  {} {}", part.option, quoted(&part.argument));
        }
        let _ = write!(text, " \\\n  {}", quoted(&self.url));
        text
    }

    /// The headers that authorise it, each with the variable that holds the secret.
    fn secrets(&self, api: Api) -> Vec<(String, String)> {
        let preferred = self.operation.security.first().copied().unwrap_or_default();
        preferred
            .iter()
            .filter_map(|scheme| secret(api, scheme))
            .collect()
    }

    fn parts(&self, arguments: &Value, files: &Files) -> Vec<Part> {
        let mut parts = Vec::new();
        for body in self.operation.bodies() {
            if let BodyKind::Multipart(fields) = body.kind {
                for field in fields {
                    let value = arguments.get(field.argument).filter(|it| !it.is_null());
                    parts.extend(
                        value.map(|value| Part::form(format!("{}={}", field.name, text_of(value)))),
                    );
                    let files = files.iter().filter(|(name, _)| name == field.argument);
                    parts.extend(files.map(|(_, path)| {
                        Part::form(format!("{}=@{}", field.name, path.display()))
                    }));
                }
                continue;
            }
            let given = arguments.get(body.argument).filter(|it| !it.is_null());
            parts.extend(
                given
                    .into_iter()
                    .flat_map(|given| Part::body(body.kind, given)),
            );
            let files = files.iter().filter(|(name, _)| name == body.argument);
            parts.extend(files.map(|(_, path)| Part::file(path)));
        }
        parts
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// One option of curl, and the same for people.
struct Part {
    shown: String,
    option: &'static str,
    argument: String,
}

impl Part {
    fn form(field: String) -> Self {
        Self {
            shown: field.clone(),
            option: "--form",
            argument: field,
        }
    }

    fn file(path: &Path) -> Self {
        Self {
            shown: format!("@{}", path.display()),
            option: "--data-binary",
            argument: format!("@{}", path.display()),
        }
    }

    fn body(kind: BodyKind, body: &Value) -> Vec<Self> {
        if let (BodyKind::Form, Some(fields)) = (kind, body.as_object()) {
            let fields = fields.iter().map(|(name, value)| {
                let field = format!("{name}={}", text_of(value));
                Self {
                    shown: field.clone(),
                    option: "--data-urlencode",
                    argument: field,
                }
            });
            return fields.collect();
        }
        let text = match body {
            Value::String(text) if matches!(kind, BodyKind::Raw(_)) => text.clone(),
            other => other.to_string(),
        };
        vec![Self {
            shown: text.clone(),
            option: "--data-binary",
            argument: text,
        }]
    }
}

/// A header and what stands for its secret value in a shell.
fn secret(api: Api, scheme: &SecurityScheme) -> Option<(String, String)> {
    let variables = api.variables();
    let bearer = format!("Bearer ${}", variables.token);
    match scheme.kind {
        SchemeKind::Bearer => Some(("authorization".to_owned(), bearer)),
        SchemeKind::Basic => Some((
            "authorization".to_owned(),
            format!("Basic ${}", variables.token),
        )),
        SchemeKind::ApiKey {
            location: Location::Header,
            name,
        } => {
            let value = variables
                .api_key
                .map_or(bearer, |variable| format!("${variable}"));
            Some((name.to_lowercase(), value))
        }
        _ => None,
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
