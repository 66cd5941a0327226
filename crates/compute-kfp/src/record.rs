//! Recording quantum jobs in Kubeflow Pipelines.
//!
//! The results of a Compute job become artifacts of a task of a run. Their figures become artifacts of
//! the type `Metric`, because no server has the operations for metrics.
//! [`list_run_artifacts`](kfp::Client::list_run_artifacts) lists the artifacts with the task that they
//! belong to.

use compute_kfp_runtime::{Error, ErrorKind};
use serde_json::{Number, Value, json};

use crate::compute::types::{Job, JobStatus, Metadata, Result as JobResult};
use crate::kfp;
use crate::kfp::types::{
    Artifact, ArtifactArtifactType, CreateArtifactRequest, PipelineTask, PipelineTaskTaskState,
    PipelineTaskTaskType, Run,
};

/// The default namespace of a single-user server. Such a server accepts any namespace.
const SINGLE_USER_NAMESPACE: &str = "kubeflow";

impl kfp::Client {
    /// Records a job of the Compute API in a run.
    ///
    /// Recording it again adds nothing: existing artifacts are reused.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     compute: compute_kfp::compute::Client,
    /// #     kfp: compute_kfp::kfp::Client,
    /// # ) -> compute_kfp::Result<()> {
    /// let outcome = compute.run_circuit("version 3.0\nqubit q\nX q\n", "Tuna-5").send().await?;
    /// let calibration = compute.latest_calibration(7).send().await?;
    /// kfp.record_job(&outcome.job, "6a1f0c52")
    ///     .results(&outcome.results)
    ///     .calibration(&calibration)
    ///     .send()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_job<'a>(&'a self, job: &'a Job, run_id: impl Into<String>) -> RecordJob<'a> {
        RecordJob {
            client: self,
            job,
            run_id: run_id.into(),
            task_id: None,
            namespace: None,
            results: &[],
            calibration: None,
        }
    }
}

/// Records a job in a run. Created by [`kfp::Client::record_job`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct RecordJob<'a> {
    client: &'a kfp::Client,
    job: &'a Job,
    run_id: String,
    task_id: Option<String>,
    namespace: Option<String>,
    results: &'a [JobResult],
    calibration: Option<&'a Metadata>,
}

/// The artifacts of a recorded job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// The task that they belong to.
    pub task_id: String,
    /// One artifact for each result, then that of the calibration.
    pub artifacts: Vec<Artifact>,
    /// Artifacts of the type `Metric`, one for each figure.
    pub metrics: Vec<Artifact>,
}

