//! Running a circuit.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use compute_kfp::compute::types::Result as JobResult;
use compute_kfp::compute::{BackendTypeName, CircuitOutcome};
use serde_json::json;

use crate::arguments::standard_input;
use crate::bar::Bar;
use crate::failure::{Failure, say};
use crate::globals::{self, Globals};
use crate::output::{Format, Output, printable};
use crate::settings::Settings;
use crate::wait;

const STDIN: &str = "-";

pub fn command() -> Command {
    Command::new("circuit")
        .about("Run a circuit on Quantum Inspire")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(run_command())
}

fn run_command() -> Command {
    Command::new("run")
        .about("Run a circuit, wait for its end and print its results")
        .long_about(
            "Run a circuit, wait for its end and print its results\n\nThe circuit is put into a project \
             as an algorithm of its own, and into a job. The results are printed as a histogram on a \
             terminal, and otherwise as a list, as the API has them. The states of the job are told on \
             standard error, unless --output is json or jsonl. --timeout limits the wait for the job, \
             which goes on where that is over: see `compute-kfp wait job`.",
        )
        .after_help(
            "Exit status: 0 the job was completed, 1 it was not, 3 not authenticated, 4 there is no such \
             backend type, 5 --timeout was over before the job ended.",
        )
        .arg(
            Arg::new("file")
                .required(true)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("File with the circuit in cQASM; - is standard input"),
        )
        .arg(
            globals::text("backend-type", "ID|NAME")
                .required(true)
                .help("Id, name or identifier of the backend type; `compute read-backend-types` lists them"),
        )
        .arg(
            globals::text("shots", "N")
                .value_parser(value_parser!(i64).range(1..))
                .help("Number of shots; the default of the backend type unless given"),
        )
        .arg(
            globals::text("project", "NAME")
                .help("Project, which is created where there is none of that name; `compute-kfp` unless given"),
        )
        .arg(
            globals::text("owner", "ID")
                .value_parser(value_parser!(i64))
                .help("Team member who owns the project where it is created; needed by who is several members"),
        )
        .arg(
            globals::text("name", "NAME")
                .help("Name of the algorithm; that of the file, without its ending, unless given"),
        )
        .arg(
            Arg::new("raw-data")
                .long("raw-data")
                .action(ArgAction::SetTrue)
                .help("Ask for the outcome of each shot, too; histograms do not show it"),
        )
        .arg(globals::interval())
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let (Some(path), Some(backend_type)) = (
        matches.get_one::<PathBuf>("file"),
        matches.get_one::<String>("backend-type"),
    ) else {
        return Ok(());
    };
    globals.refuse_dry_run("a circuit takes many requests")?;
    let client = Settings::read(globals)?.compute()?;
    let text = match path == Path::new(STDIN) {
        true => standard_input()?,
        false => fs::read_to_string(path).map_err(|error| {
            let what = format!("the circuit `{}` cannot be read", path.display());
            Failure::io(what, &error)
        })?,
    };
    let mut circuit = client.run_circuit(text, named(backend_type));
    if let Some(name) = name_of(path, matches) {
        circuit = circuit.name(name);
    }
    if let Some(shots) = matches.get_one("shots") {
        circuit = circuit.shots(*shots);
    }
    if let Some(project) = matches.get_one::<String>("project") {
        circuit = circuit.project(project);
    }
    if let Some(owner) = matches.get_one("owner") {
        circuit = circuit.owner_id(*owner);
    }
    if matches.get_flag("raw-data") {
        circuit = circuit.raw_data(true);
    }
    if let Some(limit) = globals.timeout {
        circuit = circuit.timeout(limit);
    }
    if let Some(interval) = globals::interval_of(matches) {
        circuit = circuit.min_interval(interval);
    }
    let bar = Bar::of_states(globals, "handing the circuit in");
    let (shown, silent) = (bar.clone(), globals.speaks_json());
    let circuit = circuit.on_change(move |job, state| {
        let state = printable(&format!("job {job} is {state}"));
        shown.set_message(state.clone());
        if !silent {
            shown.suspend(|| say(&state));
        }
    });
    let outcome = circuit.send().await?;
    drop(bar);
    print(globals, &outcome)?;
    let job = &outcome.job;
    match job.succeeded() {
        true => Ok(()),
        false => Err(wait::badly(globals, &format!("job {}", job.id), &**job)),
    }
}

fn named(backend_type: &str) -> BackendTypeName {
    match backend_type.parse::<i64>() {
        Ok(id) => id.into(),
        Err(_) => backend_type.into(),
    }
}

fn name_of(path: &Path, matches: &ArgMatches) -> Option<String> {
    let given = matches.get_one::<String>("name").cloned();
    let stem = path.file_stem().filter(|stem| *stem != STDIN);
    given.or_else(|| Some(stem?.to_string_lossy().into_owned()))
}

/// Prints the results. Prints nothing if there are none because the job ended early.
fn print(globals: &Globals, outcome: &CircuitOutcome) -> Result<(), Failure> {
    let mut output = Output::new(globals.output);
    if outcome.results.is_empty() && !outcome.job.succeeded() {
        return Ok(());
    }
    match output.format() {
        Format::Table if !outcome.results.is_empty() => outcome
            .results
            .iter()
            .try_for_each(|result| chart(&mut output, result)),
        _ => output.answer(&json!(outcome.results), None),
    }
}

fn chart(output: &mut Output, result: &JobResult) -> Result<(), Failure> {
    let shots = match (result.shots_done, result.shots_requested) {
        (Some(done), Some(requested)) if done != requested => {
            format!("{done} of {requested} shots")
        }
        (Some(shots), _) | (None, Some(shots)) => format!("{shots} shots"),
        (None, None) => "shots".to_owned(),
    };
    let seconds = result.execution_time_in_seconds;
    output.text(&format!("result {}: {shots} in {seconds} s", result.id))?;
    match &result.results {
        Some(counts) => output.histogram(counts),
        None => output.text("no counts"),
    }
}
