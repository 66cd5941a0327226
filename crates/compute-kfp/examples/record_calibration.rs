//! Records a quantum backend's calibration in Kubeflow Pipelines: the main job of this SDK.
//!
//! Reads the calibration from the Compute API, stores it and its figures as artifacts of a run, and
//! lists them page by page.
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

use compute_kfp::compute::types::{Metadata, MetadataIn};
use compute_kfp::kfp::types::{
    Artifact, ArtifactArtifactType, ArtifactTask, ArtifactTaskType, CreateArtifactRequest,
    CreateArtifactTaskRequest, CreateArtifactTasksBulkRequest, CreateArtifactsBulkRequest,
    Experiment, IoProducer, LogMetricRequest, Metric, PipelineTask, PipelineTaskTaskType, Run,
    UpdateArtifactBody, builder,
};
use compute_kfp::paging::{ListPage, Pages};
use compute_kfp::{ErrorKind, Timestamp, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PRODUCER: &str = "calibrate-backend";

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

async fn run() -> Result<()> {
    let sandbox = match env::var_os("KF_PIPELINES_ENDPOINT") {
        Some(_) => None,
        None => Some(Sandbox::start().await?),
    };
    let demo = Demo::new(sandbox.as_ref())?;
    println!("This demo records the calibration of a quantum backend in Kubeflow Pipelines.");
    match &sandbox {
        Some(sandbox) => println!(
            "Both servers are a sandbox in this process: {}",
            sandbox.url()
        ),
        None => {
            println!("Compute server: {}", demo.compute.transport().endpoint());
            println!("KFP server: {}", demo.kfp.transport().endpoint());
        }
    }

    let calibration = demo.read_calibration().await?;
    let run_id = demo.run_to_record_in().await?;
    let recorded = demo.record(&run_id, &calibration).await?;

    if let Some(sandbox) = sandbox {
        let requests = sandbox.received();
        let called: BTreeSet<_> = requests.iter().filter_map(|it| it.operation_id()).collect();
        println!(
            "\nDone: {} requests of {} operations.",
            requests.len(),
            called.len()
        );
        println!("Try next:");
        println!("  cargo run -p compute-kfp-cli -- sandbox   starts the sandbox, to try by hand");
        println!("  crates/compute-kfp/README.md              shows how to write such a program");
        sandbox.shutdown().await;
    } else if recorded {
        println!("\nDone: see the run {run_id} on the KFP server.");
    }
    Ok(())
}

struct Demo {
    compute: compute::Client,
    kfp: kfp::Client,
    backend_id: i64,
    namespace: String,
}

impl Demo {
    fn new(sandbox: Option<&Sandbox>) -> Result<Self> {
        let (compute, kfp) = match sandbox {
            Some(sandbox) => (
                compute::Client::builder()
                    .endpoint(sandbox.url())
                    .bearer_token(sandbox.compute_token())
                    .api_key(sandbox.compute_api_key())
                    .build()?,
                kfp::Client::builder(sandbox.url())
                    .bearer_token(sandbox.kfp_token())
                    .namespace(NAMESPACE)
                    .build()?,
            ),
            None => (compute::Client::from_env()?, kfp::Client::from_env()?),
        };
        let backend_id = match env::var("DEMO_BACKEND_ID") {
            Ok(id) => id.parse()?,
            Err(_) => BACKEND_ID,
        };
        let namespace = match env::var("DEMO_NAMESPACE") {
            Ok(namespace) => namespace,
            Err(_) => kfp.namespace().unwrap_or("kubeflow").to_owned(),
        };
        Ok(Self {
            compute,
            kfp,
            backend_id,
            namespace,
        })
    }

    /// Returns the response, or `None` if the KFP server does not have the operation.
    async fn supported<T>(&self, response: compute_kfp::Result<T>) -> Result<Option<T>> {
        match response {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                println!("   skipped: {}", self.kfp.with_release(error).await);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the newest calibration of the backend from the Compute API, after reporting one.
    async fn read_calibration(&self) -> Result<Metadata> {
        println!("\n1. Read the calibration of backend {}", self.backend_id);
        let figures = json!({
            "qubits": [
                {"id": 0, "t1_s": 41.8e-6, "t2_s": 35.2e-6, "readout_error": 0.021},
                {"id": 1, "t1_s": 34.9e-6, "t2_s": 29.7e-6, "readout_error": 0.027},
            ],
        });
        let report = MetadataIn::builder()
            .backend_id(self.backend_id)
            .data(object(figures));
        match self.compute.create_metadata_self(report).send().await {
            Ok(reported) => println!("   the backend reported metadata {}", reported.id),
            Err(error) if error.kind() == ErrorKind::Authentication && !error.was_sent() => {
                println!("   no new report: set COMPUTE_API_KEY to the API key of a backend");
            }
            Err(error) => return Err(error.into()),
        }
        let history = || self.compute.read_metadata_by_backend_id(self.backend_id);
        let latest = history().latest(true).send().await?.into_inner();
        let newest = latest.items.first();
        let newest = newest.ok_or("the backend has reported no calibration")?;
        println!(
            "   the newest is metadata {} of {}",
            newest.id, newest.created_on
        );
        let page = history().size(3).page(2).send().await?;
        println!("   page 2 of the history: {} entries", page.items.len());
        let newest = self.compute.read_metadata(newest.id).send().await?;
        Ok(newest.into_inner())
    }

    /// Creates a run of a pipeline of one step, unless the environment names a run.
    async fn run_to_record_in(&self) -> Result<String> {
        if let Ok(run_id) = env::var("DEMO_RUN_ID") {
            println!("\n2. Use the run {run_id}");
            return Ok(run_id);
        }
        println!("\n2. Create a run");
        let name = format!("calibration {}", Timestamp::now());
        let experiment = Experiment::builder()
            .display_name(&name)
            .namespace(&self.namespace);
        let experiment = self.kfp.create_experiment(experiment).send().await?;
        let pipeline = json!({
            "schemaVersion": "2.1.0",
            "pipelineInfo": {"name": "calibrate"},
            "root": {"dag": {"tasks": {"calibrate": {
                "taskInfo": {"name": "calibrate"}, "componentRef": {"name": "comp-calibrate"},
            }}}},
            "components": {"comp-calibrate": {"executorLabel": "exec-calibrate"}},
            "deploymentSpec": {"executors": {"exec-calibrate": {
                "container": {"image": "alpine:3", "command": ["true"]},
            }}},
        });
        let mut run = Run::builder()
            .display_name(&name)
            .pipeline_spec(object(pipeline));
        if let Some(id) = &experiment.experiment_id {
            run = run.experiment_id(id);
        }
        let run = self.kfp.create_run(run).send().await?.into_inner();
        println!("   experiment `{name}`, namespace {}", self.namespace);
        let run_id = run.run_id.ok_or("the new run has no id")?;
        println!("   run {run_id}");
        Ok(run_id)
    }

    /// Records the calibration in the run. Returns `false` if the server has no artifacts.
    async fn record(&self, run_id: &str, calibration: &Metadata) -> Result<bool> {
        println!("\n3. Store the calibration as an artifact of a task");
        let Some(producer) = self.create_task(run_id, PRODUCER).await? else {
            return Ok(false);
        };
        let Some(consumer) = self.create_task(run_id, "report").await? else {
            return Ok(false);
        };
        // A request to create an artifact that the first task produces.
        let produce = |name: &str, artifact: builder::Artifact| {
            CreateArtifactRequest::builder()
                .artifact(artifact.name(name).namespace(&self.namespace))
                .run_id(run_id)
                .task_id(&producer)
                .producer_key(name)
        };
        let artifact = Artifact::builder()
            .type_(ArtifactArtifactType::Dataset)
            .uri(format!("quantum-inspire:/metadata/{}", calibration.id))
            .metadata(calibration.data.clone());
        let request = produce("calibration", artifact);
        let created = self.kfp.create_artifact(request).send().await;
        let Some(created) = self.supported(created).await? else {
            return Ok(false);
        };
        let id = created.artifact_id.as_deref();
        let id = id.ok_or("the new artifact has no id")?;
        let read = self.kfp.get_artifact(id).send().await?;
        let name = read.name.as_deref().unwrap_or_default();
        println!("   task `{PRODUCER}` produced artifact `{name}`, {id}");

        println!("\n4. Store its figures as metrics, which are artifacts too");
        for (name, value) in figures(&calibration.data) {
            let metric = Artifact::builder()
                .type_(ArtifactArtifactType::Metric)
                .number_value(value);
            let request = produce(&name, metric);
            let metric = self.kfp.create_artifact(request).send().await?;
            let value = metric.number_value.unwrap_or_default();
            println!("   {name:<18} {value}");
        }

        println!("\n5. Store more artifacts and link them, several in one call");
        let more = ["readout-histogram", "crosstalk-matrix"].map(|name| {
            let uri = format!("s3://calibration/{name}.json");
            let artifact = Artifact::builder().type_(ArtifactArtifactType::Dataset);
            produce(name, artifact.uri(uri))
        });
        let body = CreateArtifactsBulkRequest::builder().artifacts(more);
        let created = self.kfp.batch_create_artifacts(body).send().await?;
        let created = created.into_inner().artifacts.unwrap_or_default();
        let link = |artifact: &Artifact| {
            ArtifactTask::builder()
                .artifact_id(artifact.artifact_id.as_deref().unwrap_or_default())
                .run_id(run_id)
                .task_id(&consumer)
                .type_(ArtifactTaskType::TaskOutputInput)
                .producer(IoProducer::builder().task_name(PRODUCER))
                .key(artifact.name.as_deref().unwrap_or_default())
        };
        let body = CreateArtifactTaskRequest::builder().artifact_task(link(&read));
        self.kfp.create_artifact_task(body).send().await?;
        let body = CreateArtifactTasksBulkRequest::builder();
        let body = body.artifact_tasks(created.iter().map(link));
        let linked = self.kfp.batch_create_artifact_tasks(body).send().await?;
        let linked = linked.artifact_tasks.as_ref().map_or(0, Vec::len);
        let links = linked + 1;
        println!(
            "   {} artifacts; {links} links to the task `report`",
            created.len()
        );

        self.log_metrics(&producer, calibration).await?;

        println!("\n7. List everything, page by page");
        let artifacts = self.kfp.list_artifacts().namespace(&self.namespace);
        let sizes = page_sizes(artifacts.pages()).await?;
        println!("   artifacts of the namespace: {sizes}");
        let links = self.kfp.list_artifact_tasks().run_ids([run_id]);
        let sizes = page_sizes(links.page_size(4).pages()).await?;
        println!("   links of the run: {sizes}");

        println!("\n8. Update the artifact; only the new description is sent");
        let body = UpdateArtifactBody::builder().description("checked by the demo");
        let updated = self.kfp.update_artifact(id, body).send().await;
        if let Some(updated) = self.supported(updated).await? {
            let description = updated.description.as_deref().unwrap_or_default();
            println!("   `{name}`: {description}");
        }
        Ok(true)
    }

    async fn create_task(&self, run_id: &str, name: &str) -> Result<Option<String>> {
        let task = PipelineTask::builder()
            .name(name)
            .type_(PipelineTaskTaskType::Runtime);
        let created = self.kfp.create_task(run_id, task).send().await;
        let created = self.supported(created).await?;
        let id = created.map(|task| task.into_inner().task_id.ok_or("the new task has no id"));
        Ok(id.transpose()?)
    }

    /// Calls the operations for metrics of the draft API. So far, only the sandbox has them.
    async fn log_metrics(&self, task_id: &str, calibration: &Metadata) -> Result<()> {
        println!("\n6. Log the metrics by the operations of the draft API");
        for (name, value) in figures(&calibration.data) {
            let metric = Metric::builder().task_id(task_id).name(&name).value(value);
            let request = LogMetricRequest::builder().metric(metric);
            let logged = self.kfp.log_metric(request).send().await;
            if self.supported(logged).await?.is_none() {
                return Ok(());
            }
            self.kfp.get_metric(task_id, &name).send().await?;
        }
        let list = self.kfp.list_metrics().task_ids([task_id]).page_size(2);
        println!("   metrics: {}", page_sizes(list.pages()).await?);
        Ok(())
    }
}

/// Reads all pages, and returns the number of items in words: `5 on 2 pages (3 + 2)`.
async fn page_sizes<P: ListPage>(mut pages: Pages<P>) -> Result<String> {
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page?.items().len());
    }
    let (total, count) = (sizes.iter().sum::<usize>(), sizes.len());
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    Ok(format!("{total} on {count} pages ({})", sizes.join(" + ")))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Returns the figures of each qubit that are worth a metric.
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
