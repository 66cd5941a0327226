//! Records a quantum backend's calibration in Kubeflow Pipelines: the main job of this SDK.
//!
//! Reads the calibration from the Compute API, stores it and its figures as artifacts of a task of a
//! run, and lists them page by page.
//!
//! Without settings it runs against a sandbox inside this process. Against real servers:
//!
//! | variable | meaning |
//! |---|---|
//! | `COMPUTE_ENDPOINT`, `COMPUTE_TOKEN`, `COMPUTE_API_KEY` | the Compute server, a user's token, a backend's API key |
//! | `KF_PIPELINES_ENDPOINT`, `KFP_TOKEN` | the KFP server and its token |
//! | `DEMO_BACKEND_ID` | the backend to read |
//! | `DEMO_NAMESPACE`, `DEMO_RUN_ID` | the namespace and the run to record in; a run is created unless one is named |

// The Metadata operations are deprecated, because the public service no longer has them.
#![allow(deprecated)]

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::process::ExitCode;

use compute_kfp::kfp::types::{
    Artifact, ArtifactArtifactType, ArtifactTask, ArtifactTaskType, CreateArtifactRequest,
    CreateArtifactTaskRequest, CreateArtifactTasksBulkRequest, CreateArtifactsBulkRequest,
    Experiment, IoProducer, LogMetricRequest, Metric, PipelineTask, PipelineTaskTaskType, Run,
    UpdateArtifactBody,
};
use compute_kfp::{ErrorKind, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome<()> {
    let sandbox = match env::var_os("KF_PIPELINES_ENDPOINT") {
        Some(_) => None,
        None => Some(Sandbox::start().await?),
    };
    let demo = Demo::new(sandbox.as_ref())?;
    println!("Compute  {}", demo.compute.transport().endpoint());
    println!("KFP      {}", demo.kfp.transport().endpoint());

    let calibration = demo.read_calibration().await?;
    let run_id = demo.run().await?;
    if let Some(place) = demo.tasks(run_id).await?
        && let Some(artifact) = demo.record(&place, &calibration).await?
    {
        demo.record_figures(&place, &calibration).await?;
        demo.link_more(&place, &artifact).await?;
        demo.log_metrics(&place, &calibration).await?;
        demo.list(&place).await?;
        demo.update(&artifact).await?;
    }

    if let Some(sandbox) = sandbox {
        let requests = sandbox.received();
        let called: BTreeSet<&str> = requests
            .iter()
            .filter_map(|request| request.operation_id())
            .collect();
        println!(
            "\nDone: {} requests of {} operations to a sandbox inside this program.",
            requests.len(),
            called.len()
        );
        println!("Next: `cargo run -p compute-kfp-cli -- sandbox` starts one to try by hand.");
        sandbox.shutdown().await;
    }
    Ok(())
}

struct Demo {
    compute: compute::Client,
    kfp: kfp::Client,
    backend_id: i64,
    namespace: String,
}

/// The run and the tasks that artifacts are recorded in.
struct Place {
    run_id: String,
    /// The task that makes the artifacts, and two that use them.
    calibrate: String,
    report: String,
    plot: String,
}

impl Demo {
    fn new(sandbox: Option<&Sandbox>) -> Outcome<Self> {
        let (compute, kfp) = match sandbox {
            Some(sandbox) => (
                compute::Client::builder()
                    .endpoint(sandbox.url())
                    .bearer_token(sandbox.compute_token())
                    .api_key(sandbox.compute_api_key())
                    .build()?,
                kfp::Client::builder(sandbox.url())
                    .bearer_token(sandbox.kfp_token())
                    .build()?,
            ),
            None => (compute::Client::from_env()?, kfp::Client::from_env()?),
        };
        let backend_id = match env::var("DEMO_BACKEND_ID") {
            Ok(id) => id.parse()?,
            Err(_) => BACKEND_ID,
        };
        let namespace = env::var("DEMO_NAMESPACE").ok();
        let namespace = namespace.or_else(|| kfp.namespace().map(str::to_owned));
        let otherwise = if sandbox.is_some() {
            NAMESPACE
        } else {
            "kubeflow"
        };
        let namespace = namespace.unwrap_or_else(|| otherwise.to_owned());
        Ok(Self {
            compute,
            kfp,
            backend_id,
            namespace,
        })
    }

    /// The result of a call, or nothing if the server does not have the operation.
    async fn supported<T>(&self, result: compute_kfp::Result<T>) -> Outcome<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_unsupported() => {
                println!("  skipped: {}", self.kfp.with_release(error).await);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Compute: the newest calibration of the backend, after the backend reported one.
    async fn read_calibration(&self) -> Outcome<compute::types::Metadata> {
        println!("\nCalibration of backend {}", self.backend_id);
        let figures = json!({
            "qubits": [
                {"id": 0, "t1_s": 41.8e-6, "t2_s": 35.2e-6, "readout_error": 0.021, "frequency_hz": 5.0217e9},
                {"id": 1, "t1_s": 34.9e-6, "t2_s": 29.7e-6, "readout_error": 0.027, "frequency_hz": 5.3402e9},
            ],
            "gates": [{"name": "cz", "qubits": [0, 1], "error": 0.0112, "duration_s": 62e-9}],
        });
        let report = compute::types::MetadataIn::builder()
            .backend_id(self.backend_id)
            .data(object(figures));
        match self.compute.create_metadata_self(report).send().await {
            Ok(reported) => println!("  the backend reported metadata {}", reported.id),
            Err(error) if error.kind() == ErrorKind::Authentication && !error.was_sent() => {
                println!("  the backend reports nothing: no API key of a backend is set");
            }
            Err(error) => return Err(error.into()),
        }

        let history = || self.compute.read_metadata_by_backend_id(self.backend_id);
        let latest = history().latest(true).send().await?.into_inner();
        let newest = latest
            .items
            .first()
            .ok_or("the backend has no calibration")?;
        println!(
            "  the newest is metadata {} of {}",
            newest.id, newest.created_on
        );
        let page = history().size(3).page(2).send().await?.into_inner();
        println!(
            "  the second page of its history has {} entries",
            page.items.len()
        );
        let newest = self.compute.read_metadata(newest.id).send().await?;
        Ok(newest.into_inner())
    }

    /// KFP: the run to record in, of a pipeline of one step.
    async fn run(&self) -> Outcome<String> {
        if let Ok(run_id) = env::var("DEMO_RUN_ID") {
            return Ok(run_id);
        }
        let name = format!("calibration {}", compute_kfp::Timestamp::now());
        let experiment = Experiment::builder()
            .display_name(&name)
            .namespace(&self.namespace);
        let experiment = self.kfp.create_experiment(experiment).send().await?;
        let mut run = Run::builder()
            .display_name(&name)
            .pipeline_spec(object(json!({
                "schemaVersion": "2.1.0",
                "pipelineInfo": {"name": "calibrate"},
                "root": {"dag": {"tasks": {"calibrate": {
                    "taskInfo": {"name": "calibrate"},
                    "componentRef": {"name": "comp-calibrate"},
                }}}},
                "components": {"comp-calibrate": {"executorLabel": "exec-calibrate"}},
                "deploymentSpec": {"executors": {"exec-calibrate": {
                    "container": {"image": "alpine:3", "command": ["true"]},
                }}},
            })));
        if let Some(id) = &experiment.experiment_id {
            run = run.experiment_id(id);
        }
        let run = self.kfp.create_run(run).send().await?.into_inner();
        let run_id = run.run_id.ok_or("the server gave the new run no id")?;
        println!("\nRun {run_id} in experiment `{name}`");
        Ok(run_id)
    }

    /// KFP: the tasks of the run that make and use the artifacts.
    async fn tasks(&self, run_id: String) -> Outcome<Option<Place>> {
        let mut ids = Vec::new();
        for name in ["calibrate-backend", "report", "plot"] {
            let task = PipelineTask::builder()
                .name(name)
                .type_(PipelineTaskTaskType::Runtime);
            let created = self.kfp.create_task(&run_id, task).send().await;
            let Some(task) = self.supported(created).await? else {
                return Ok(None);
            };
            let id = task.into_inner().task_id;
            ids.push(id.ok_or("the server gave a new task no id")?);
        }
        let [calibrate, report, plot] = ids.try_into().map_err(|_| "there are three tasks")?;
        Ok(Some(Place {
            run_id,
            calibrate,
            report,
            plot,
        }))
    }

    /// The request for an artifact that the first task makes.
    fn request(
        &self,
        place: &Place,
        key: &str,
        artifact: kfp::types::builder::Artifact,
    ) -> kfp::types::builder::CreateArtifactRequest {
        CreateArtifactRequest::builder()
            .artifact(artifact.namespace(&self.namespace))
            .run_id(&place.run_id)
            .task_id(&place.calibrate)
            .producer_key(key)
    }

    /// KFP: the calibration as an artifact.
    async fn record(
        &self,
        place: &Place,
        calibration: &compute::types::Metadata,
    ) -> Outcome<Option<Artifact>> {
        println!("\nRecorded in namespace {}", self.namespace);
        let artifact = Artifact::builder()
            .name(format!("calibration-{}", calibration.id))
            .description("Calibration of a quantum backend, as the Compute API reported it.")
            .type_(ArtifactArtifactType::Dataset)
            .uri(format!("quantum-inspire:/metadata/{}", calibration.id))
            .metadata(calibration.data.clone());
        let request = self.request(place, "calibration", artifact);
        let created = self.kfp.create_artifact(request).send().await;
        let Some(created) = self.supported(created).await? else {
            return Ok(None);
        };
        let id = created.into_inner().artifact_id;
        let id = id.ok_or("the server gave the new artifact no id")?;
        let read = self.kfp.get_artifact(&id).send().await?.into_inner();
        println!("  artifact {id}: {}", read.name.as_deref().unwrap_or(""));
        Ok(Some(read))
    }

    /// KFP: each figure as an artifact of the type `Metric`.
    async fn record_figures(
        &self,
        place: &Place,
        calibration: &compute::types::Metadata,
    ) -> Outcome<()> {
        println!("\nMetrics, as artifacts");
        for (name, value) in figures(&calibration.data) {
            let metric = Artifact::builder()
                .name(&name)
                .type_(ArtifactArtifactType::Metric)
                .number_value(value);
            let request = self.request(place, &name, metric);
            let created = self.kfp.create_artifact(request).send().await?;
            let value = created.number_value.unwrap_or_default();
            println!("  {name:<18} {value}");
        }
        Ok(())
    }

    /// KFP: more artifacts and links, several in one call.
    async fn link_more(&self, place: &Place, calibration: &Artifact) -> Outcome<()> {
        let artifacts = ["readout-histogram", "crosstalk-matrix"].map(|name| {
            let artifact = Artifact::builder()
                .name(name)
                .type_(ArtifactArtifactType::Dataset)
                .uri(format!("s3://calibration/{name}.json"));
            self.request(place, name, artifact)
        });
        let body = CreateArtifactsBulkRequest::builder().artifacts(artifacts);
        let created = self.kfp.batch_create_artifacts(body).send().await?;
        let created = created.into_inner().artifacts.unwrap_or_default();

        let link = |artifact: &Artifact, task: &str, key: &str| {
            ArtifactTask::builder()
                .artifact_id(artifact.artifact_id.as_deref().unwrap_or_default())
                .run_id(&place.run_id)
                .task_id(task)
                .type_(ArtifactTaskType::TaskOutputInput)
                .producer(IoProducer::builder().task_name("calibrate-backend"))
                .key(key)
        };
        let body = CreateArtifactTaskRequest::builder();
        let body = body.artifact_task(link(calibration, &place.report, "calibration"));
        self.kfp.create_artifact_task(body).send().await?;
        let links = created.iter().map(|artifact| {
            link(
                artifact,
                &place.plot,
                artifact.name.as_deref().unwrap_or(""),
            )
        });
        let body = CreateArtifactTasksBulkRequest::builder().artifact_tasks(links);
        let linked = self.kfp.batch_create_artifact_tasks(body).send().await?;
        let linked = linked.into_inner().artifact_tasks.unwrap_or_default();
        println!(
            "\n{} more artifacts, and {} links to the tasks that use them",
            created.len(),
            linked.len() + 1
        );
        Ok(())
    }

    /// KFP: the operations for metrics, which only the sandbox has so far.
    async fn log_metrics(
        &self,
        place: &Place,
        calibration: &compute::types::Metadata,
    ) -> Outcome<()> {
        println!("\nMetrics, by the operations of the draft API");
        for (name, value) in figures(&calibration.data) {
            let metric = Metric::builder()
                .task_id(&place.calibrate)
                .name(&name)
                .value(value);
            let request = LogMetricRequest::builder().metric(metric);
            let logged = self.kfp.log_metric(request).send().await;
            if self.supported(logged).await?.is_none() {
                return Ok(());
            }
            let metric = self.kfp.get_metric(&place.calibrate, &name).send().await?;
            let value = metric.value.as_ref().unwrap_or(&Value::Null);
            println!("  {name:<18} {value}");
        }
        let list = self.kfp.list_metrics().task_ids([&place.calibrate]);
        let mut pages = list.page_size(2).pages();
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page?.items().len());
        }
        println!("  listed: {}", shown(&sizes));
        Ok(())
    }

    /// KFP: everything that was recorded, over as many pages as it takes.
    async fn list(&self, place: &Place) -> Outcome<()> {
        println!("\nListed page by page");
        let mut pages = self.kfp.list_artifacts().namespace(&self.namespace).pages();
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page?.items().len());
        }
        println!("  artifacts of the namespace  {}", shown(&sizes));
        let links = self.kfp.list_artifact_tasks().run_ids([&place.run_id]);
        let mut pages = links.page_size(4).pages();
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page?.items().len());
        }
        println!("  links of the run            {}", shown(&sizes));
        Ok(())
    }

    /// KFP: a new description; only what is set is sent.
    async fn update(&self, artifact: &Artifact) -> Outcome<()> {
        println!("\nUpdated");
        let id = artifact.artifact_id.as_deref().unwrap_or_default();
        let body = UpdateArtifactBody::builder().description("Calibration, checked by the demo.");
        let updated = self.kfp.update_artifact(id, body).send().await;
        if let Some(updated) = self.supported(updated).await? {
            println!("  {}", updated.description.as_deref().unwrap_or_default());
        }
        Ok(())
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The figures of each qubit that are worth a metric.
fn figures(calibration: &Map<String, Value>) -> Vec<(String, f64)> {
    let qubits = calibration.get("qubits").and_then(Value::as_array);
    let mut figures = Vec::new();
    for (index, qubit) in qubits.into_iter().flatten().enumerate() {
        for name in ["t1_s", "t2_s", "readout_error"] {
            if let Some(value) = qubit.get(name).and_then(Value::as_f64) {
                figures.push((format!("q{index}_{name}"), value));
            }
        }
    }
    figures
}

fn shown(pages: &[usize]) -> String {
    let listed: Vec<String> = pages.iter().map(usize::to_string).collect();
    format!(
        "{} on {} pages ({})",
        pages.iter().sum::<usize>(),
        pages.len(),
        listed.join(" + ")
    )
}
