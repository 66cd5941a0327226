//! Records a quantum backend's calibration in Kubeflow Pipelines: the main job of this SDK.
//!
//! Reads the calibration from the Compute API, stores it as an artifact of a task, logs its figures
//! as metrics and lists back what is there, page by page.
//!
//! Without settings it runs against a sandbox inside this process. Against real servers:
//!
//! | variable | what it sets |
//! |---|---|
//! | `COMPUTE_ENDPOINT`, `COMPUTE_TOKEN`, `COMPUTE_API_KEY` | the Compute server, a user's token, a backend's API key |
//! | `KF_PIPELINES_ENDPOINT`, `KFP_TOKEN` | the KFP server and its token |
//! | `DEMO_BACKEND_ID`, `DEMO_NAMESPACE`, `DEMO_RUN_ID`, `DEMO_TASK_ID` | what to read, and the run and task to record it for |

// The Metadata operations are deprecated, because the public service no longer has them.
#![allow(deprecated)]

use std::collections::BTreeSet;
use std::env;
use std::error::Error;

use compute_kfp::{ErrorKind, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, Sandbox};
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let sandbox = match env::var_os("KF_PIPELINES_ENDPOINT") {
        Some(_) => None,
        None => Some(Sandbox::start().await?),
    };
    let demo = Demo::new(sandbox.as_ref())?;
    println!("Compute  {}", demo.compute.transport().endpoint());
    println!("KFP      {}", demo.kfp.transport().endpoint());

    let calibration = demo.read_calibration().await?;
    let artifact = demo.record(&calibration).await?;
    demo.log_metrics(&calibration).await?;
    demo.link_more(&artifact).await?;
    demo.list_back().await?;
    demo.update(&artifact).await?;

    if let Some(sandbox) = sandbox {
        let requests = sandbox.received();
        let called: BTreeSet<&str> = requests
            .iter()
            .filter_map(|request| request.operation_id())
            .collect();
        println!(
            "\n{} requests, {} different operations",
            requests.len(),
            called.len()
        );
        sandbox.shutdown().await;
    }
    Ok(())
}

