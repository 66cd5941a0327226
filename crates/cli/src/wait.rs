//! Waiting for the end of a run or a job.

use clap::{Arg, ArgMatches, Command, value_parser};
use compute_kfp::Timestamp;
use compute_kfp::waiting::{Progress, Wait};
use serde_json::json;

use crate::bar::Bar;
use crate::failure::{Failure, ended_badly};
use crate::globals::{self, Globals};
use crate::output::{Output, printable};
use crate::settings::Settings;

const STATUS: &str = "Exit status: 0 it ended as it should, 1 it did not, 3 not authenticated, \
    4 there is none, 5 --timeout was over before it ended.";

pub fn command() -> Command {
    Command::new("wait")
        .about("Wait until a run or a job has ended, and print its states as they come")
        .after_help(STATUS)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            of("run", "Wait until a run of Kubeflow Pipelines has ended").arg(id("Id of the run")),
        )
        .subcommand(
            of("job", "Wait until a job of Quantum Inspire has ended")
                .arg(id("Id of the job").value_parser(value_parser!(i64))),
        )
}

fn of(name: &'static str, about: &'static str) -> Command {
    let long = format!(
        "{about}\n\nEach state is a line, with the time at which it was seen. With --output json or \
         jsonl it is an object with time, state and message. --timeout limits the wait."
    );
    Command::new(name)
        .about(about)
        .long_about(long)
        .after_help(STATUS)
        .arg(globals::interval())
}

fn id(help: &'static str) -> Arg {
    Arg::new("id").required(true).value_name("ID").help(help)
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    globals.refuse_dry_run("a wait asks until the end")?;
    let settings = Settings::read(globals)?;
    match matches.subcommand() {
        Some(("run", matches)) => match matches.get_one::<String>("id") {
            Some(id) => {
                let wait = settings.kfp()?.wait_for_run(id);
                until_the_end(globals, matches, &format!("run {id}"), wait).await
            }
            None => Ok(()),
        },
        Some((_, matches)) => match matches.get_one::<i64>("id") {
            Some(id) => {
                let wait = settings.compute()?.wait_for_job(*id);
                until_the_end(globals, matches, &format!("job {id}"), wait).await
            }
            None => Ok(()),
        },
        None => Ok(()),
    }
}

async fn until_the_end<T: Progress>(
    globals: &Globals,
    matches: &ArgMatches,
    what: &str,
    mut wait: Wait<T>,
) -> Result<(), Failure> {
    if let Some(limit) = globals.timeout {
        wait = wait.timeout(limit);
    }
    if let Some(interval) = globals::interval_of(matches) {
        wait = wait.min_interval(interval);
    }
    let mut output = Output::new(globals.output);
    let bar = Bar::of_states(globals, what);
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
        Some(last) if !last.has_succeeded() => Err(badly(globals, what, &last)),
        _ => Ok(()),
    }
}

/// Reports the state in which a run or job ended, and why.
pub fn badly(globals: &Globals, what: &str, last: &impl Progress) -> Failure {
    let reason = last.message().map(|text| format!(": {text}"));
    let message = format!(
        "{what} ended as {}{}",
        last.state(),
        reason.unwrap_or_default()
    );
    ended_badly(&message, globals.speaks_json())
}
