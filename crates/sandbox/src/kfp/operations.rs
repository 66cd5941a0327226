//! The handler of every operation: a rule of its own, or the one that its path and method suggest.

use compute_kfp_runtime::operation::Operation;
use kfp_api_client::operations;
use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::parameters::QueryParameters;
use crate::kfp::resources::Handle;
use crate::kfp::{
    artifacts, experiments, pipelines, recurring_runs, reports, resources, runs, tasks,
    visualizations,
};
use crate::operation::{ApiError, Call, Rejection};
use crate::store::Store;

/// Returns the content of a successful response.
pub(crate) fn perform(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let mut rules = RULES.iter();
    let rule = rules.find(|(ruled, _)| *ruled == call.described);
    let rule = rule.map(|(_, handle)| *handle);
    let rule = rule.or_else(|| resources::suggested(call.described));
    let handle = rule.ok_or_else(|| KfpError::rejected(Rejection::NoSuchPath))?;
    handle(store, call).map_err(|error| error.of_operation(call))
}

static RULES: &[(&Operation, Handle)] = &[
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
    (&operations::LOG_METRIC, tasks::log_metric),
    (&operations::GET_METRIC, tasks::get_metric),
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
    (&operations::UPDATE_PIPELINE_VERSION, pipelines::update),
    (&operations::UPLOAD_PIPELINE, pipelines::upload),
    (
        &operations::UPLOAD_PIPELINE_VERSION,
        pipelines::upload_version,
    ),
    (&operations::CREATE_RUN, runs::create),
    (&operations::TERMINATE_RUN, runs::terminate),
    (&operations::RETRY_RUN, runs::retry),
    (&operations::CREATE_RECURRING_RUN, recurring_runs::create),
    (&operations::ENABLE_RECURRING_RUN, recurring_runs::set_mode),
    (&operations::DISABLE_RECURRING_RUN, recurring_runs::set_mode),
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

/// Returns the health. It bypasses the gateway and has more fields than the spec.
fn healthz(store: &mut Store, _call: &Call<'_>) -> Result<Value, KfpError> {
    Ok(json!({
        "commit_sha": "unknown",
        "tag_name": "unknown",
        "multi_user": store.kfp.multi_user,
        "pipeline_store": "database",
    }))
}

/// Authorises every valid request. The sandbox has one user with all permissions.
fn authorize(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let query = QueryParameters::read(store, call)?;
    for (name, unset) in [
        ("namespace", ""),
        ("resources", "UNASSIGNED_RESOURCES"),
        ("verb", "UNASSIGNED_VERB"),
    ] {
        let value = query.text(name);
        if value.is_empty() || value == unset {
            return Err(format!("{name} is required").into());
        }
    }
    Ok(json!({}))
}

/// Rejects the request. Servers do not implement this operation; it is declared for its response
/// schema.
fn filter(_store: &mut Store, _call: &Call<'_>) -> Result<Value, KfpError> {
    Err(KfpError::not_found("Filter", "of lists"))
}
