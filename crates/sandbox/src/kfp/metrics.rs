use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kfp::artifacts::text;
use crate::kfp::listing::Listing;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::{KfpError, KfpStore, messages, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

const LISTING: Listing = Listing {
    list_field: "metrics",
    message: "v2beta1Metric",
};

pub(super) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(call)?;
    let task_ids = query.texts("task_ids");
    let linked = linked_tasks(
        &store.kfp,
        &query.texts("run_ids"),
        query.text("namespace")?,
    );
    let wanted = |metric: &Object| {
        let task_id = text(metric, "task_id");
        (task_ids.is_empty() || task_ids.contains(&task_id))
            && linked
                .as_ref()
                .is_none_or(|linked| linked.contains(task_id))
    };
    LISTING
        .page(&store.kfp, &query, &store.kfp.metrics, Some(&wanted))
        .map_err(|error| error.while_attempting("Failed to list metrics"))
}

/// Replaces the metric that the task has under this name, which keeps the time of its creation.
pub(super) fn log(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1LogMetricRequest").read_body(call.body)?;
    let metric = body.get("metric").and_then(Value::as_object);
    let metric = metric
        .ok_or_else(|| KfpError::invalid_input("metric is required"))
        .and_then(check)
        .map_err(|error| error.while_attempting("Failed to log metric"))?;
    Ok(Reply::ok(put(store, metric.clone())))
}

pub(super) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (task_id, name) = (path_text(call, "task_id")?, path_text(call, "name")?);
    let metric = store.kfp.metrics.get(&[&task_id, &name]).ok_or_else(|| {
        KfpError::not_found(format!("Metric {name} of task {task_id} not found"))
            .while_attempting("Failed to get metric")
    })?;
    Ok(Reply::ok(metric.clone()))
}

pub(super) fn put(store: &mut Store, mut metric: Object) -> Object {
    if !metric.contains_key("created_at") {
        let held = store
            .kfp
            .metrics
            .get(&[text(&metric, "task_id"), text(&metric, "name")]);
        let created_at = match held.and_then(|held| held.get("created_at")) {
            Some(created_at) => created_at.clone(),
            None => json!(time::created_at(store.clock.now())),
        };
        metric.insert("created_at".to_owned(), created_at);
    }
    store.kfp.metrics.put(metric.clone());
    metric
}

fn check(metric: &Object) -> Result<&Object, KfpError> {
    for field in ["task_id", "name"] {
        if text(metric, field).is_empty() {
            return Err(KfpError::invalid_input(format!(
                "metric.{field} is required"
            )));
        }
    }
    if !metric.contains_key("value") {
        return Err(KfpError::invalid_input("metric.value is required"));
    }
    Ok(metric)
}

/// A metric knows its task only; which run and namespace a task belongs to, its artifacts tell.
/// `None` if neither was asked for.
fn linked_tasks(store: &KfpStore, run_ids: &[&str], namespace: &str) -> Option<BTreeSet<String>> {
    if run_ids.is_empty() && namespace.is_empty() {
        return None;
    }
    let in_namespace = |task: &Object| {
        let artifact = store.artifacts.get(&[text(task, "artifact_id")]);
        artifact.is_some_and(|artifact| text(artifact, "namespace") == namespace)
    };
    let tasks = store.artifact_tasks.iter().filter(|task| {
        (run_ids.is_empty() || run_ids.contains(&text(task, "run_id")))
            && (namespace.is_empty() || in_namespace(task))
    });
    Some(tasks.map(|task| text(task, "task_id").to_owned()).collect())
}
