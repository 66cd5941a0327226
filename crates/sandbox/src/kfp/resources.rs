//! The operations that resources share.

use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::experiments::DEFAULT;
use crate::kfp::listing::Wanted;
use crate::kfp::objects::namespace_required;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::resource::{
    ARTIFACT, ARTIFACT_TASK, EXPERIMENT, METRIC, PIPELINE, RECURRING_RUN, RUN, Resource, TASK,
    resource_of,
};
use crate::kfp::shown::View;
use crate::kfp::{pipelines, recurring_runs, runs};
use crate::object::{set, text};
use crate::operation::Call;
use crate::store::Store;

/// Parameters that select objects of a list: the field that must have one of their values, and the
/// resource that the values must name.
static RESTRICTIONS: &[(&str, &str, Option<&Resource>)] = &[
    ("run_id", "run_id", None),
    ("pipeline_id", "pipeline_id", Some(&PIPELINE)),
    ("experiment_id", "experiment_id", Some(&EXPERIMENT)),
    ("parent_id", "parent_task_id", Some(&TASK)),
    ("task_ids", "task_id", Some(&TASK)),
    ("run_ids", "run_id", None),
    ("artifact_ids", "artifact_id", Some(&ARTIFACT)),
    ("type", "type", None),
];

pub(super) type Handle = fn(&mut Store, &Call<'_>) -> Result<Value, KfpError>;

/// Returns the operation of a resource that a path and a method suggest.
pub(super) fn suggested(operation: &Operation) -> Option<Handle> {
    let resource = resource_of(operation)?;
    let single = operation.path.strip_prefix(resource.list_path)?;
    let verb = single.split_once('}').map(|(_, verb)| verb);
    Some(match (operation.method, verb) {
        ("GET", Some("")) => get,
        ("DELETE", Some("")) => delete,
        ("POST", Some(":archive" | ":unarchive")) => keep,
        ("GET", None) if operation.paging.is_some() => list,
        _ => return None,
    })
}

fn resource(call: &Call<'_>) -> Result<&'static Resource, KfpError> {
    resource_of(call.described).ok_or_else(|| KfpError::invalid_input("unknown resource"))
}

fn get(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(store, call)?);
    let object = resource.in_path(store, call)?;
    let view = View::of(store, query.text("view") == "FULL");
    Ok(view.of_object(resource, &object).into())
}

fn list(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(store, call)?);
    let wanted = wanted(store, call, resource, &query)?;
    let view = View::of(store, query.text("view") == "FULL");
    resource.page(&store.kfp, &query, &wanted, &view)
}

/// Returns the fields that path and query parameters restrict, and the allowed values.
fn wanted(
    store: &Store,
    call: &Call<'_>,
    resource: &Resource,
    query: &QueryParameters,
) -> Result<Wanted, KfpError> {
    let mut wanted = Vec::new();
    for (parameter, field, named) in RESTRICTIONS {
        let mut values: Vec<String> = query.texts(parameter).map(str::to_owned).collect();
        if call.path_values.iter().any(|(name, _)| name == parameter) {
            values = vec![path_text(call, parameter)?];
        }
        values.retain(|value| !value.is_empty() && value != "UNSPECIFIED");
        for id in &values {
            if let Some(named) = named.filter(|_| resource.kind != METRIC.kind) {
                named.existing(store, id)?;
            }
        }
        if !values.is_empty() {
            wanted.push((*field, values));
        }
    }
    if resource.kind == ARTIFACT_TASK.kind && wanted.iter().all(|(field, _)| *field == "type") {
        return Err("at least one of task_ids, run_ids and artifact_ids is required".into());
    }
    if let Some((_, parents)) = wanted.iter().find(|(field, _)| *field == "parent_task_id") {
        let run_id = path_text(call, "run_id")?;
        let mut parents = parents.iter().filter_map(|id| TASK.find(store, id));
        if parents.any(|parent| text(parent, "run_id") != run_id) {
            return Err("the parent task belongs to another run".into());
        }
    }
    if store.kfp.multi_user && call.described.parameter("namespace").is_some() {
        let namespace = query.text("namespace").to_owned();
        let has_shared = resource.kind == PIPELINE.kind;
        let is_settled = wanted.iter().any(|(field, _)| *field == "experiment_id");
        if !namespace.is_empty() || has_shared {
            wanted.push(("namespace", vec![namespace]));
        } else if !is_settled {
            return Err(namespace_required());
        }
    }
    Ok(wanted)
}

fn delete(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let resource = resource(call)?;
    let query = QueryParameters::read(store, call)?;
    let object = resource.in_path(store, call)?;
    let id = path_text(call, resource.key())?;
    if resource.kind == PIPELINE.kind {
        let cascade = query.boolean("cascade");
        pipelines::delete_versions(store, cascade, &id)?;
    }
    if resource.kind == EXPERIMENT.kind && text(&object, "display_name") == DEFAULT {
        let refusal = KfpError::invalid_input("the experiment is the default");
        return Err(refusal.conflict(format!("experiment {id} cannot be deleted")));
    }
    if resource.kind == RUN.kind {
        TASK.remove_all_of(store, "run_id", &id);
        ARTIFACT_TASK.remove_all_of(store, "run_id", &id);
    }
    store.kfp.of_mut(resource).remove(&id);
    if resource.kind == RECURRING_RUN.kind {
        store.kfp.progress.remove(&id);
    } else if resource.kind == RUN.kind {
        let now = store.clock.reading;
        recurring_runs::go_on(store, text(&object, "recurring_run_id"), now);
    }
    Ok(json!({}))
}

/// Sets the storage state. The server does not check whether an experiment exists.
fn keep(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let is_archiving = call.described.path.ends_with(":archive");
    let state = if is_archiving {
        "ARCHIVED"
    } else {
        "AVAILABLE"
    };
    let resource = resource(call)?;
    let is_experiment = resource.kind == EXPERIMENT.kind;
    let mut object = match resource.in_path(store, call) {
        Err(_) if is_experiment => return Ok(json!({})),
        found => found?,
    };
    let experiment_id = text(&object, "experiment_id").to_owned();
    if is_experiment && is_archiving {
        runs::archive_all_of(store, &experiment_id);
        recurring_runs::disable_all_of(store, &experiment_id);
    } else if !is_experiment && !is_archiving {
        let experiment = EXPERIMENT.find(store, &experiment_id);
        if experiment.is_some_and(|held| text(held, "storage_state") == "ARCHIVED") {
            let refusal = format!("experiment {experiment_id} is archived: restore it first");
            return Err(KfpError::failed_precondition(refusal));
        }
    }
    set(&mut object, "storage_state", state);
    resource.put(store, object);
    Ok(json!({}))
}
