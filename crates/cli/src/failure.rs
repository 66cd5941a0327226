//! How a command can end other than well: what is said, and with which status.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use compute_kfp::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::output::{harmless, printable};

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// The API or the network refused.
    Api(Error),
    /// The same, with what was found out about it.
    Advised {
        error: Error,
        /// In place of the error's.
        message: Option<String>,
        hint: Option<String>,
    },
    /// What was asked for cannot be right; the message says what to do.
    Usage(String),
    /// A file or the terminal could not be read or written.
    Io(String),
    /// What was waited for ended badly, which has been said.
    EndedBadly,
    /// What is wrong has been said; this is the status.
    Diagnosed(u8),
    /// Nobody reads the output any more.
    ClosedPipe,
    /// The user pressed Ctrl-C.
    Interrupted,
}

impl Failure {
    /// What cannot be read or written, and why.
    pub fn io(what: impl Display, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Io(format!("{what}: {error}")),
        }
    }

    /// 0 done, 1 refused, 2 usage, 3 not authenticated, 4 not found, 5 timed out, 6 not supported by
    /// the server.
    pub fn status(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Api(error) | Self::Advised { error, .. } => match error.kind() {
                // What is wrong with the arguments was found before anything was sent.
                ErrorKind::InvalidRequest if error.status().is_none() => 2,
                ErrorKind::Configuration => 2,
                ErrorKind::Authentication => 3,
                ErrorKind::NotFound => 4,
                ErrorKind::Timeout => 5,
                ErrorKind::Unsupported => 6,
                _ => 1,
            },
            Self::Usage(_) => 2,
            Self::Io(_) | Self::EndedBadly => 1,
            Self::Diagnosed(status) => *status,
            // As shells have it for a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }

    /// For a person.
    fn text(&self) -> Option<String> {
        match self {
            Self::ClosedPipe | Self::EndedBadly | Self::Diagnosed(_) | Self::Interrupted => None,
            Self::Usage(message) | Self::Io(message) => Some(message.clone()),
            Self::Api(error) => Some(text(error, error.to_string(), hint(error))),
            Self::Advised {
                error,
                message,
                hint: advice,
            } => {
                let message = match (message, error.operation()) {
                    (None, _) => error.to_string(),
                    (Some(message), None) => message.clone(),
                    (Some(message), Some(operation)) => format!("{}: {message}", operation.name),
                };
                Some(text(error, message, advice.as_deref()))
            }
        }
    }

    /// For a program.
    fn json(&self) -> Option<Value> {
        match self {
            Self::ClosedPipe | Self::EndedBadly | Self::Diagnosed(_) | Self::Interrupted => None,
            Self::Usage(message) => Some(usage(message)),
            Self::Io(message) => Some(object("io", None, message)),
            Self::Api(error) => Some(api(error, error.message())),
            Self::Advised { error, message, .. } => {
                Some(api(error, message.as_deref().unwrap_or(error.message())))
            }
        }
    }

    /// Says on standard error what there is to say, and gives the status.
    pub fn report(&self, as_json: bool) -> ExitCode {
        let text = match as_json {
            true => self.json().map(|json| json.to_string()),
            false => self.text().map(|text| format!("error: {text}")),
        };
        if let Some(text) = text {
            say(&text);
        }
        ExitCode::from(self.status())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Api(error)
    }
}

/// A mistake of the command line, for a program.
pub fn usage(message: &str) -> Value {
    object("usage", None, message)
}

/// Says on standard error that what was waited for ended badly, and how.
pub fn ended_badly(message: &str, as_json: bool) -> Failure {
    match as_json {
        true => say(&object("ended_badly", None, message).to_string()),
        false => say(&format!("error: {}", printable(message))),
    }
    Failure::EndedBadly
}

fn text(error: &Error, mut text: String, hint: Option<&str>) -> String {
    if let Some(id) = error.request_id().filter(|id| !text.contains(*id)) {
        text.push_str(&format!("\n  request id: {id}"));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

fn api(error: &Error, message: &str) -> Value {
    let kind = snake(&format!("{:?}", error.kind()));
    object(&kind, Some(error), message)
}

fn object(kind: &str, error: Option<&Error>, message: &str) -> Value {
    json!({
        "kind": kind,
        "status": error.and_then(Error::status).map(|status| status.as_u16()),
        "operation": error.and_then(Error::operation).map(|operation| operation.name),
        "request_id": error.and_then(Error::request_id),
        "message": message,
    })
}

fn hint(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Authentication => {
            Some("`compute-kfp doctor` tells which credential is used and what to do")
        }
        ErrorKind::Configuration | ErrorKind::Connection => {
            Some("`compute-kfp doctor` tells what is configured and reachable")
        }
        _ => None,
    }
}

/// `NotFound` as `not_found`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// A line on standard error; with that closed there is nowhere left to complain.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{}", harmless(line));
}

/// What does not keep the command from going on.
pub fn warn(message: &str) {
    say(&format!("warning: {message}"));
}
