//! A single check and its output.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::api::Api;
use crate::failure::Failure;
use crate::printable::printable;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    Warning,
    Skipped,
    /// Failed, with the exit status.
    Failed(u8),
}

impl Status {
    /// Returns its name, and its mark for people.
    fn shown(self) -> (&'static str, char) {
        match self {
            Self::Ok => ("ok", '✔'),
            Self::Warning => ("warning", '!'),
            Self::Skipped => ("skipped", '·'),
            Self::Failed(_) => ("failed", '✘'),
        }
    }
}

pub struct Check {
    /// The checked API; `None` for the program itself.
    api: Option<Api>,
    name: &'static str,
    status: Status,
    value: String,
    source: Option<String>,
    remedy: Option<String>,
}

impl Check {
    pub fn of(api: Option<Api>, name: &'static str) -> Self {
        Self {
            api,
            name,
            status: Status::Skipped,
            value: String::new(),
            source: None,
            remedy: None,
        }
    }

    pub fn ok(self, value: impl Display) -> Self {
        self.ended(Status::Ok, value)
    }

    pub fn warning(self, value: impl Display) -> Self {
        self.ended(Status::Warning, value)
    }

    pub fn skipped(self, reason: impl Display) -> Self {
        self.ended(Status::Skipped, reason)
    }

    pub fn failed(self, failure: &Failure) -> Self {
        let message = failure.message().unwrap_or("ended early");
        self.ended(Status::Failed(failure.status()), message)
    }

    fn ended(self, status: Status, value: impl Display) -> Self {
        Self {
            status,
            value: value.to_string(),
            ..self
        }
    }

    pub fn source(self, source: impl Display) -> Self {
        Self {
            source: Some(source.to_string()),
            ..self
        }
    }

    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    pub fn json(&self) -> Value {
        json!({
            "api": self.api.map(Api::name),
            "check": self.name,
            "status": self.status.shown().0,
            "value": self.value,
            "source": self.source,
            "remedy": self.remedy,
        })
    }
}

/// Returns the exit status, taken from the failed checks.
pub fn worst(checks: &[Check]) -> Option<u8> {
    let failed = checks.iter().filter_map(|check| match check.status {
        Status::Failed(status) => Some(status),
        _ => None,
    });
    let failed: Vec<u8> = failed.collect();
    let mut known = [3, 5, 2, 4].into_iter();
    let worst = known.find(|status| failed.contains(status));
    worst.or(failed.first().copied())
}

/// Returns a line for each check, grouped by API, and each remedy on its own line.
pub fn text(checks: &[Check]) -> String {
    let widths = checks.iter().map(|check| check.name.len());
    let width = widths.max().unwrap_or_default();
    let mut lines = Vec::new();
    let mut subject = "";
    for check in checks {
        let of = check.api.map_or("compute-kfp", Api::name);
        if subject != of {
            subject = of;
            lines.push(of.to_owned());
        }
        let ((_, mark), name) = (check.status.shown(), check.name);
        let source = check.source.as_ref().map(|source| format!("  ({source})"));
        let line = format!(
            "  {mark} {name:width$}  {}{}",
            check.value,
            source.unwrap_or_default()
        );
        lines.push(printable(line.trim_end()));
        if let Some(remedy) = &check.remedy {
            lines.push(printable(&format!("    {:width$}  → {remedy}", "")));
        }
    }
    lines.join("\n")
}
