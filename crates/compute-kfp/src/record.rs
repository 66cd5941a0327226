//! Recording quantum jobs in Kubeflow Pipelines.
//!
//! What a job of the Compute API gave becomes artifacts and metrics of a task of a run, so that it can
//! be found where the rest of the pipeline is. The links that say which task it belongs to are listed
//! back by [`list_run_artifacts`](kfp::Client::list_run_artifacts).

use compute_kfp_runtime::Error;
use serde_json::{Map, Value, json};

use crate::compute::types::{Job, Metadata, Result as JobResult};
use crate::kfp::types::{
    Artifact, ArtifactArtifactType, CreateArtifactRequest, LogMetricRequest, Metric, MetricSchema,
    MetricType,
};
use crate::{compute, kfp};

impl kfp::Client {
    /// Records a job of the Compute API in a task of a run.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     compute: compute_kfp::compute::Client,
    /// #     kfp: compute_kfp::kfp::Client,
    /// # ) -> compute_kfp::Result<()> {
    /// let outcome = compute.run_circuit("version 3.0\nqubit q\nX q\n", "Tuna-5").send().await?;
    /// let calibration = compute.latest_calibration(7).await?;
    /// kfp.record_job(&outcome.job, "6a1f0c52", "8d20be11")
    ///     .namespace("team-a")
    ///     .results(&outcome.results)
    ///     .calibration(&calibration)
    ///     .send()
    ///     .await?;
    /// for found in kfp.list_run_artifacts("6a1f0c52").await? {
    ///     println!("{:?}", found.artifact.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_job<'a>(
        &'a self,
        job: &'a Job,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
    ) -> RecordJob<'a> {
        RecordJob {
            client: self,
            job,
            run_id: run_id.into(),
            task_id: task_id.into(),
            namespace: self.namespace().map(str::to_owned),
            results: &[],
            calibration: None,
        }
    }
}

/// A record to be set up; [`kfp::Client::record_job`] makes it.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct RecordJob<'a> {
    client: &'a kfp::Client,
    job: &'a Job,
    run_id: String,
    task_id: String,
    namespace: Option<String>,
    results: &'a [JobResult],
    calibration: Option<&'a Metadata>,
}

/// What was recorded of a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// The artifacts: one for each result, and then that of the calibration.
    pub artifacts: Vec<Artifact>,
    /// The metrics of the task.
    pub metrics: Vec<Metric>,
}

impl<'a> RecordJob<'a> {
    /// Namespace of run and artifacts; that of the client unless set.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Results of the job. Each becomes an artifact, with what it measured and without the raw data,
    /// and metrics: how many shots were made, and how long they took.
    pub fn results(mut self, results: &'a [JobResult]) -> Self {
        self.results = results;
        self
    }

    /// Calibration of the backend when the job ran. It becomes an artifact, which other records of the
    /// same calibration share, and each number in it a metric.
    pub fn calibration(mut self, calibration: &'a Metadata) -> Self {
        self.calibration = Some(calibration);
        self
    }

    /// Records it.
    ///
    /// # Errors
    ///
    /// What a call met. What was recorded before an error stays.
    #[inline]
    pub async fn send(self) -> Result<Recorded, Error> {
        let mut recorded = Recorded {
            artifacts: Vec::new(),
            metrics: Vec::new(),
        };
        for result in self.results {
            let name = format!("result-{}", result.id);
            let artifact = self.artifact(&name, "Result of a quantum job.");
            let artifact = artifact.metadata(self.facts(result));
            let request = self.request(artifact, &name);
            recorded.artifacts.push(self.create(request).await?);
            for (figure, value) in figures(result) {
                let name = format!("result-{}.{figure}", result.id);
                recorded.metrics.push(self.measure(&name, value).await?);
            }
        }
        if let Some(calibration) = self.calibration {
            let name = format!("calibration-{}", calibration.id);
            let artifact = self.artifact(&name, "Calibration of a quantum backend.");
            let artifact = artifact.metadata(calibration_facts(calibration));
            let request = self.request(artifact, "calibration").reuse_if_exists(true);
            recorded.artifacts.push(self.create(request).await?);
            let mut found = Vec::new();
            numbers(
                "calibration",
                &Value::Object(calibration.data.clone()),
                &mut found,
            );
            for (name, value) in found {
                recorded.metrics.push(self.measure(&name, value).await?);
            }
        }
        Ok(recorded)
    }

    fn artifact(&self, name: &str, description: &str) -> kfp::types::builder::Artifact {
        let mut artifact = Artifact::builder()
            .name(name)
            .description(description)
            .type_(ArtifactArtifactType::Dataset);
        if let Some(namespace) = &self.namespace {
            artifact = artifact.namespace(namespace);
        }
        artifact
    }

    fn request(
        &self,
        artifact: kfp::types::builder::Artifact,
        key: &str,
    ) -> kfp::types::builder::CreateArtifactRequest {
        CreateArtifactRequest::builder()
            .artifact(artifact)
            .run_id(&self.run_id)
            .task_id(&self.task_id)
            .producer_key(key)
    }

    #[inline]
    async fn create(
        &self,
        request: kfp::types::builder::CreateArtifactRequest,
    ) -> Result<Artifact, Error> {
        Ok(self
            .client
            .create_artifact(request)
            .send()
            .await?
            .into_inner())
    }

    #[inline]
    async fn measure(&self, name: &str, value: Value) -> Result<Metric, Error> {
        let metric = Metric::builder()
            .task_id(&self.task_id)
            .name(name)
            .schema(MetricSchema::Metric)
            .type_(MetricType::MetricOutput)
            .value(value);
        let request = LogMetricRequest::builder().metric(metric);
        Ok(self.client.log_metric(request).send().await?.into_inner())
    }

    /// What the artifact of a result says.
    fn facts(&self, result: &JobResult) -> Map<String, Value> {
        object(json!({
            "job_id": self.job.id,
            "job_status": self.job.status,
            "batch_job_id": self.job.batch_job_id,
            "result_id": result.id,
            "created_on": result.created_on,
            "execution_time_in_seconds": result.execution_time_in_seconds,
            "shots_requested": result.shots_requested,
            "shots_done": result.shots_done,
            "results": result.results,
        }))
    }
}

/// The figures of a result that are worth a metric.
fn figures(result: &JobResult) -> Vec<(&'static str, Value)> {
    let mut figures = vec![(
        "execution_time_in_seconds",
        result.execution_time_in_seconds.into(),
    )];
    for (name, count) in [
        ("shots_requested", result.shots_requested),
        ("shots_done", result.shots_done),
    ] {
        if let Some(count) = count {
            figures.push((name, count.into()));
        }
    }
    figures
}

fn calibration_facts(calibration: &compute::types::Metadata) -> Map<String, Value> {
    object(json!({
        "metadata_id": calibration.id,
        "backend_id": calibration.backend_id,
        "created_on": calibration.created_on,
        "data": calibration.data,
    }))
}

/// Every number in a value, with the path to it as its name.
fn numbers(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Number(_) => found.push((path.to_owned(), value.clone())),
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

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(properties) => properties,
        _ => Map::new(),
    }
}
