//! Artifacts, and their links to the tasks that produce or use them.

use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::objects::{required, task_of_run};
use crate::kfp::parameters::path_text;
use crate::kfp::resource::{ARTIFACT, ARTIFACT_TASK};
use crate::kfp::shown::shown;
use crate::object::{Object, inner, object, picked, set, text};
use crate::operation::Call;
use crate::store::Store;

/// Types of artifacts that are meaningless without metadata.
const WITH_METADATA: &[&str] = &["ClassificationMetric", "SlicedClassificationMetric"];

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let request = Message::named("v2beta1CreateArtifactRequest").read_body(call.body)?;
    let link = check(store, &request)?;
    let artifact = add(store, &request, link);
    Ok(shown(store, &ARTIFACT, &artifact).into())
}

pub(super) fn batch_create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1CreateArtifactsBulkRequest").read_body(call.body)?;
    let requests = objects(&body, "artifacts");
    let links = check_batch(store, &requests)?;
    let mut created = Vec::new();
    for (request, link) in requests.into_iter().zip(links) {
        let artifact = add(store, request, link);
        created.push(shown(store, &ARTIFACT, &artifact));
    }
    Ok(json!({ "artifacts": created }))
}

/// Replaces the fields that the request names.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let id = path_text(call, "artifact.artifact_id")?;
    let changes = ARTIFACT.described().read_changes(call.body)?;
    let mut artifact = ARTIFACT.existing(store, &id)?.clone();
    for (name, value) in changes {
        match (name, value) {
            ("artifact_id" | "created_at", _) => {}
            (name, Some(value)) => set(&mut artifact, name, value),
            (name, None) => drop(artifact.remove(name)),
        }
    }
    ARTIFACT.check_name(text(&artifact, "name"))?;
    ARTIFACT.put(store, artifact.clone());
    Ok(shown(store, &ARTIFACT, &artifact).into())
}

pub(super) fn link(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1CreateArtifactTaskRequest").read_body(call.body)?;
    let link = inner(&body, "artifact_task");
    check_links(store, &[link])?;
    Ok(ARTIFACT_TASK.add(store, link.clone()).into())
}

pub(super) fn batch_link(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1CreateArtifactTasksBulkRequest").read_body(call.body)?;
    let links = objects(&body, "artifact_tasks");
    check_links(store, &links)?;
    let links = links.into_iter().cloned();
    let created: Vec<_> = links.map(|link| ARTIFACT_TASK.add(store, link)).collect();
    Ok(json!({ "artifact_tasks": created }))
}

fn objects<'a>(body: &'a Object, list_field: &str) -> Vec<&'a Object> {
    let list = body.get(list_field).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect()
}

fn check_batch(store: &Store, requests: &[&Object]) -> Result<Vec<Object>, KfpError> {
    if requests.is_empty() {
        return Err("the request has no artifacts".into());
    }
    let namespace = |request: &Object| inner(request, "artifact").get("namespace").cloned();
    let differs = |pair: &[&Object]| namespace(pair[0]) != namespace(pair[1]);
    if store.kfp.multi_user && requests.windows(2).any(differs) {
        return Err("all artifacts of a request must be in one namespace".into());
    }
    requests
        .iter()
        .map(|request| check(store, request))
        .collect()
}

/// Checks a request to create an artifact, and creates the link to the task that produced it.
fn check(store: &Store, request: &Object) -> Result<Object, KfpError> {
    let artifact = inner(request, "artifact");
    let kind = text(artifact, "type");
    if artifact.contains_key("artifact_id") {
        return Err("Artifact: the server sets artifact_id".into());
    }
    for field in ["namespace", "type", "name"] {
        if text(artifact, field).is_empty() {
            return Err(format!("Artifact: {field} is required").into());
        }
    }
    for field in ["run_id", "task_id", "producer_key"] {
        required(request, field)?;
    }
    let missing = match kind {
        "Metric" => "number_value",
        kind if WITH_METADATA.contains(&kind) => "metadata",
        _ => "name",
    };
    if !artifact.contains_key(missing) {
        return Err(format!("{missing} is required for a {kind}").into());
    }
    let (run_id, task_id) = (text(request, "run_id"), text(request, "task_id"));
    let task = task_of_run(store, task_id, run_id)?;
    let iteration = request.get("iteration_index");
    let mut producer = Object::new();
    for (field, value) in [("task_name", task.get("name")), ("iteration", iteration)] {
        if let Some(value) = value {
            set(&mut producer, field, value.clone());
        }
    }
    Ok(object(json!({
        "run_id": run_id,
        "task_id": task_id,
        "key": text(request, "producer_key"),
        "producer": producer,
        "type": if iteration.is_some() { "ITERATOR_OUTPUT" } else { "OUTPUT" },
    })))
}

/// Creates the artifact of a checked request, or finds it, and links it to its task.
fn add(store: &mut Store, request: &Object, mut link: Object) -> Object {
    let artifact = inner(request, "artifact");
    let fields = [
        "namespace",
        "name",
        "type",
        "uri",
        "description",
        "metadata",
    ];
    let identity = picked(artifact, fields);
    let reused = match request.get("reuse_if_exists") {
        Some(Value::Bool(true)) => {
            let mut held = ARTIFACT.all(&store.kfp);
            held.find(|held| picked(held, fields) == identity).cloned()
        }
        _ => None,
    };
    let is_new = reused.is_none();
    let artifact = reused.unwrap_or_else(|| ARTIFACT.add(store, artifact.clone()));
    set(&mut link, "artifact_id", text(&artifact, "artifact_id"));
    if is_new || !is_linked(store, &link) {
        ARTIFACT_TASK.add(store, link);
    }
    artifact
}

fn check_links(store: &Store, links: &[&Object]) -> Result<(), KfpError> {
    let check = |link: &Object| {
        let required = [
            "artifact_id",
            "task_id",
            "run_id",
            "type",
            "producer",
            "key",
        ];
        if let Some(missing) = required.iter().find(|field| !link.contains_key(**field)) {
            return Err(format!("artifact_task.{missing} is required").into());
        }
        task_of_run(store, text(link, "task_id"), text(link, "run_id"))?;
        ARTIFACT.existing(store, text(link, "artifact_id"))?;
        if is_linked(store, link) {
            return Err(KfpError::duplicate("artifact_tasks"));
        }
        Ok(())
    };
    if links.is_empty() {
        return Err("the request has no artifact tasks".into());
    }
    links.iter().try_for_each(|link| check(link))
}

/// Returns whether an artifact is already linked to a task in the same way.
fn is_linked(store: &Store, link: &Object) -> bool {
    let identity = |link: &Object| {
        let iteration = inner(link, "producer").get("iteration").cloned();
        (picked(link, ["task_id", "type", "key"]), iteration)
    };
    ARTIFACT_TASK
        .all_with(&store.kfp, "artifact_id", text(link, "artifact_id"))
        .any(|held| identity(held) == identity(link))
}