struct Demo {
    compute: compute::Client,
    kfp: kfp::Client,
    backend_id: i64,
    namespace: String,
    run_id: String,
    task_id: String,
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
        let setting =
            |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        Ok(Self {
            compute,
            kfp,
            backend_id: setting("DEMO_BACKEND_ID", &BACKEND_ID.to_string()).parse()?,
            namespace: setting("DEMO_NAMESPACE", NAMESPACE),
            run_id: setting("DEMO_RUN_ID", "6a1f0c52-demo-run"),
            task_id: setting("DEMO_TASK_ID", "6a1f0c52-demo-task"),
        })
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
                println!("  nothing reported: there is no API key of a backend");
            }
            Err(error) => return Err(error.into()),
        }

        let latest = self
            .compute
            .read_metadata_by_backend_id(self.backend_id)
            .latest(true)
            .send()
            .await?;
        let newest = latest
            .items
            .first()
            .ok_or("the backend has no calibration")?;
        println!(
            "  latest is metadata {} of {}",
            newest.id, newest.created_on
        );

        let history = self
            .compute
            .read_metadata_by_backend_id(self.backend_id)
            .size(3)
            .page(2)
            .send()
            .await?;
        println!(
            "  page 2 of its history holds {} of {:?}",
            history.items.len(),
            history.total
        );

        Ok(self
            .compute
            .read_metadata(newest.id)
            .send()
            .await?
            .into_inner())
    }

    /// KFP: the calibration as an artifact, and the link that says which task made it.
    async fn record(
        &self,
        calibration: &compute::types::Metadata,
    ) -> Outcome<kfp::types::Artifact> {
        println!("\nRecorded in namespace {}", self.namespace);
        let artifact = kfp::types::Artifact::builder()
            .name(format!("calibration-{}", calibration.id))
            .description("Calibration of a quantum backend, as the Compute API reported it.")
            .type_(kfp::types::ArtifactArtifactType::Dataset)
            .uri(format!(
                "{}/metadata/{}",
                self.compute.transport().endpoint(),
                calibration.id
            ))
            .metadata(calibration.data.clone())
            .namespace(&self.namespace);
        let body = kfp::types::CreateArtifactRequest::builder()
            .artifact(artifact)
            .run_id(&self.run_id)
            .task_id(&self.task_id)
            .producer_key("calibration");
        let created = self.kfp.create_artifact(body).send().await?;
        let id = created.artifact_id.clone().unwrap_or_default();
        let read = self.kfp.get_artifact(&id).send().await?.into_inner();
        println!("  artifact {id}: {}", read.name.as_deref().unwrap_or("-"));
        Ok(read)
    }

    /// KFP: each figure of the calibration as a metric of the task.
    async fn log_metrics(&self, calibration: &compute::types::Metadata) -> Outcome<()> {
        println!("\nMetrics of task {}", self.task_id);
        for (name, value) in figures(&calibration.data) {
            let metric = kfp::types::Metric::builder()
                .task_id(&self.task_id)
                .name(&name)
                .value(value);
            self.kfp
                .log_metric(kfp::types::LogMetricRequest::builder().metric(metric))
                .send()
                .await?;
            let metric = self.kfp.get_metric(&self.task_id, &name).send().await?;
            println!(
                "  {name:<18} {}",
                metric.value.as_ref().unwrap_or(&Value::Null)
            );
        }
        Ok(())
    }

    /// KFP: further artifacts and links, several in one call.
    async fn link_more(&self, calibration: &kfp::types::Artifact) -> Outcome<()> {
        let artifacts = ["readout-histogram", "crosstalk-matrix"].map(|name| {
            let artifact = kfp::types::Artifact::builder()
                .name(name)
                .type_("Dataset")
                .uri(format!("s3://calibration/{name}.json"))
                .namespace(&self.namespace);
            kfp::types::CreateArtifactRequest::builder()
                .artifact(artifact)
                .run_id(&self.run_id)
                .task_id(&self.task_id)
                .producer_key(name)
        });
        let body = kfp::types::CreateArtifactsBulkRequest::builder().artifacts(artifacts);
        let created = self
            .kfp
            .batch_create_artifacts(body)
            .send()
            .await?
            .into_inner();

        let link = |artifact: &kfp::types::Artifact, task: &str| {
            kfp::types::ArtifactTask::builder()
                .artifact_id(artifact.artifact_id.as_deref().unwrap_or_default())
                .run_id(&self.run_id)
                .task_id(format!("{}-{task}", self.task_id))
                .type_(kfp::types::ArtifactTaskType::TaskOutputInput)
                .producer(kfp::types::IoProducer::builder().task_name("calibrate"))
                .key("calibration")
        };
        let body = kfp::types::CreateArtifactTaskRequest::builder()
            .artifact_task(link(calibration, "report"));
        self.kfp.create_artifact_task(body).send().await?;
        let links = created
            .artifacts
            .iter()
            .flatten()
            .map(|artifact| link(artifact, "plot"));
        let body = kfp::types::CreateArtifactTasksBulkRequest::builder().artifact_tasks(links);
        let linked = self.kfp.batch_create_artifact_tasks(body).send().await?;
        println!(
            "\n{} more artifacts, {} more links",
            created.artifacts.iter().flatten().count(),
            1 + linked.artifact_tasks.iter().flatten().count()
        );
        Ok(())
    }

    /// KFP: what is there now, over as many pages as it takes.
    async fn list_back(&self) -> Outcome<()> {
        println!("\nListed back, page by page");
        let artifacts = page_sizes(async |token: Option<String>| {
            let mut request = self
                .kfp
                .list_artifacts()
                .namespace(&self.namespace)
                .page_size(20);
            if let Some(token) = token {
                request = request.page_token(token);
            }
            let page = request.send().await?.into_inner();
            Ok((
                page.artifacts.map_or(0, |artifacts| artifacts.len()),
                page.next_page_token,
            ))
        });
        println!("  artifacts       {}", shown(&artifacts.await?));

        let metrics = page_sizes(async |token: Option<String>| {
            let mut request = self
                .kfp
                .list_metrics()
                .task_ids([&self.task_id])
                .page_size(2);
            if let Some(token) = token {
                request = request.page_token(token);
            }
            let page = request.send().await?.into_inner();
            Ok((
                page.metrics.map_or(0, |metrics| metrics.len()),
                page.next_page_token,
            ))
        });
        println!("  metrics         {}", shown(&metrics.await?));

        let links = page_sizes(async |token: Option<String>| {
            let mut request = self
                .kfp
                .list_artifact_tasks()
                .run_ids([&self.run_id])
                .page_size(3);
            if let Some(token) = token {
                request = request.page_token(token);
            }
            let page = request.send().await?.into_inner();
            Ok((
                page.artifact_tasks.map_or(0, |links| links.len()),
                page.next_page_token,
            ))
        });
        println!("  artifact tasks  {}", shown(&links.await?));
        Ok(())
    }

    /// KFP: a new description; only what is set is sent.
    async fn update(&self, artifact: &kfp::types::Artifact) -> Outcome<()> {
        let id = artifact.artifact_id.as_deref().unwrap_or_default();
        let body = kfp::types::UpdateArtifactBody::builder()
            .description("Calibration, checked by the demo.");
        let updated = self.kfp.update_artifact(id, body).send().await?;
        println!(
            "\nUpdated: {}",
            updated.description.as_deref().unwrap_or("-")
        );
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
fn figures(calibration: &Map<String, Value>) -> Vec<(String, Value)> {
    let qubits = calibration.get("qubits").and_then(Value::as_array);
    let mut figures = Vec::new();
    for (index, qubit) in qubits.into_iter().flatten().enumerate() {
        for name in ["t1_s", "t2_s", "readout_error"] {
            if let Some(value) = qubit.get(name) {
                figures.push((format!("q{index}_{name}"), value.clone()));
            }
        }
    }
    figures
}

/// Fetches page after page until one has no token; how many items each held.
async fn page_sizes(
    mut fetch: impl AsyncFnMut(Option<String>) -> compute_kfp::Result<(usize, Option<String>)>,
) -> Outcome<Vec<usize>> {
    let mut sizes = Vec::new();
    let mut token = None;
    loop {
        let (size, next) = fetch(token).await?;
        sizes.push(size);
        token = next.filter(|next| !next.is_empty());
        if token.is_none() {
            return Ok(sizes);
        }
    }
}

fn shown(pages: &[usize]) -> String {
    let listed: Vec<String> = pages.iter().map(usize::to_string).collect();
    format!(
        "{} in {} pages ({})",
        pages.iter().sum::<usize>(),
        pages.len(),
        listed.join(" + ")
    )
}
