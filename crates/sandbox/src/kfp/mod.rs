//! Kubeflow Pipelines v2beta1, with the behaviour of grpc-gateway.

mod artifacts;
mod cron;
mod error;
mod execution;
mod experiments;
mod filter;
mod given;
mod listing;
mod message;
mod messages;
mod metrics;
pub(crate) mod package;
mod parameters;
mod pipelines;
mod recurring_runs;
mod reports;
mod resources;
mod runs;
mod schedule;
mod seed;
mod selection;
mod shown;
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
use crate::kfp::resources::{RESOURCES, Resource};
use crate::kfp::selection::Selections;
use crate::operation::{ApiError, Call, Handle, Operation};
use crate::reply::Reply;
use crate::store::Store;

pub(crate) use error::KfpError;
pub(crate) use experiments::add_default as add_default_experiment;
pub(crate) use given::add_seed;
pub(crate) use seed::seed;

/// An event that happens on its own as time passes.
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

/// Namespace of most of the seeded artifacts.
pub const NAMESPACE: &str = "quantum-calibration";

/// The KFP server that a sandbox behaves as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KfpServer {
    /// Release 2.17, which has no artifacts, tasks and metrics.
    #[value(name = "2.17")]
    Release217,
    /// The server of the next API, with artifacts and tasks.
    Next,
    /// The server of the next API, and in addition the operations that no server has.
    #[default]
    All,
}

impl KfpServer {
    /// Returns the operations of the server.
    pub(crate) fn operations(self) -> &'static [Operation<KfpError>] {
        static RELEASE_217: LazyLock<Vec<Operation<KfpError>>> =
            LazyLock::new(|| operations_of(KfpServer::Release217));
        static NEXT: LazyLock<Vec<Operation<KfpError>>> =
            LazyLock::new(|| operations_of(KfpServer::Next));
        match self {
            Self::Release217 => &RELEASE_217,
            Self::Next => &NEXT,
            Self::All => &OPERATIONS,
        }
    }

    fn has(self, operation: &Description) -> bool {
        let unserved = ["/metrics", "/auth", "/filters", "/visualizations"];
        let is_in = |part: &str| operation.path.contains(part);
        let served = !unserved.into_iter().any(is_in) && operation.method != "PUT";
        match self {
            Self::All => true,
            Self::Next => served,
            Self::Release217 => served && !["/artifact", "/tasks"].into_iter().any(is_in),
        }
    }
}

/// Namespace that the server runs in.
const SERVER_NAMESPACE: &str = "kubeflow";

/// Default service account of runs.
const SERVICE_ACCOUNT: &str = "pipeline-runner";

/// Default experiment of runs.
const DEFAULT_EXPERIMENT: &str = "Default";

#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KfpStore {
    #[serde(skip)]
    collections: [Collection; RESOURCES.len()],
    /// Number of retries of each run.
    attempts: BTreeMap<String, u64>,
    /// Progress of each recurring run.
    progress: BTreeMap<String, recurring_runs::Progress>,
    /// Objects selected by lists with filters, for the next pages.
    #[serde(skip)]
    selections: Selections,
    #[serde(skip)]
    pub(crate) short_pages: bool,
    #[serde(skip)]
    pub(crate) server: KfpServer,
    #[serde(skip)]
    pub(crate) multi_user: bool,
}

impl Default for KfpStore {
    fn default() -> Self {
        Self {
            collections: RESOURCES.map(|resource| Collection::keyed_by(resource.key_fields)),
            attempts: BTreeMap::new(),
            progress: BTreeMap::new(),
            selections: Selections::default(),
            short_pages: false,
            server: KfpServer::All,
            multi_user: false,
        }
    }
}

impl KfpStore {
    /// Returns the kinds of objects, by the names of their lists.
    pub(crate) fn collections(&self) -> impl Iterator<Item = (&'static str, &Collection)> {
        let kinds = RESOURCES.iter().map(|resource| resource.kind);
        kinds.zip(&self.collections)
    }

    pub(crate) fn collection_mut(&mut self, kind: &str) -> Option<&mut Collection> {
        let resource = RESOURCES.iter().find(|resource| resource.kind == kind)?;
        Some(self.of_mut(resource))
    }

    fn place_of(resource: &Resource) -> usize {
        let mut known = RESOURCES.iter();
        known
            .position(|known| known.kind == resource.kind)
            .unwrap_or_default()
    }

    fn of(&self, resource: &Resource) -> &Collection {
        &self.collections[Self::place_of(resource)]
    }

    fn of_mut(&mut self, resource: &Resource) -> &mut Collection {
        &mut self.collections[Self::place_of(resource)]
    }

    /// Returns the number of additions, replacements and removals so far.
    fn changes(&self) -> u64 {
        self.collections.iter().map(Collection::changes).sum()
    }
}

/// Every operation and its handler: a specific rule, or the one that its path and method suggest.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation<KfpError>>> =
    LazyLock::new(|| operations_of(KfpServer::All));

fn operations_of(server: KfpServer) -> Vec<Operation<KfpError>> {
    let operations = operations::OPERATIONS.iter().copied();
    operations
        .filter(|described| server.has(described))
        .map(|described| Operation {
            described,
            handle: rule(described)
                .or_else(|| resources::suggested(described))
                .unwrap_or(not_served),
        })
        .collect()
}

fn rule(operation: &Description) -> Option<Handle<KfpError>> {
    let rules: &[(&Description, Handle<KfpError>)] = &[
        (&operations::GET_HEALTHZ, healthz),
        (&operations::AUTHORIZE, authorize),
        (&operations::GET_FILTER, filter),
        (&operations::CREATE_ARTIFACT, artifacts::create),
        (&operations::BATCH_CREATE_ARTIFACTS, artifacts::batch_create),
        (&operations::UPDATE_ARTIFACT, artifacts::update),
        (&operations::CREATE_ARTIFACT_TASK, artifacts::link),
        (
            &operations::BATCH_CREATE_ARTIFACT_TASKS,
            artifacts::batch_link,
        ),
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

/// Returns the health. It bypasses the gateway and has more fields than the spec.
fn healthz(store: &mut Store, _call: &Call<'_>) -> Result<Reply, KfpError> {
    Ok(Reply::ok(json!({
        "commit_sha": "unknown",
        "tag_name": "unknown",
        "multi_user": store.kfp.multi_user,
        "pipeline_store": "database",
    })))
}

/// Authorises every valid request. The sandbox has one user with all permissions.
fn authorize(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(store, call)?;
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

/// Rejects the request. Servers do not implement this operation; it is declared for its response
/// schema.
fn filter(_store: &mut Store, _call: &Call<'_>) -> Result<Reply, KfpError> {
    Err(KfpError::not_found("Filter", "of lists"))
}

fn not_served(_store: &mut Store, _call: &Call<'_>) -> Result<Reply, KfpError> {
    Err(KfpError::method_not_allowed(&[]))
}
