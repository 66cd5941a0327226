//! Tasks, as the components that execute a run report them.

use serde_json::{Value, json};

use crate::kfp::artifacts::text;
use crate::kfp::parameters::path_text;
use crate::kfp::resources::{RUN, TASK, has, required, set};
use crate::kfp::{KfpError, execution, messages, runs, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let run_id = path_text(call, "run_id")?;
    let mut task = messages::named("v2beta1PipelineTask").read_body(call.body)?;
    check(store, &run_id, &task)
        .map_err(|error| error.while_attempting("Failed to create a task"))?;
    let now = store.clock.now();
    set(&mut task, "task_id", store.uuids.next());
    set(&mut task, "run_id", run_id);
    task.entry("create_time")
        .or_insert_with(|| json!(time::text(now)));
    task.entry("end_time").or_insert_with(|| json!(time::UNSET));
    Ok(Reply::ok(execution::put_task(store, task)))
}

/// What the request names is replaced; a state also goes into the history.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let changes = messages::named("v2beta1PipelineTask").read_changes(call.body)?;
    let task = TASK.in_path(store, call);
    let task = task.and_then(|task| changed(store, task, changes));
    let task = task.map_err(|error| error.while_attempting("Failed to update a task"))?;
    Ok(Reply::ok(execution::put_task(store, task)))
}

pub(super) fn batch_update(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let run_id = path_text(call, "run_id")?;
    let attempt = "Failed to update tasks";
    RUN.existing(store, &run_id)
        .map_err(|error| error.while_attempting(attempt))?;
    let body = messages::named("RunServiceUpdateTasksBulkBody").read_body(call.body)?;
    let updates = body.get("tasks").and_then(Value::as_object);
    let mut updated = Vec::new();
    for (id, update) in updates.into_iter().flatten() {
        let task = TASK.existing(store, id).cloned().and_then(|task| {
            if text(&task, "run_id") == run_id {
                let changes = messages::named("v2beta1PipelineTask").changes(update)?;
                changed(store, task, changes)
            } else {
                Err(KfpError::not_found(format!("Task {id} not found")))
            }
        });
        updated.push(task.map_err(|error| error.while_attempting(attempt))?);
    }
    let mut tasks = Object::new();
    for task in updated {
        let task = execution::put_task(store, task);
        tasks.insert(text(&task, "task_id").to_owned(), json!(task));
    }
    Ok(Reply::ok(if tasks.is_empty() {
        json!({})
    } else {
        json!({ "tasks": tasks })
    }))
}

/// The latest task that has the fingerprint and ended well; its outputs can be used again.
pub(super) fn find_cached(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1FindCachedTaskRequest").read_body(call.body)?;
    let fingerprint = required(&body, "cache_fingerprint")
        .map_err(|error| error.while_attempting("Failed to find a cached task"))?;
    let namespace = text(&body, "namespace");
    let ended_well = |task: &&Object| matches!(text(task, "state"), "SUCCEEDED" | "CACHED");
    let is_there = |task: &&Object| {
        let run = RUN.find(store, text(task, "run_id"));
        let in_it = run.is_some_and(|run| has(&store.kfp, run, "namespace", namespace));
        namespace.is_empty() || in_it
    };
    let found = TASK
        .all(&store.kfp)
        .filter(|task| text(task, "cache_fingerprint") == fingerprint)
        .filter(ended_well)
        .filter(is_there)
        .max_by_key(|task| time::parse(text(task, "end_time")));
    Ok(Reply::ok(match found {
        Some(task) => json!({ "task": task }),
        None => json!({}),
    }))
}

fn changed(
    store: &mut Store,
    mut task: Object,
    changes: Vec<(&'static str, Option<Value>)>,
) -> Result<Object, KfpError> {
    let now = store.clock.now();
    for (field, value) in changes {
        let held = task.get(field).cloned();
        match (field, value) {
            ("task_id" | "run_id", Some(value)) if Some(&value) != held.as_ref() => {
                let message = format!("{field} in the body differs from the one in the path");
                return Err(KfpError::invalid_input(message));
            }
            ("task_id" | "run_id", _) => {}
            ("state", Some(Value::String(state))) if held != Some(json!(state)) => {
                runs::enter(&mut task, &state, now);
            }
            (field, Some(value)) => set(&mut task, field, value),
            (field, None) => drop(task.remove(field)),
        }
    }
    Ok(task)
}

fn check(store: &Store, run_id: &str, task: &Object) -> Result<(), KfpError> {
    RUN.existing(store, run_id)?;
    let of_run = text(task, "run_id");
    if !of_run.is_empty() && of_run != run_id {
        let message = "run_id in the body differs from the one in the path";
        return Err(KfpError::invalid_input(message));
    }
    let parent_id = text(task, "parent_task_id");
    let parent = TASK.find(store, parent_id);
    if !parent_id.is_empty() && parent.is_none_or(|parent| text(parent, "run_id") != run_id) {
        let message = format!("parent task {parent_id} is not a task of this run");
        return Err(KfpError::invalid_input(message));
    }
    Ok(())
}
