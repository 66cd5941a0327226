//! The options of every command.

use std::time::Duration;

use clap::{ArgAction, Args};
use compute_kfp::{Error, ErrorKind};

use crate::failure::Failure;
use crate::output::Format;
use crate::server_settings::ServerSettings;

/// The options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Options {
    /// Output format [default: table on a terminal, json otherwise]
    #[arg(long, short, global = true, value_name = "FORMAT")]
    pub output: Option<Format>,

    /// Profile in the config file to take settings from
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Time limit of a call with its retries, and of a wait, such as 10s or 2m; a plain number is in
    /// seconds
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Maximum number of retries, where a retry is safe
    #[arg(long, global = true, value_name = "N")]
    pub retries: Option<u32>,

    /// Log requests, responses and their duration to standard error; -vv also logs where settings
    /// come from
    #[arg(long = "verbose", short, global = true, action = ArgAction::Count)]
    pub verbosity: u8,

    /// Print the request and the equivalent curl command, and send nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    #[command(flatten)]
    pub server: ServerSettings,
}

impl Options {
    pub fn format(&self) -> Format {
        self.output.unwrap_or_else(Format::usual)
    }

    /// Returns whether a program reads the messages.
    pub fn speaks_json(&self) -> bool {
        matches!(self.output, Some(Format::Json | Format::Jsonl))
    }

    /// Ends work that takes longer than --timeout allows. `late` states what was not done by then.
    pub async fn in_time<T>(
        &self,
        late: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.timeout else {
            return work.await;
        };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let limit = humantime::format_duration(limit);
            let message = format!("{late} within {limit}; allow more with --timeout");
            Err(Error::new(ErrorKind::Timeout, message).into())
        })
    }

    /// Fails on --dry-run, for commands of several requests that depend on each other's responses.
    pub fn refuse_dry_run(&self, reason: &str) -> Result<(), Failure> {
        match self.dry_run {
            true => Err(Failure::Usage(format!(
                "--dry-run is not possible here: {reason}; nothing was sent; leave out --dry-run"
            ))),
            false => Ok(()),
        }
    }
}

/// The time between two requests of a command that waits.
#[derive(Args, Clone, Copy, Debug)]
pub struct Interval {
    /// Minimum time between two requests, longer while nothing changes [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub interval: Option<Duration>,
}

/// Applies a setting of a builder if there is a value for it.
pub fn with<B, T>(builder: B, value: Option<T>, set: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// A duration: `10s`, `1m 30s`, or seconds as a plain number.
fn duration(text: &str) -> Result<Duration, String> {
    let remedy = "give a time such as 10s, 1m30s, or 2.5 for seconds";
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| remedy.to_owned());
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; {remedy}"))
}
