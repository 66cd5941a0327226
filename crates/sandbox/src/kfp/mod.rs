//! Kubeflow Pipelines v2beta1, in the manner of grpc-gateway.

mod artifact_tasks;
mod artifacts;
mod error;
mod execution;
mod experiments;
mod filter;
mod given;
mod listing;
mod message;
mod messages;
mod metrics;
mod package;
mod parameters;
mod pipelines;
mod recurring_runs;
mod reports;
mod resources;
mod runs;
mod schedule;
mod seed;
mod selection;
mod tasks;
mod time;
mod visualizations;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use compute_kfp_runtime::operation::Operation as Description;
use kfp_api_client::operations;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::collection::Collection;
use crate::kfp::parameters::QueryParameters;
use crate::kfp::selection::Selections;
use crate::operation::{Call, Handle, Operation};
use crate::reply::Reply;
use crate::store::Store;

pub(crate) use error::KfpError;
pub(crate) use given::add_seed;
pub(crate) use seed::seed;

/// What happens by itself as time passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Run(execution::Step),
    /// Runs of the recurring run with this id may be due.
    Recurring(String),
}

pub(crate) fn take_step(store: &mut Store, step: &Step, now: DateTime<Utc>) {
    match step {
        Step::Run(step) => execution::take_step(store, step, now),
        Step::Recurring(id) => recurring_runs::take_step(store, id, now),
    }
}

/// The namespace that most of the seeded artifacts are in.
pub const NAMESPACE: &str = "quantum-calibration";

#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KfpStore {
    #[serde(skip)]
    artifacts: Collection,
    #[serde(skip)]
    artifact_tasks: Collection,
    #[serde(skip)]
    metrics: Collection,
    #[serde(skip)]
    experiments: Collection,
    #[serde(skip)]
    pipelines: Collection,
    #[serde(skip)]
    pipeline_versions: Collection,
    #[serde(skip)]
    runs: Collection,
    #[serde(skip)]
    recurring_runs: Collection,
    #[serde(skip)]
    tasks: Collection,
    /// How often each run was retried.
    attempts: BTreeMap<String, u64>,
    /// How far each recurring run has come.
    progress: BTreeMap<String, recurring_runs::Progress>,
    /// What lists with filters were made of, for their next pages.
    #[serde(skip)]
    selections: Selections,
    #[serde(skip)]
    pub(crate) short_pages: bool,
}

impl Default for KfpStore {
    fn default() -> Self {
        Self {
            artifacts: Collection::keyed_by(&["artifact_id"]),
            artifact_tasks: Collection::keyed_by(&["id"]),
            metrics: Collection::keyed_by(&["task_id", "name"]),
            experiments: Collection::keyed_by(&["experiment_id"]),
            pipelines: Collection::keyed_by(&["pipeline_id"]),
            pipeline_versions: Collection::keyed_by(&["pipeline_version_id"]),
            runs: Collection::keyed_by(&["run_id"]),
            recurring_runs: Collection::keyed_by(&["recurring_run_id"]),
            tasks: Collection::keyed_by(&["task_id"]),
            attempts: BTreeMap::new(),
            progress: BTreeMap::new(),
            selections: Selections::default(),
            short_pages: false,
        }
    }
}

impl KfpStore {
    /// The kinds of objects, by the names that their lists have.
    pub(crate) fn collections(&self) -> [(&'static str, &Collection); 9] {
        [
            ("artifacts", &self.artifacts),
            ("artifact_tasks", &self.artifact_tasks),
            ("metrics", &self.metrics),
            ("experiments", &self.experiments),
            ("pipelines", &self.pipelines),
            ("pipeline_versions", &self.pipeline_versions),
            ("runs", &self.runs),
            ("recurring_runs", &self.recurring_runs),
            ("tasks", &self.tasks),
        ]
    }

    pub(crate) fn collection_mut(&mut self, name: &str) -> Option<&mut Collection> {
        Some(match name {
            "artifacts" => &mut self.artifacts,
            "artifact_tasks" => &mut self.artifact_tasks,
            "metrics" => &mut self.metrics,
            "experiments" => &mut self.experiments,
            "pipelines" => &mut self.pipelines,
            "pipeline_versions" => &mut self.pipeline_versions,
            "runs" => &mut self.runs,
            "recurring_runs" => &mut self.recurring_runs,
            "tasks" => &mut self.tasks,
            _ => return None,
        })
    }

    /// How often anything was added, replaced or removed.
    fn changes(&self) -> u64 {
        let collections = self.collections();
        collections.map(|(_, held)| held.changes()).iter().sum()
    }
}

/// Every operation, with what it does: by a rule of its own, or as its path and method suggest.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation<KfpError>>> = LazyLock::new(|| {
    let operations = operations::OPERATIONS.iter().copied();
    operations
        .map(|described| Operation {
            described,
            handle: rule(described)
                .or_else(|| resources::suggested(described))
                .unwrap_or(not_served),
        })
        .collect()
});

