//! Tasks and their metrics, as the components that execute a run report them.

use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::message::Message;
use crate::kfp::objects::{enter, has, required, task_of_run};
use crate::kfp::parameters::path_text;
use crate::kfp::resource::{METRIC, RUN, TASK};
use crate::kfp::shown::shown;
use crate::kfp::time;
use crate::object::{Object, inner, object, set, text};
use crate::operation::Call;
use crate::store::Store;

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let run_id = path_text(call, "run_id")?;
    let mut task = TASK.read(call)?;
    check(store, &run_id, &task).and_then(|()| RUN.existing(store, &run_id).map(drop))?;
    let now = store.clock.now();
    set(&mut task, "task_id", store.uuids.next());
    set(&mut task, "run_id", run_id);
    task.entry("create_time")
        .or_insert_with(|| json!(time::created_at(now)));
    if let Some(Value::String(state)) = task.get("state").cloned() {
        enter(&mut task, &state, now);
    }
    TASK.put(store, task.clone());
    Ok(shown(store, &TASK, &task).into())
}

pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (run_id, id) = (path_text(call, "run_id")?, path_text(call, "task_id")?);
    let changes = TASK.described().read_body(call.body)?;
    let task = changed(store, &run_id, &id, changes)?;
    TASK.put(store, task.clone());
    Ok(shown(store, &TASK, &task).into())
}

pub(super) fn batch_update(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let run_id = path_text(call, "run_id")?;
    let body = Message::named("RunServiceUpdateTasksBulkBody").read_body(call.body)?;
    let Some(Value::Object(updates)) = body.get("tasks") else {
        return Err("the request has no tasks".into());
    };
    let mut updated = Vec::new();
    for (id, update) in updates {
        updated.push(changed(store, &run_id, id, object(update.clone()))?);
    }
    let mut tasks = Object::new();
    for task in updated {
        TASK.put(store, task.clone());
        let id = text(&task, "task_id").to_owned();
        tasks.insert(id, Value::Object(shown(store, &TASK, &task)));
    }
    Ok(json!({ "tasks": tasks }))
}

/// Returns the latest successful task with the fingerprint. Its outputs can be reused.
pub(super) fn find_cached(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1FindCachedTaskRequest").read_body(call.body)?;
    let fingerprint = required(&body, "cache_fingerprint")?;
    let namespace = text(&body, "namespace");
    let ended_well = |task: &&Object| matches!(text(task, "state"), "SUCCEEDED" | "CACHED");
    let is_there =
        |task: &&Object| !store.kfp.multi_user || has(&store.kfp, task, "namespace", namespace);
    let found = TASK
        .all_with(&store.kfp, "cache_fingerprint", fingerprint)
        .filter(ended_well)
        .filter(is_there)
        .max_by_key(|task| time::parse(text(task, "end_time")));
    Ok(match found {
        Some(task) => json!({ "task": shown(store, &TASK, task) }),
        None => json!({}),
    })
}

/// Returns the task with the changes of a request. A new state is added to the history.
fn changed(store: &mut Store, run_id: &str, id: &str, changes: Object) -> Result<Object, KfpError> {
    if !matches!(text(&changes, "task_id"), "") && text(&changes, "task_id") != id {
        return Err("task_id differs from the one in the path".into());
    }
    let mut task = task_of_run(store, id, run_id)?.clone();
    check(store, run_id, &changes)?;
    let now = store.clock.now();
    for (field, value) in changes {
        match (field.as_str(), &value) {
            ("task_id" | "run_id" | "state_history" | "child_tasks", _) => {}
            ("state", Value::String(state)) if text(&task, "state") != state => {
                enter(&mut task, state, now);
            }
            (field, _) => set(&mut task, field, value),
        }
    }
    Ok(task)
}

fn check(store: &Store, run_id: &str, task: &Object) -> Result<(), KfpError> {
    let of_run = text(task, "run_id");
    if !of_run.is_empty() && of_run != run_id {
        return Err("run_id differs from the one in the path".into());
    }
    let parent_id = text(task, "parent_task_id");
    if !parent_id.is_empty() && text(TASK.existing(store, parent_id)?, "run_id") != run_id {
        return Err("the parent task belongs to another run".into());
    }
    Ok(())
}

/// Replaces the task's metric with this name. The metric keeps its creation time.
pub(super) fn log_metric(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let body = Message::named("v2beta1LogMetricRequest").read_body(call.body)?;
    let mut metric = inner(&body, "metric").clone();
    required(&metric, "task_id")?;
    required(&metric, "name")?;
    if !metric.contains_key("value") {
        return Err("value is required".into());
    }
    let key = store.kfp.of(&METRIC).key_of(&metric);
    let held = METRIC.find(store, &key);
    if let Some(created_at) = held.and_then(|held| held.get("created_at")).cloned() {
        set(&mut metric, "created_at", created_at);
    }
    Ok(METRIC.add(store, metric).into())
}

pub(super) fn get_metric(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let (task_id, name) = (path_text(call, "task_id")?, path_text(call, "name")?);
    let metric = METRIC.existing(store, &format!("{task_id}/{name}"))?;
    Ok(json!(metric))
}
