//! The progress of runs as time passes. Their tasks run one after the other, succeed, fail or are
//! cancelled.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::agenda::{Event, RunStep};
use crate::clock::later;
use crate::kfp::objects::{ROOT, enter, is_final};
use crate::kfp::resource::{RUN, TASK};
use crate::kfp::{package, time};
use crate::object::{Object, inner, object, set, text};
use crate::store::Store;

/// Time that a run is pending, and time it takes to stop.
const WAIT: TimeDelta = TimeDelta::seconds(2);
/// Time between the start of a run and its first task.
const PREPARATION: TimeDelta = TimeDelta::seconds(1);
const TASK_TIME: TimeDelta = TimeDelta::seconds(1);

/// Parameter that makes a run fail: the name of a task, or `true` for the last one.
const FAILURE_PARAMETER: &str = "fail";
/// A task fails if its name contains this.
const FAILURE_NAME: &str = "error";

pub(super) fn plan(store: &mut Store, run_id: &str, step: RunStep, now: DateTime<Utc>) {
    let time = match step {
        RunStep::Begin | RunStep::EndOfCancellation => WAIT,
        RunStep::FirstTask => PREPARATION,
        RunStep::EndOfTask { .. } => TASK_TIME,
    };
    let event = Event::Run {
        run_id: run_id.to_owned(),
        attempt: RUN.find(store, run_id).map_or(0, retries),
        step,
    };
    store.plan(later(now, time), event);
}

/// Returns the number of retries: a run is pending at the beginning of each attempt.
fn retries(run: &Object) -> usize {
    let history = run.get("state_history").and_then(Value::as_array);
    let entries = history.into_iter().flatten();
    let pending = entries.filter(|entry| entry["state"] == "PENDING");
    pending.count().saturating_sub(1)
}

pub(crate) fn take_step(
    store: &mut Store,
    run_id: &str,
    attempt: usize,
    step: &RunStep,
    now: DateTime<Utc>,
) {
    let Some(mut run) = RUN.find(store, run_id).cloned() else {
        return;
    };
    if attempt != retries(&run) || is_final(&run) {
        return;
    }
    let canceling = text(&run, "state") == "CANCELING";
    match step {
        RunStep::EndOfCancellation => {
            finish(store, run, "CANCELED", Some("The run was terminated"), now);
        }
        _ if canceling => {}
        RunStep::Begin => {
            enter(&mut run, "RUNNING", now);
            RUN.put(store, run);
            plan(store, run_id, RunStep::FirstTask, now);
        }
        RunStep::FirstTask => begin(store, run, now),
        RunStep::EndOfTask { task_id } => end_task(store, run, task_id, now),
    }
}

fn begin(store: &mut Store, run: Object, now: DateTime<Utc>) {
    match root_of(store, &run).and_then(|id| TASK.find_mut(store, &id)) {
        Some(root) => {
            enter(root, "RUNNING", now);
            root.remove("end_time");
        }
        None => drop(add_task(store, &run, ROOT, None, now)),
    }
    go_on(store, run, now);
}

/// Starts the next task that has not succeeded yet. If there is none, the run succeeds.
fn go_on(store: &mut Store, run: Object, now: DateTime<Utc>) {
    let names = package::tasks(run.get("pipeline_spec").unwrap_or(&Value::Null));
    let has_succeeded = |name: &String| {
        tasks_of(store, &run)
            .iter()
            .any(|task| text(task, "name") == name && text(task, "state") == "SUCCEEDED")
    };
    match names.iter().find(|name| !has_succeeded(name)) {
        Some(name) => {
            let root_id = root_of(store, &run);
            let task = add_task(store, &run, name, root_id, now);
            let task_id = text(&task, "task_id").to_owned();
            let end = RunStep::EndOfTask { task_id };
            plan(store, text(&run, "run_id"), end, now);
        }
        None => finish(store, run, "SUCCEEDED", None, now),
    }
}

fn end_task(store: &mut Store, run: Object, task_id: &str, now: DateTime<Utc>) {
    let Some(task) = TASK.find(store, task_id).cloned() else {
        return;
    };
    let name = text(&task, "name").to_owned();
    if fails(&run, &name) {
        let message = format!("Task {name} failed");
        end(store, task, "FAILED", Some(&message), now);
        finish(store, run, "FAILED", Some(&message), now);
        return;
    }
    end(store, task, "SUCCEEDED", None, now);
    go_on(store, run, now);
}

/// Ends a run and its running tasks.
pub(super) fn finish(
    store: &mut Store,
    mut run: Object,
    state: &str,
    message: Option<&str>,
    now: DateTime<Utc>,
) {
    let task_state = if state == "SUCCEEDED" {
        state
    } else {
        "FAILED"
    };
    for task in tasks_of(store, &run) {
        if text(&task, "state") == "RUNNING" {
            end(store, task, task_state, message, now);
        }
    }
    set(&mut run, "finished_at", time::created_at(now));
    if let Some(message) = message.filter(|_| state == "FAILED") {
        set(&mut run, "error", json!({ "code": 13, "message": message }));
    }
    enter(&mut run, state, now);
    let recurring_run_id = text(&run, "recurring_run_id").to_owned();
    RUN.put(store, run);
    store.plan(now, Event::RecurringRun(recurring_run_id));
}

fn end(
    store: &mut Store,
    mut task: Object,
    state: &str,
    message: Option<&str>,
    now: DateTime<Utc>,
) {
    enter(&mut task, state, now);
    set(&mut task, "end_time", time::created_at(now));
    if let Some(message) = message {
        set(&mut task, "status_metadata", json!({ "message": message }));
    }
    TASK.put(store, task);
}

/// Returns whether a task fails. A retried run does not fail again.
fn fails(run: &Object, task: &str) -> bool {
    if retries(run) > 0 {
        return false;
    }
    let parameters = inner(inner(run, "runtime_config"), "parameters");
    let names = package::tasks(run.get("pipeline_spec").unwrap_or(&Value::Null));
    let is_last = names.last().is_some_and(|last| last == task);
    match parameters.get(FAILURE_PARAMETER) {
        Some(Value::Bool(true)) if is_last => true,
        Some(Value::String(name)) if name == task || (name == "true" && is_last) => true,
        _ => task.contains(FAILURE_NAME),
    }
}

fn tasks_of(store: &Store, run: &Object) -> Vec<Object> {
    let of_run = TASK.all_with(&store.kfp, "run_id", text(run, "run_id"));
    of_run.cloned().collect()
}

fn root_of(store: &Store, run: &Object) -> Option<String> {
    let mut tasks = TASK.all_with(&store.kfp, "run_id", text(run, "run_id"));
    let root = tasks.find(|task| text(task, "type") == "ROOT");
    root.map(|root| text(root, "task_id").to_owned())
}

fn add_task(
    store: &mut Store,
    run: &Object,
    name: &str,
    parent: Option<String>,
    now: DateTime<Utc>,
) -> Object {
    let (kind, path) = match parent {
        None => ("ROOT", name.to_owned()),
        Some(_) => ("RUNTIME", format!("{ROOT}.{name}")),
    };
    let mut task = object(json!({
        "task_id": store.uuids.next(),
        "run_id": text(run, "run_id"),
        "name": name,
        "display_name": name,
        "type": kind,
        "create_time": time::created_at(now),
        "scope_path": path,
    }));
    if let Some(parent) = parent {
        set(&mut task, "parent_task_id", parent);
    }
    enter(&mut task, "RUNNING", now);
    TASK.put(store, task.clone());
    task
}
