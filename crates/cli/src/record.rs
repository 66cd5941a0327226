//! Recording a quantum job in a run of Kubeflow Pipelines.

use clap::{Arg, ArgMatches, Command, value_parser};
use compute_kfp::compute::Client;
use compute_kfp::compute::types::{Job, Metadata};
use compute_kfp::kfp::types::Artifact;
use compute_kfp::record::Recorded;
use compute_kfp::waiting::Progress;
use compute_kfp::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::globals::{self, Globals};
use crate::output::{Format, Output};
use crate::settings::Settings;

const CALIBRATION: &str = "calibration";
/// Placeholder for the backend that ran the job.
const OWN_BACKEND: &str = "that of the job";

pub fn command() -> Command {
    Command::new("record")
        .about("Record a quantum job in a run of Kubeflow Pipelines")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(job_command())
}

fn job_command() -> Command {
    Command::new("job")
        .about("Record the results of a job as artifacts and metrics of a task")
        .long_about(
            "Record the results of a job as artifacts and metrics of a task\n\nThe job and its results \
             are read from Quantum Inspire. Each result becomes an artifact of the task, without its raw \
             data. The number of shots and the time they took become metrics: artifacts of the type \
             `Metric`. Doing it again adds nothing. Servers and credentials of both APIs are needed; \
             they come from a profile or the environment.",
        )
        .arg(
            Arg::new("id")
                .required(true)
                .value_name("ID")
                .value_parser(value_parser!(i64))
                .help("Id of the job"),
        )
        .arg(globals::text("run", "ID").required(true).help("Id of the run"))
        .arg(globals::text("task", "ID").help(
            "Id of the task in the run [default: the task `quantum-job-ID`, which is created if needed]",
        ))
        .arg(globals::text("namespace", "NAMESPACE").help(
            "Namespace of the artifacts [default: that of the run, else the one that is set up, else \
             `kubeflow` if the server has a single user]",
        ))
        .arg(
            globals::text(CALIBRATION, "BACKEND")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(OWN_BACKEND)
                .help(
                    "Record the newest calibration, too: of the backend that ran the job, or of the one \
                     with that id. Each number in it becomes a metric",
                ),
        )
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let text = |name| matches.get_one::<String>(name).map(String::as_str);
    let (Some(id), Some(run)) = (matches.get_one::<i64>("id"), text("run")) else {
        return Ok(());
    };
    globals.refuse_dry_run("what is recorded depends on the job")?;
    if globals.endpoint.is_some() || globals.token_file.is_some() {
        // What one server was given must not go to the other.
        return Err(Failure::Usage(
            "--endpoint and --token-file are for one server, and this needs two; set both up by a \
             profile or by variables"
                .to_owned(),
        ));
    }
    let settings = Settings::read(globals)?;
    let (compute, kfp) = (settings.compute()?, settings.kfp()?);
    let job = compute.read_job(*id).send().await?.into_inner();
    let results = compute.read_results_by_job_id(*id).page_size(u32::MAX);
    let results = results.items().collect().await?;
    if results.is_empty() {
        return Err(no_results(&job).into());
    }
    let calibration = match text(CALIBRATION) {
        Some(backend) => Some(calibration(&compute, &job, backend).await?),
        None => None,
    };
    let mut record = kfp.record_job(&job, run).results(&results);
    if let Some(task) = text("task") {
        record = record.task(task);
    }
    if let Some(calibration) = &calibration {
        record = record.calibration(calibration);
    }
    if let Some(namespace) = text("namespace") {
        record = record.namespace(namespace);
    }
    print(globals, &record.send().await?)
}

fn no_results(job: &Job) -> Error {
    let (id, state) = (job.id, &job.status);
    let remedy = match job.is_final() {
        true => "nothing was recorded".to_owned(),
        false => format!("`compute-kfp wait job {id}` waits for them"),
    };
    let message = format!("job {id} is {state} and has no results; {remedy}");
    Error::new(ErrorKind::Conflict, message)
}

async fn calibration(client: &Client, job: &Job, backend: &str) -> Result<Metadata, Failure> {
    let backend_id = match backend {
        OWN_BACKEND => {
            let batch_jobs = client.read_batch_jobs().id(job.batch_job_id);
            let batch_jobs = batch_jobs.send().await?.into_inner().items;
            let backend_id = batch_jobs
                .first()
                .and_then(|batch_job| batch_job.backend_id);
            backend_id.ok_or_else(|| {
                Failure::Usage(format!(
                    "it is not known which backend ran job {}; give its id as --{CALIBRATION}=ID",
                    job.id
                ))
            })?
        }
        id => id.parse().map_err(|_| {
            Failure::Usage(format!(
                "`{}` is no id of a backend; give a number",
                id.escape_debug()
            ))
        })?,
    };
    Ok(client.latest_calibration(backend_id).send().await?)
}

fn print(globals: &Globals, recorded: &Recorded) -> Result<(), Failure> {
    let mut output = Output::new(globals.output);
    let (artifacts, metrics) = (&recorded.artifacts, &recorded.metrics);
    match output.format() {
        Format::Table => {
            let row = |artifact: &Artifact| {
                json!({
                    "name": artifact.name,
                    "value": artifact.number_value,
                    "artifact_id": artifact.artifact_id,
                })
            };
            let rows: Vec<Value> = artifacts.iter().chain(metrics).map(row).collect();
            output.items(&rows)
        }
        _ => {
            let task = &recorded.task_id;
            let answer = json!({"task_id": task, "artifacts": artifacts, "metrics": metrics});
            output.answer(&answer, None)
        }
    }
}