/// A result or a calibration, as it is recorded.
struct Entry {
    artifact: kfp::types::builder::Artifact,
    /// The key of its artifact, and the first part of the names of its metrics.
    key: String,
    /// The figures. Each number in them becomes a metric.
    figures: Value,
    /// Metadata that distinguish its metrics from others of the same name.
    ids: [(&'static str, i64); 2],
}

impl<'a> RecordJob<'a> {
    /// Sets the task that the job is recorded in [default: one named `quantum-job-ID` in the run, which
    /// is created if the run has none].
    pub fn task(mut self, task_id: impl Into<String>) -> Self {
        self.task_id = Some(task_id.into());
        self
    }

    /// Sets the namespace of the artifacts [default: that of the run's experiment, else that of the
    /// client, else `kubeflow` if the server says that it has a single user].
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Adds results of the job. Each becomes an artifact without its raw data, and metrics: the number
    /// of shots and the time they took, in seconds.
    pub fn results(mut self, results: &'a [JobResult]) -> Self {
        self.results = results;
        self
    }

    /// Adds the calibration of the backend. It becomes an artifact, and each number in it a metric.
    pub fn calibration(mut self, calibration: &'a Metadata) -> Self {
        self.calibration = Some(calibration);
        self
    }

    /// Records the job.
    ///
    /// # Errors
    ///
    /// Returns the errors of the calls. The kind is [`Unsupported`](ErrorKind::Unsupported) if the
    /// server has no artifacts, as in release 2.17 of KFP, and
    /// [`Configuration`](ErrorKind::Configuration) if no namespace is known. What was recorded before
    /// an error is kept; recording again continues from there.
    #[inline]
    pub async fn send(self) -> Result<Recorded, Error> {
        match self.record().await {
            Ok(recorded) => Ok(recorded),
            Err(error) => Err(self.client.with_release(error).await),
        }
    }

    #[inline]
    async fn record(&self) -> Result<Recorded, Error> {
        let run = self.client.get_run(&self.run_id).send().await?.into_inner();
        let namespace = self.namespace_of(&run).await?;
        let task_id = match &self.task_id {
            Some(id) => id.clone(),
            None => self.own_task().await?,
        };
        let create = async |artifact: kfp::types::builder::Artifact, key: &str| {
            let request = CreateArtifactRequest::builder()
                .artifact(artifact.namespace(&namespace))
                .run_id(&self.run_id)
                .task_id(&task_id)
                .producer_key(key)
                .reuse_if_exists(true);
            self.client.create_artifact(request).send().await
        };
        let (mut artifacts, mut metrics) = (Vec::new(), Vec::new());
        let results = self
            .results
            .iter()
            .map(|result| Entry::of_result(self.job, result));
        for entry in results.chain(self.calibration.map(Entry::of_calibration)) {
            artifacts.push(create(entry.artifact, &entry.key).await?.into_inner());
            let mut figures = Vec::new();
            numbers(&entry.key, &entry.figures, &mut figures);
            for (name, number) in figures {
                let ids = entry.ids.map(|(name, id)| (name, Number::from(id)));
                let metric = Artifact::builder()
                    .name(&name)
                    .type_(ArtifactArtifactType::Metric)
                    // The server distinguishes metrics by their metadata and not by their value.
                    .metadata(ids.into_iter().chain([("value", number.clone())]))
                    .number_value(number.as_f64().unwrap_or_default());
                metrics.push(create(metric, &name).await?.into_inner());
            }
        }
        Ok(Recorded {
            task_id,
            artifacts,
            metrics,
        })
    }

    #[inline]
    async fn namespace_of(&self, run: &Run) -> Result<String, Error> {
        if let Some(namespace) = &self.namespace {
            return Ok(namespace.clone());
        }
        if let Some(experiment_id) = &run.experiment_id {
            let experiment = self.client.get_experiment(experiment_id).send().await?;
            let namespace = experiment.into_inner().namespace;
            if let Some(namespace) = namespace.filter(|it| !it.is_empty()) {
                return Ok(namespace);
            }
        }
        if let Some(namespace) = self.client.namespace() {
            return Ok(namespace.to_owned());
        }
        let health = self.client.get_healthz().send().await?;
        match health.multi_user {
            Some(true) => Err(Error::configuration(
                "unknown namespace of the run on a multi-user server; set it with `namespace`",
            )),
            _ => Ok(SINGLE_USER_NAMESPACE.to_owned()),
        }
    }

    /// Returns the task of the run that represents the job. Creates it if the run has none.
    #[inline]
    async fn own_task(&self) -> Result<String, Error> {
        let name = format!("quantum-job-{}", self.job.id);
        let mut tasks = self.client.list_tasks(&self.run_id).items();
        while let Some(task) = tasks.next().await.transpose()? {
            if task.name.as_ref() == Some(&name)
                && let Some(id) = task.task_id
            {
                return Ok(id);
            }
        }
        let state = match self.job.status {
            JobStatus::Completed => PipelineTaskTaskState::Succeeded,
            JobStatus::Failed | JobStatus::Cancelled => PipelineTaskTaskState::Failed,
            _ => PipelineTaskTaskState::Running,
        };
        let task = PipelineTask::builder()
            .name(name)
            .display_name(format!("Quantum job {}", self.job.id))
            .type_(PipelineTaskTaskType::Runtime)
            .state(state);
        let created = self.client.create_task(&self.run_id, task).send().await?;
        created.into_inner().task_id.ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "the server returned a new task without an id",
            )
        })
    }
}

impl Entry {
    fn of_result(job: &Job, result: &JobResult) -> Self {
        let key = format!("result-{}", result.id);
        let metadata = json!({
            "job_id": job.id,
            "job_status": job.status,
            "batch_job_id": job.batch_job_id,
            "result_id": result.id,
            "created_on": result.created_on,
            "execution_time_in_seconds": result.execution_time_in_seconds,
            "shots_requested": result.shots_requested,
            "shots_done": result.shots_done,
            "results": result.results,
        });
        Self {
            artifact: dataset(&key, metadata)
                .description("Result of a quantum job.")
                .uri(format!("quantum-inspire:/results/{}", result.id)),
            key,
            figures: json!({
                "execution_time_in_seconds": result.execution_time_in_seconds,
                "shots_requested": result.shots_requested,
                "shots_done": result.shots_done,
            }),
            ids: [("job_id", job.id), ("result_id", result.id)],
        }
    }

    fn of_calibration(calibration: &Metadata) -> Self {
        let (id, backend_id) = (calibration.id, calibration.backend_id);
        let metadata = json!({
            "metadata_id": id,
            "backend_id": backend_id,
            "created_on": calibration.created_on,
            "data": calibration.data,
        });
        Self {
            artifact: dataset(&format!("calibration-{id}"), metadata)
                .description("Calibration of a quantum backend.")
                .uri(format!("quantum-inspire:/metadata/{id}")),
            key: "calibration".to_owned(),
            figures: Value::Object(calibration.data.clone()),
            ids: [("backend_id", backend_id), ("metadata_id", id)],
        }
    }
}

fn dataset(name: &str, metadata: Value) -> kfp::types::builder::Artifact {
    let metadata = metadata.as_object().cloned().unwrap_or_default();
    Artifact::builder()
        .name(name)
        .type_(ArtifactArtifactType::Dataset)
        .metadata(metadata)
}

/// Collects every number in a value, with the path to it as its name.
fn numbers(path: &str, value: &Value, found: &mut Vec<(String, Number)>) {
    match value {
        Value::Number(number) => found.push((path.to_owned(), number.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                numbers(&format!("{path}.{index}"), item, found);
            }
        }
        Value::Object(properties) => {
            for (name, property) in properties {
                numbers(&format!("{path}.{name}"), property, found);
            }
        }
        _ => {}
    }
}
