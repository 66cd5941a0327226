//! Failures of commands, with their messages and exit statuses.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use compute_kfp::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::printable::harmless;

/// The reason why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The API refused the request, or the network failed.
    Api {
        error: Error,
        /// Replaces the message of the error.
        message: Option<String>,
    },
    /// The command line or a setting is invalid. The message includes the remedy.
    Usage(String),
    /// A file or the terminal could not be read or written.
    Io(String),
    /// The awaited run or job did not succeed. The message includes the reason.
    EndedBadly(String),
    /// There is nothing to report, or the command has reported it already. This is the exit status.
    Silent(u8),
}

impl Failure {
    /// The user pressed Ctrl-C. The status is the convention of shells for a process that SIGINT ended.
    pub const INTERRUPTED: Self = Self::Silent(130);

    /// Creates the failure of an I/O operation on `what`.
    pub fn io(what: impl Display, error: &io::Error) -> Self {
        match error.kind() {
            // The reader of the output has closed it.
            io::ErrorKind::BrokenPipe => Self::Silent(0),
            _ => Self::Io(format!("{what}: {error}")),
        }
    }

    /// Returns the exit status: 0 done, 1 refused, 2 usage, 3 not authenticated, 4 not found, 5 timed
    /// out, 6 not supported by the server.
    pub fn status(&self) -> u8 {
        match self {
            Self::Api { error, .. } => match error.kind() {
                // Invalid arguments were found before anything was sent.
                ErrorKind::InvalidRequest if error.status().is_none() => 2,
                ErrorKind::Configuration => 2,
                ErrorKind::Authentication => 3,
                ErrorKind::NotFound => 4,
                ErrorKind::Timeout => 5,
                ErrorKind::Unsupported => 6,
                _ => 1,
            },
            Self::Usage(_) => 2,
            Self::Io(_) | Self::EndedBadly(_) => 1,
            Self::Silent(status) => *status,
        }
    }

    /// Returns the message, without a hint. A silent failure has none.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Silent(_) => None,
            Self::Usage(message) | Self::Io(message) | Self::EndedBadly(message) => Some(message),
            Self::Api { error, message, .. } => Some(message.as_deref().unwrap_or(error.message())),
        }
    }

    /// Returns the text for a person.
    fn text(&self) -> Option<String> {
        let Self::Api { error, message } = self else {
            return self.message().map(str::to_owned);
        };
        let (mut text, hint) = match (message, error.operation()) {
            (None, _) => (error.to_string(), hint(error)),
            (Some(message), None) => (message.clone(), None),
            (Some(message), Some(operation)) => (format!("{}: {message}", operation.name), None),
        };
        if let Some(id) = error.request_id().filter(|id| !text.contains(*id)) {
            text.push_str(&format!("\n  request id: {id}"));
        }
        if let Some(hint) = hint {
            text.push_str(&format!("\n  hint: {hint}"));
        }
        Some(text)
    }

    /// Returns the object for a program.
    fn json(&self) -> Option<Value> {
        let message = self.message()?;
        let (kind, error) = match self {
            Self::Api { error, .. } => (json!(error.kind()), Some(error)),
            Self::Io(_) => (json!("io"), None),
            Self::EndedBadly(_) => (json!("ended_badly"), None),
            _ => (json!("usage"), None),
        };
        Some(json!({
            "kind": kind,
            "status": error.and_then(Error::status).map(|status| status.as_u16()),
            "operation": error.and_then(Error::operation).map(|operation| operation.name),
            "request_id": error.and_then(Error::request_id),
            "message": message,
        }))
    }

    /// Prints the message on standard error and returns the exit status.
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
        let message = None;
        Self::Api { error, message }
    }
}

pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::io(format!("cannot read the file `{}`", path.display()), error)
}

fn hint(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Authentication => {
            Some("`compute-kfp doctor` shows which credential is used and what to do")
        }
        ErrorKind::Configuration | ErrorKind::Connection => {
            Some("`compute-kfp doctor` shows the settings and checks the server")
        }
        _ => None,
    }
}

/// Prints a line on standard error. Errors are ignored: there is nowhere left to report them.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{}", harmless(line));
}

pub fn warn(message: &str) {
    say(&format!("warning: {message}"));
}
