use serde_json::{Value, json};

use kfp_api_client::types::ArtifactTaskType;

use crate::kfp::artifacts::{existing, objects, text};
use crate::kfp::listing::Listing;
use crate::kfp::parameters::QueryParameters;
use crate::kfp::{KfpError, KfpStore, messages, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

const LISTING: Listing = Listing {
    list_field: "artifact_tasks",
    message: "v2beta1ArtifactTask",
};

const NOT_CREATED: &str = "Failed to create artifact task";

pub(super) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(call)?;
    let wanted_type = query
        .one_of("type", ArtifactTaskType::KNOWN)?
        .filter(|name| *name != "UNSPECIFIED");
    let wanted_ids = [
        ("task_id", "task_ids"),
        ("run_id", "run_ids"),
        ("artifact_id", "artifact_ids"),
    ]
    .map(|(field, parameter)| (field, query.texts(parameter)));
    let attempt = "Failed to list artifact tasks";
    if wanted_ids.iter().all(|(_, ids)| ids.is_empty()) {
        let missing = "at least one of task_ids, run_ids and artifact_ids is required";
        return Err(KfpError::invalid_input(missing).while_attempting(attempt));
    }
    let wanted = |task: &Object| {
        wanted_type.is_none_or(|wanted| type_of(task) == wanted)
            && wanted_ids
                .iter()
                .all(|(field, ids)| ids.is_empty() || ids.contains(&text(task, field)))
    };
    LISTING
        .page(&store.kfp, &query, &store.kfp.artifact_tasks, Some(&wanted))
        .map_err(|error| error.while_attempting(attempt))
}

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1CreateArtifactTaskRequest").read_body(call.body)?;
    let task = body
        .get("artifact_task")
        .and_then(Value::as_object)
        .ok_or_else(|| KfpError::invalid_input("artifact_task is required"))
        .and_then(|task| check(&store.kfp, task).map(|()| task))
        .map_err(|error| error.while_attempting(NOT_CREATED))?;
    Ok(Reply::ok(add(store, task.clone())))
}

pub(super) fn batch_create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1CreateArtifactTasksBulkRequest").read_body(call.body)?;
    let tasks = objects(&body, "artifact_tasks");
    if tasks.is_empty() {
        let missing = "the request must hold at least one artifact task";
        return Err(KfpError::invalid_input(missing).while_attempting(NOT_CREATED));
    }
    tasks
        .iter()
        .try_for_each(|task| check(&store.kfp, task))
        .map_err(|error| error.while_attempting(NOT_CREATED))?;
    let created: Vec<_> = tasks
        .into_iter()
        .map(|task| add(store, task.clone()))
        .collect();
    Ok(Reply::ok(json!({ "artifact_tasks": created })))
}

/// Links an artifact to the task that a request to create it names.
pub(super) fn add_output(store: &mut Store, request: &Object, artifact_id: &str) {
    let mut task = Object::from_iter([
        ("artifact_id".to_owned(), json!(artifact_id)),
        ("type".to_owned(), json!("OUTPUT")),
    ]);
    for (from, to) in [
        ("run_id", "run_id"),
        ("task_id", "task_id"),
        ("producer_key", "key"),
    ] {
        if let Some(value) = request.get(from) {
            task.insert(to.to_owned(), value.clone());
        }
    }
    if let Some(iteration) = request.get("iteration_index") {
        task.insert("producer".to_owned(), json!({ "iteration": iteration }));
    }
    add(store, task);
}

pub(super) fn add(store: &mut Store, mut task: Object) -> Object {
    task.insert("id".to_owned(), json!(store.uuids.next()));
    if !task.contains_key("created_at") {
        task.insert(
            "created_at".to_owned(),
            json!(time::created_at(store.clock.now())),
        );
    }
    store.kfp.artifact_tasks.put(task.clone());
    task
}

fn check(store: &KfpStore, task: &Object) -> Result<(), KfpError> {
    for field in ["artifact_id", "run_id", "task_id"] {
        if text(task, field).is_empty() {
            return Err(KfpError::invalid_input(format!(
                "artifact_task.{field} is required"
            )));
        }
    }
    existing(store, text(task, "artifact_id")).map(drop)
}

/// An absent type is the enum's zero value.
fn type_of(task: &Object) -> &str {
    task.get("type").and_then(Value::as_str).unwrap_or("INPUT")
}
