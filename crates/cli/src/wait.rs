//! Waiting for the end of a run or a job.

use clap::Subcommand;
use compute_kfp::Timestamp;
use compute_kfp::waiting::{self, Progress};
use serde_json::json;

use crate::api::Api;
use crate::bar;
use crate::failure::Failure;
use crate::options::{Interval, Options, with};
use crate::printable::printable;
use crate::settings::Settings;

pub const STATUS: &str = "Exit status: 0 it succeeded, 1 it did not, 3 not authenticated, 4 not found, \
    5 it had not ended when --timeout was over.";

#[derive(Clone, Debug, Subcommand)]
pub enum Wait {
    /// Wait for a run of Kubeflow Pipelines to end
    ///
    /// Each state is a line, with the time at which it was seen. With --output json or jsonl it is an
    /// object with time, state and message. --timeout limits the wait.
    #[command(after_help = STATUS)]
    Run {
        /// Id of the run
        id: String,
        #[command(flatten)]
        interval: Interval,
    },
    /// Wait for a job of Quantum Inspire to end
    ///
    /// Each state is a line, with the time at which it was seen. With --output json or jsonl it is an
    /// object with time, state and message. --timeout limits the wait.
    #[command(after_help = STATUS)]
    Job {
        /// Id of the job
        id: i64,
        #[command(flatten)]
        interval: Interval,
    },
}

impl Wait {
    pub fn api(&self) -> Api {
        match self {
            Self::Run { .. } => Api::Kfp,
            Self::Job { .. } => Api::Compute,
        }
    }

    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("a wait sends requests until the end")?;
        let settings = Settings::read(options)?;
        match self {
            Self::Run { id, interval } => {
                let wait = settings.kfp()?.wait_for_run(id);
                until_the_end(options, *interval, &format!("run {id}"), wait).await
            }
            Self::Job { id, interval } => {
                let wait = settings.compute()?.wait_for_job(*id);
                until_the_end(options, *interval, &format!("job {id}"), wait).await
            }
        }
    }
}

async fn until_the_end<T: Progress>(
    options: &Options,
    interval: Interval,
    what: &str,
    wait: waiting::Wait<T>,
) -> Result<(), Failure> {
    let wait = with(wait, options.timeout, waiting::Wait::timeout);
    let wait = with(wait, interval.interval, waiting::Wait::min_interval);
    let output = options.format();
    let bar = bar::of_states(options, what);
    let mut changes = wait.changes();
    let mut last = None;
    while let Some(now) = changes.next().await {
        let now = now?;
        let (time, state) = (Timestamp::now(), printable(&now.state().to_string()));
        let event =
            json!({"time": time, "state": now.state().to_string(), "message": now.message()});
        bar.set_message(format!("{what} {state}"));
        bar.suspend(|| output.event(&event, &format!("{time} {state}")))?;
        last = Some(now);
    }
    drop(bar);
    match last {
        Some(last) if !last.has_succeeded() => Err(failed(what, &last)),
        _ => Ok(()),
    }
}

/// Returns a failure with the state in which a run or job ended, and why.
pub fn failed(what: &str, last: &impl Progress) -> Failure {
    let reason = last.message().map(|text| format!(": {text}"));
    Failure::EndedBadly(format!(
        "{what} ended as {}{}",
        last.state(),
        reason.unwrap_or_default()
    ))
}
