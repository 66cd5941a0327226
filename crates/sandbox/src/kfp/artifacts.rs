use serde_json::{Value, json};

use crate::kfp::listing::Listing;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::{KfpError, KfpStore, artifact_tasks, messages, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

const LISTING: Listing = Listing {
    list_field: "artifacts",
    message: "v2beta1Artifact",
};

const NOT_CREATED: &str = "Failed to create artifact due to validation error";

pub(super) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let query = QueryParameters::read(call)?;
    let namespace = query.text("namespace")?;
    let is_in_it = |artifact: &Object| text(artifact, "namespace") == namespace;
    let wanted = (!namespace.is_empty()).then_some(&is_in_it as &dyn Fn(&Object) -> bool);
    LISTING
        .page(&store.kfp, &query, &store.kfp.artifacts, wanted)
        .map_err(|error| error.while_attempting("Failed to list artifacts"))
}

pub(super) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let id = path_text(call, "artifact_id")?;
    let artifact = existing(&store.kfp, &id)
        .map_err(|error| error.while_attempting("Failed to get artifact"))?;
    Ok(Reply::ok(artifact.clone()))
}

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let request = messages::named("v2beta1CreateArtifactRequest").read_body(call.body)?;
    check(&request).map_err(|error| error.while_attempting(NOT_CREATED))?;
    Ok(Reply::ok(add(store, &request)))
}

pub(super) fn batch_create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1CreateArtifactsBulkRequest").read_body(call.body)?;
    let requests = objects(&body, "artifacts");
    check_batch(&requests).map_err(|error| error.while_attempting(NOT_CREATED))?;
    let created: Vec<_> = requests
        .into_iter()
        .map(|request| add(store, request))
        .collect();
    Ok(Reply::ok(json!({ "artifacts": created })))
}

/// What the request names is replaced; what it does not name stays.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let id = path_text(call, "artifact.artifact_id")?;
    let changes = messages::named("v2beta1Artifact").read_changes(call.body)?;
    let attempt = "Failed to update artifact";
    let mut artifact = existing(&store.kfp, &id)
        .map_err(|error| error.while_attempting(attempt))?
        .clone();
    for (name, value) in changes {
        match (name, value) {
            ("artifact_id" | "created_at", _) => {}
            (name, Some(value)) => drop(artifact.insert(name.to_owned(), value)),
            (name, None) => drop(artifact.remove(name)),
        }
    }
    check_name(&artifact).map_err(|error| error.while_attempting(attempt))?;
    store.kfp.artifacts.put(artifact.clone());
    Ok(Reply::ok(artifact))
}

pub(super) fn existing<'a>(store: &'a KfpStore, id: &str) -> Result<&'a Object, KfpError> {
    store
        .artifacts
        .get(&[id])
        .ok_or_else(|| KfpError::not_found(format!("Artifact {id} not found")))
}

pub(super) fn objects<'a>(body: &'a Object, list_field: &str) -> Vec<&'a Object> {
    let list = body.get(list_field).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect()
}

pub(super) fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn check_batch(requests: &[&Object]) -> Result<(), KfpError> {
    let namespaces: Vec<&str> = requests
        .iter()
        .map(|request| Ok(text(check(request)?, "namespace")))
        .collect::<Result<_, KfpError>>()?;
    match namespaces.split_first() {
        None => Err(KfpError::invalid_input(
            "the request must hold at least one artifact",
        )),
        Some((first, others)) if others.iter().any(|other| other != first) => Err(
            KfpError::invalid_input("all artifacts of a request must be in one namespace"),
        ),
        Some(_) => Ok(()),
    }
}

fn check(request: &Object) -> Result<&Object, KfpError> {
    let artifact = request.get("artifact").and_then(Value::as_object);
    let artifact = artifact.ok_or_else(|| KfpError::invalid_input("artifact is required"))?;
    check_name(artifact)?;
    if text(request, "run_id").is_empty() != text(request, "task_id").is_empty() {
        return Err(KfpError::invalid_input(
            "run_id and task_id are required together",
        ));
    }
    Ok(artifact)
}

fn check_name(artifact: &Object) -> Result<(), KfpError> {
    if text(artifact, "name").is_empty() {
        return Err(KfpError::invalid_input("artifact.name is required"));
    }
    Ok(())
}

/// Creates what a checked request asks for, or finds it, and links it to the task that made it.
pub(super) fn add(store: &mut Store, request: &Object) -> Object {
    let mut asked_for = request
        .get("artifact")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let reuse = request.get("reuse_if_exists") == Some(&json!(true));
    let reused = if reuse {
        same(&store.kfp, &asked_for).cloned()
    } else {
        None
    };
    let artifact = reused.unwrap_or_else(|| {
        asked_for.insert("artifact_id".to_owned(), json!(store.uuids.next()));
        asked_for.insert(
            "created_at".to_owned(),
            json!(time::created_at(store.clock.now())),
        );
        store.kfp.artifacts.put(asked_for.clone());
        asked_for
    });
    if !text(request, "task_id").is_empty() {
        artifact_tasks::add_output(store, request, text(&artifact, "artifact_id"));
    }
    artifact
}

fn same<'a>(store: &'a KfpStore, asked_for: &Object) -> Option<&'a Object> {
    let identity = ["namespace", "name", "type", "uri"];
    store.artifacts.iter().find(|held| {
        identity
            .iter()
            .all(|field| held.get(*field) == asked_for.get(*field))
    })
}
