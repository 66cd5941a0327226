//! Running a circuit.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use compute_kfp::compute::types::Result as JobResult;
use compute_kfp::compute::{CircuitOutcome, RunCircuit};
use serde_json::json;

use crate::arguments::content_of;
use crate::bar;
use crate::failure::{Failure, say};
use crate::options::{Interval, Options, with};
use crate::output::Format;
use crate::printable::printable;
use crate::settings::Settings;
use crate::wait;

#[derive(Clone, Debug, Subcommand)]
pub enum Circuit {
    /// Run a circuit, wait for it to end, and print its results
    ///
    /// This adds an algorithm with the circuit to a project, and a job that runs it. On a terminal, the
    /// results are a histogram; otherwise they are a list as the API returns it. Changes of the job's
    /// state are reported on standard error, unless --output is json or jsonl. --timeout limits the
    /// wait. The job continues after that: see `compute-kfp wait job`.
    #[command(
        after_help = "Exit status: 0 the job was completed, 1 it was not, 3 not authenticated, \
        4 backend type not found, 5 the job had not ended when --timeout was over."
    )]
    Run(Run),
}

#[derive(Args, Clone, Debug)]
pub struct Run {
    /// File with the circuit in cQASM; - reads standard input
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Id, name or identifier of the backend type; `compute-kfp compute read-backend-types` lists them
    #[arg(long, value_name = "ID|NAME")]
    backend_type: String,
    /// Number of shots [default: the backend type's default]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    shots: Option<i64>,
    /// Name of the project, which is created if it does not exist [default: compute-kfp]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Team member who will own a new project; required if you belong to several teams
    #[arg(long, value_name = "ID")]
    owner: Option<i64>,
    /// Name of the algorithm [default: the name of the file without its extension]
    #[arg(long)]
    name: Option<String>,
    /// Also store the outcome of each shot, which histograms do not show
    #[arg(long)]
    raw_data: bool,
    #[command(flatten)]
    interval: Interval,
}

impl Run {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("a circuit takes many requests")?;
        let client = Settings::read(options)?.compute()?;
        let text = content_of(&self.file)?;
        let circuit = client.run_circuit(text, &self.backend_type);
        let circuit = with(circuit, self.raw_data.then_some(true), RunCircuit::raw_data);
        let circuit = with(circuit, self.name(), RunCircuit::name);
        let circuit = with(circuit, self.shots, RunCircuit::shots);
        let circuit = with(circuit, self.project.as_ref(), RunCircuit::project);
        let circuit = with(circuit, self.owner, RunCircuit::owner_id);
        let circuit = with(circuit, options.timeout, RunCircuit::timeout);
        let circuit = with(circuit, self.interval.interval, RunCircuit::min_interval);
        let bar = bar::of_states(options, "submitting the circuit");
        let (shown, silent) = (bar.clone(), options.speaks_json());
        let circuit = circuit.on_change(move |job, state| {
            let state = printable(&format!("job {job} is {state}"));
            shown.set_message(state.clone());
            if !silent {
                shown.suspend(|| say(&state));
            }
        });
        let outcome = circuit.send().await?;
        drop(bar);
        print(options, &outcome)?;
        let job = &outcome.job;
        match job.succeeded() {
            true => Ok(()),
            false => Err(wait::failed(&format!("job {}", job.id), &**job)),
        }
    }

    fn name(&self) -> Option<String> {
        let stem = self.file.file_stem().filter(|stem| *stem != "-");
        let name = self.name.clone();
        name.or_else(|| Some(stem?.to_string_lossy().into_owned()))
    }
}

/// Prints the results. Prints nothing if there are none because the job ended early.
fn print(options: &Options, outcome: &CircuitOutcome) -> Result<(), Failure> {
    let (output, results) = (options.format(), &outcome.results);
    if results.is_empty() && !outcome.job.succeeded() {
        return Ok(());
    }
    if results.is_empty() || output != Format::Table {
        return output.response(&json!(results), None);
    }
    for result in results {
        chart(output, result)?;
    }
    let id = outcome.job.id;
    say(&format!(
        "to record the job in a KFP run: compute-kfp record job {id} --run ID"
    ));
    Ok(())
}

fn chart(output: Format, result: &JobResult) -> Result<(), Failure> {
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
        None => output.text("the server reports no counts"),
    }
}
