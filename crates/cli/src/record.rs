//! Recording a quantum job in a run of Kubeflow Pipelines.

use clap::{Args, Subcommand};
use compute_kfp::compute::Client;
use compute_kfp::compute::types::{self, Metadata};
use compute_kfp::kfp::types::Artifact;
use compute_kfp::record::{RecordJob, Recorded};
use compute_kfp::waiting::Progress;
use compute_kfp::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::failure::{Failure, say};
use crate::options::{Options, with};
use crate::output::Format;
use crate::printable::printable;
use crate::settings::Settings;

#[derive(Clone, Debug, Subcommand)]
pub enum Record {
    /// Record the results of a job as artifacts and metrics of a task
    ///
    /// The command reads the job and its results from Quantum Inspire. Each result becomes an artifact
    /// of the task, without its raw data. The number of shots and the execution time become metrics:
    /// artifacts of the type `Metric`. Recording a job again adds nothing. Set up the servers and
    /// credentials of both APIs by a profile or by variables.
    Job(Job),
}

#[derive(Args, Clone, Debug)]
pub struct Job {
    /// Id of the job
    id: i64,
    /// Id of the run
    #[arg(long, value_name = "ID")]
    run: String,
    /// Id of the task in the run [default: the task `quantum-job-ID`, which is created if needed]
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Namespace of the artifacts [default: the run's, else the configured one, else `kubeflow` if the
    /// server has a single user]
    #[arg(long)]
    namespace: Option<String>,
    /// Also record the newest calibration, of the backend that ran the job or of the one with this id.
    /// Each number in it becomes a metric
    #[arg(long, value_name = "BACKEND", require_equals = true)]
    calibration: Option<Option<i64>>,
}

impl Job {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("the recorded data depends on the job")?;
        let settings = Settings::read(options)?;
        let (compute, kfp) = (settings.compute()?, settings.kfp()?);
        let job = compute.read_job(self.id).send().await?.into_inner();
        let results = compute.read_results_by_job_id(job.id).page_size(u32::MAX);
        let results = results.items().collect().await?;
        if results.is_empty() {
            return Err(no_results(&job).into());
        }
        let calibration = match self.calibration {
            Some(backend) => Some(calibration(&compute, &job, backend).await?),
            None => None,
        };
        let record = kfp.record_job(&job, &self.run).results(&results);
        let record = with(record, self.task.as_ref(), RecordJob::task);
        let record = with(record, calibration.as_ref(), RecordJob::calibration);
        let record = with(record, self.namespace.as_ref(), RecordJob::namespace);
        let recorded = record.send().await?;
        self.print(options, kfp.transport().endpoint(), &recorded)
    }

    fn print(&self, options: &Options, endpoint: &str, recorded: &Recorded) -> Result<(), Failure> {
        let output = options.format();
        let (artifacts, metrics) = (&recorded.artifacts, &recorded.metrics);
        if output != Format::Table {
            let task = &recorded.task_id;
            let response = json!({"task_id": task, "artifacts": artifacts, "metrics": metrics});
            return output.response(&response, None);
        }
        let row = |artifact: &Artifact| {
            json!({
                "name": artifact.name,
                "value": artifact.number_value,
                "artifact_id": artifact.artifact_id,
            })
        };
        let rows: Vec<Value> = artifacts.iter().chain(metrics).map(row).collect();
        output.items(&rows)?;
        let (run, task) = (&self.run, printable(&recorded.task_id));
        say(&format!(
            "recorded at `{endpoint}`; show the task with \
             `compute-kfp kfp get-task --run-id {run} --task-id {task}`"
        ));
        Ok(())
    }
}

fn no_results(job: &types::Job) -> Error {
    let (id, state) = (job.id, &job.status);
    let remedy = match job.is_final() {
        true => "nothing was recorded".to_owned(),
        false => format!("`compute-kfp wait job {id}` waits for them"),
    };
    let message = format!("job {id} is {state} and has no results; {remedy}");
    Error::new(ErrorKind::Conflict, message)
}

/// Returns the newest calibration of a backend, or of the one that ran the job.
async fn calibration(
    client: &Client,
    job: &types::Job,
    backend_id: Option<i64>,
) -> Result<Metadata, Failure> {
    let backend_id = match backend_id {
        Some(id) => id,
        None => {
            let batch_jobs = client.read_batch_jobs().id(job.batch_job_id);
            let batch_jobs = batch_jobs.send().await?.into_inner().items;
            let batch_job = batch_jobs.first();
            batch_job.and_then(|it| it.backend_id).ok_or_else(|| {
                Failure::Usage(format!(
                    "the backend that ran job {} is unknown; give its id as --calibration=ID",
                    job.id
                ))
            })?
        }
    };
    Ok(client.latest_calibration(backend_id).send().await?)
}
