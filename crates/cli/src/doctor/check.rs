//! A single check and its output.

use std::fmt::Display;

use serde::Serialize;

use crate::advice;
use crate::api::Api;
use crate::failure::Failure;
use crate::printable::printable;

#[derive(Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warning,
    #[default]
    Skipped,
    Failed,
}

/// A check, which is serialized as programs get it.
#[derive(Default, Serialize)]
pub struct Check {
    /// The checked API; `None` for the program itself.
    api: Option<Api>,
    #[serde(rename = "check")]
    name: &'static str,
    status: Status,
    value: String,
    source: Option<String>,
    remedy: Option<String>,
    /// The exit status if it failed.
    #[serde(skip)]
    exit_status: Option<u8>,
}

impl Check {
    pub fn of(api: Option<Api>, name: &'static str) -> Self {
        Self {
            api,
            name,
            ..Self::default()
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

    /// Fails, with the message in the terms of the command line.
    pub fn failed(mut self, failure: &Failure) -> Self {
        let advice = match (failure, &self.api) {
            (Failure::Api { error, .. }, Some(api)) => {
                advice::of_settings(std::slice::from_ref(api), error)
            }
            _ => None,
        };
        let message = advice.as_deref().or(failure.message());
        self.exit_status = Some(failure.status());
        self.ended(Status::Failed, message.unwrap_or("ended early"))
    }

    fn ended(mut self, status: Status, value: impl Display) -> Self {
        self.status = status;
        self.value = value.to_string();
        self
    }

    pub fn source(mut self, source: impl Display) -> Self {
        self.source = Some(source.to_string());
        self
    }

    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }
}

/// Returns the exit status, taken from the failed checks.
pub fn worst(checks: &[Check]) -> Option<u8> {
    let failed = checks.iter().filter_map(|check| check.exit_status);
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
        let mark = match check.status {
            Status::Ok => '✔',
            Status::Warning => '!',
            Status::Skipped => '·',
            Status::Failed => '✘',
        };
        let source = check.source.as_ref().map(|source| format!("  ({source})"));
        let line = format!(
            "  {mark} {:width$}  {}{}",
            check.name,
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