fn rule(operation: &Description) -> Option<Handle<KfpError>> {
    let rules: &[(&Description, Handle<KfpError>)] = &[
        (&operations::GET_HEALTHZ, healthz),
        (&operations::AUTHORIZE, authorize),
        (&operations::GET_FILTER, filter),
        (&operations::LIST_ARTIFACTS, artifacts::list),
        (&operations::CREATE_ARTIFACT, artifacts::create),
        (&operations::BATCH_CREATE_ARTIFACTS, artifacts::batch_create),
        (&operations::GET_ARTIFACT, artifacts::get),
        (&operations::UPDATE_ARTIFACT, artifacts::update),
        (&operations::LIST_ARTIFACT_TASKS, artifact_tasks::list),
        (&operations::CREATE_ARTIFACT_TASK, artifact_tasks::create),
        (
            &operations::BATCH_CREATE_ARTIFACT_TASKS,
            artifact_tasks::batch_create,
        ),
        (&operations::LIST_METRICS, metrics::list),
        (&operations::LOG_METRIC, metrics::log),
        (&operations::GET_METRIC, metrics::get),
        (&operations::CREATE_EXPERIMENT, experiments::create),
        (&operations::CREATE_PIPELINE, pipelines::create),
        (
            &operations::CREATE_PIPELINE_AND_VERSION,
            pipelines::create_with_version,
        ),
        (&operations::GET_PIPELINE_BY_NAME, pipelines::get_by_name),
        (&operations::UPDATE_PIPELINE, pipelines::update),
        (
            &operations::CREATE_PIPELINE_VERSION,
            pipelines::create_version,
        ),
        (
            &operations::UPDATE_PIPELINE_VERSION,
            pipelines::update_version,
        ),
        (&operations::UPLOAD_PIPELINE, pipelines::upload),
        (
            &operations::UPLOAD_PIPELINE_VERSION,
            pipelines::upload_version,
        ),
        (&operations::CREATE_RUN, runs::create),
        (&operations::TERMINATE_RUN, runs::terminate),
        (&operations::RETRY_RUN, runs::retry),
        (&operations::CREATE_RECURRING_RUN, recurring_runs::create),
        (&operations::ENABLE_RECURRING_RUN, recurring_runs::enable),
        (&operations::DISABLE_RECURRING_RUN, recurring_runs::disable),
        (&operations::REPORT_WORKFLOW, reports::workflow),
        (
            &operations::REPORT_SCHEDULED_WORKFLOW,
            reports::scheduled_workflow,
        ),
        (&operations::CREATE_VISUALIZATION_V1, visualizations::create),
        (&operations::FIND_CACHED_TASK, tasks::find_cached),
        (&operations::CREATE_TASK, tasks::create),
        (&operations::UPDATE_TASK, tasks::update),
        (&operations::BATCH_UPDATE_TASKS, tasks::batch_update),
    ];
    rules
        .iter()
        .find(|(ruled, _)| ruled.id == operation.id)
        .map(|(_, handle)| *handle)
}

/// It does not pass through the gateway, and has more fields than the description.
fn healthz(_store: &mut Store, _call: &Call<'_>) -> Result<Reply, KfpError> {
    Ok(Reply::ok(json!({
        "commit_sha": "unknown",
        "tag_name": env!("CARGO_PKG_VERSION"),
        "multi_user": false,
        "pipeline_store": "database",
    })))
}

/// The sandbox has one user, who may do everything that can be asked for.
fn authorize(_store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(call)?;
    for (name, unset) in [
        ("namespace", ""),
        ("resources", "UNASSIGNED_RESOURCES"),
        ("verb", "UNASSIGNED_VERB"),
    ] {
        let value = query.text(name)?;
        if value.is_empty() || value == unset {
            let message = format!("{name} is required");
            return Err(KfpError::invalid_input(message).while_attempting("Failed to authorize"));
        }
    }
    Ok(Reply::ok(json!({})))
}

/// Servers do not implement it: it is declared for the schema of its answer.
fn filter(_store: &mut Store, _call: &Call<'_>) -> Result<Reply, KfpError> {
    let message = "Filters are sent as the parameter `filter` of lists, and cannot be read";
    Err(KfpError::not_found(message))
}

fn not_served(_store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    Err(KfpError::unimplemented(format!(
        "The sandbox does not serve {} {} yet",
        call.described.method, call.described.path
    )))
}
