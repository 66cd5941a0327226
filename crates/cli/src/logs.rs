//! The log of a job.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use compute_kfp::Timestamp;
use compute_kfp::compute::types::JobLogLine;
use serde_json::json;

use crate::failure::Failure;
use crate::globals::{self, Globals};
use crate::output::{Output, printable};
use crate::settings::Settings;

pub fn command() -> Command {
    Command::new("logs")
        .about("Print the log of a job")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("job")
                .about("Print the log of a job of Quantum Inspire")
                .long_about(
                    "Print the log of a job of Quantum Inspire\n\nEach line is printed with its time. With \
                     --output json or jsonl it is an object as the API has it, with its time in nanoseconds \
                     since 1970. How the job ended makes no difference to the exit status; `compute-kfp wait \
                     job` tells.",
                )
                .arg(
                    Arg::new("id")
                        .required(true)
                        .value_name("ID")
                        .value_parser(value_parser!(i64))
                        .help("Id of the job"),
                )
                .arg(
                    Arg::new("follow")
                        .long("follow")
                        .short('f')
                        .action(ArgAction::SetTrue)
                        .help("Print what is written from now on, too, until the job has ended or --timeout is over"),
                )
                .arg(globals::interval().requires("follow")),
        )
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let Some(id) = matches.get_one::<i64>("id").copied() else {
        return Ok(());
    };
    globals.refuse_dry_run("`compute get-job-logs` reads the same, and can be previewed")?;
    let client = Settings::read(globals)?.compute()?;
    let mut output = Output::new(globals.output);
    if !matches.get_flag("follow") {
        let mut lines = client.get_job_logs(id).page_size(u32::MAX).items();
        while let Some(line) = lines.next().await {
            print(&mut output, &line?)?;
        }
        return Ok(());
    }
    let mut log = client.follow_job_logs(id);
    if let Some(limit) = globals.timeout {
        log = log.timeout(limit);
    }
    if let Some(interval) = globals::interval_of(matches) {
        log = log.min_interval(interval);
    }
    let mut lines = log.lines();
    while let Some(line) = lines.next().await {
        print(&mut output, &line?)?;
    }
    Ok(())
}

fn print(output: &mut Output, line: &JobLogLine) -> Result<(), Failure> {
    let time = match Timestamp::from_unix_nanos(line.timestamp.into()) {
        Ok(time) => time.to_string(),
        Err(_) => line.timestamp.to_string(),
    };
    // A line of the log is one line here, whatever is in it.
    let text = format!("{time} {}", printable(&line.line).replace('\n', "␊"));
    output.event(&json!(line), &text)
}
