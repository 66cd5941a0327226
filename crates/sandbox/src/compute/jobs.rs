//! The life of batch jobs and their jobs. They are enqueued, run one after the other, log lines,
//! produce results, fail or are cancelled.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agenda::Event;
use crate::clock::later;
use crate::compute::resources::{self, existing, parameters};
use crate::compute::{BACKEND_ID, ComputeError, queue, results, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

/// Time that a batch job waits in the queue.
const IN_THE_QUEUE: TimeDelta = TimeDelta::seconds(2);
/// Duration of each part of a running job: three parts that log, then its end.
const PART: TimeDelta = TimeDelta::seconds(1);
const LOGGING_PARTS: usize = 3;

/// A job fails if its source contains this.
const FAILURE: &str = "error";

/// An event of a batch job or a job as time passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Reserve { batch_job: i64 },
    Go { job: i64, part: usize },
}

pub(crate) fn take_step(store: &mut Store, step: &Step, now: DateTime<Utc>) {
    match *step {
        Step::Reserve { batch_job } => reserve(store, batch_job, now),
        Step::Go { job, part } => go(store, job, part, now),
    }
}

pub(super) fn enqueue(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let mut batch = existing(store, call, &parameters)?.clone();
    let state = text(&batch, "status");
    if state != "planned" {
        let message = format!("Batch job is {state}, only a planned one can be enqueued");
        return Err(ComputeError::unprocessable(&message));
    }
    let now = store.clock.now();
    set(&mut batch, "status", "queued");
    set(&mut batch, "queued_at", time::naive(now));
    for mut job in jobs_of(store, &batch) {
        set(&mut job, "queued_at", time::naive(now));
        put(store, "jobs", job);
    }
    put(store, "batch_jobs", batch.clone());
    plan(store, id_of(&batch), now);
    Ok(Reply::ok(batch))
}

/// Plans that the sandbox's own backend claims a waiting batch job after some time.
pub(super) fn plan_reservation(store: &mut Store, batch_job: i64) {
    let now = store.clock.reading();
    plan(store, batch_job, now);
}

fn plan(store: &mut Store, batch_job: i64, now: DateTime<Utc>) {
    let step = Step::Reserve { batch_job };
    store.plan(later(now, IN_THE_QUEUE), Event::Compute(step));
}

/// Ends a batch job if all its jobs have ended.
pub(super) fn finish_batch(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let mut batch = existing(store, call, &parameters)?.clone();
    let jobs = jobs_of(store, &batch);
    if !jobs.iter().all(|job| is_final(text(job, "status"))) {
        let message = "Batch job has jobs that have not ended";
        return Err(ComputeError::unprocessable(message));
    }
    if text(&batch, "status") != "finished" {
        let now = store.clock.now();
        set(&mut batch, "status", "finished");
        set(&mut batch, "finished_at", time::naive(now));
        put(store, "batch_jobs", batch.clone());
    }
    Ok(Reply::ok(batch))
}

/// Changes the fields that the body names. A final state ends the job; no job leaves a final state.
pub(super) fn update(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let before = text(existing(store, call, &parameters)?, "status").to_owned();
    let was_final = is_final(&before);
    let held = existing(store, call, &parameters)?.clone();
    let changed = resources::change(store, call)?;
    let mut job = resources::object(changed.body);
    let state = text(&job, "status").to_owned();
    if was_final && state != before {
        put(store, "jobs", held);
        let message = format!("Job is {before} and stays so");
        return Err(ComputeError::unprocessable(&message));
    }
    if state == "running" {
        begin_claimed(store, &job);
    }
    if is_final(&state) && !was_final {
        let now = store.clock.now();
        end(store, &mut job, &state, now);
    }
    Ok(Reply::ok(job))
}

pub(super) fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let job = existing(store, call, &parameters)?.clone();
    let reply = resources::delete(store, call)?;
    let batch = referred(store, &job, "batch_job_id", "batch_jobs").cloned();
    if let Some(mut batch) = batch {
        if let Some(ids) = batch.get_mut("job_ids").and_then(Value::as_array_mut) {
            ids.retain(|id| Some(id) != job.get("id"));
        }
        put(store, "batch_jobs", batch.clone());
        let now = store.clock.now();
        move_on(store, &batch, now);
    }
    Ok(reply)
}

pub(super) fn allow_creation(store: &Store, sent: &Object) -> Result<(), ComputeError> {
    let Some(batch) = referred(store, sent, "batch_job_id", "batch_jobs") else {
        return Ok(());
    };
    if text(batch, "status") != "planned" {
        return Err(ComputeError::conflict("Batch job is already enqueued"));
    }
    let Some(kind) = referred(store, batch, "backend_type_id", "backend_types") else {
        return Ok(());
    };
    let largest = |name| kind.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
    let jobs = batch
        .get("job_ids")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if u64::try_from(jobs).unwrap_or(u64::MAX) >= largest("max_jobs_per_batch_job") {
        return Err(ComputeError::conflict("Batch job takes no more jobs"));
    }
    let shots = sent.get("number_of_shots").and_then(Value::as_u64);
    let most = largest("max_number_of_shots");
    if shots.is_some_and(|shots| shots > most) {
        let message = format!("number_of_shots is at most {most} on this backend type");
        return Err(ComputeError::unprocessable(&message));
    }
    Ok(())
}

pub(super) fn finish_creation(store: &mut Store, job: &mut Object) {
    let kind = algorithm_of(store, job).map_or("quantum", |algorithm| text(algorithm, "type"));
    let kind = kind.to_owned();
    let Some(mut batch) = referred(store, job, "batch_job_id", "batch_jobs").cloned() else {
        return;
    };
    if let Some(ids) = batch.get_mut("job_ids").and_then(Value::as_array_mut) {
        let is_named = |id: &Value| ids.contains(id);
        ids.extend(job.get("id").filter(|id| !is_named(id)).cloned());
    }
    if kind == "hybrid" {
        set(&mut batch, "aggregated_algorithm_type", "hybrid");
    }
    set(job, "algorithm_type", kind);
    put(store, "batch_jobs", batch);
}

/// Returns the object that a field of another one refers to.
pub(super) fn referred<'a>(
    store: &'a Store,
    object: &Object,
    field: &str,
    name: &str,
) -> Option<&'a Object> {
    store
        .compute
        .resources(name)
        .get(&[&object.get(field)?.to_string()])
}

pub(super) fn algorithm_of<'a>(store: &'a Store, job: &Object) -> Option<&'a Object> {
    let file = referred(store, job, "file_id", "files")?;
    let commit = referred(store, file, "commit_id", "commits")?;
    referred(store, commit, "algorithm_id", "algorithms")
}

fn reserve(store: &mut Store, batch_job: i64, now: DateTime<Utc>) {
    let Some(mut batch) = found(store, "batch_jobs", batch_job) else {
        return;
    };
    if text(&batch, "status") != "queued" || queue::is_draining(store) {
        return;
    }
    set(&mut batch, "status", "running");
    set(&mut batch, "reserved_at", time::naive(now));
    let of_type =
        |backend: &&Object| backend.get("backend_type_id") == batch.get("backend_type_id");
    let backend = store.compute.resources("backends").iter().find(of_type);
    let backend_id = backend.map_or(BACKEND_ID, id_of);
    set(&mut batch, "backend_id", backend_id);
    put(store, "batch_jobs", batch.clone());
    move_on(store, &batch, now);
}

/// Marks a claimed batch job as running as soon as one of its jobs runs.
fn begin_claimed(store: &mut Store, job: &Object) {
    let batch = referred(store, job, "batch_job_id", "batch_jobs").cloned();
    if let Some(mut batch) = batch.filter(|batch| text(batch, "status") == "reserved") {
        set(&mut batch, "status", "running");
        put(store, "batch_jobs", batch);
    }
}

/// Starts the next job of a running batch job, unless one is running. If there is none, the batch job
/// ends. The backend that claimed a batch job controls it instead.
fn move_on(store: &mut Store, batch: &Object, now: DateTime<Utc>) {
    if store.compute.claimed.contains(&id_of(batch)) {
        return;
    }
    let jobs = jobs_of(store, batch);
    let in_state = |state: &str| jobs.iter().find(|job| text(job, "status") == state);
    if text(batch, "status") != "running" || in_state("running").is_some() {
        return;
    }
    match in_state("planned") {
        Some(job) => go(store, id_of(job), 0, now),
        None => {
            let mut batch = batch.clone();
            set(&mut batch, "status", "finished");
            set(&mut batch, "finished_at", time::naive(now));
            put(store, "batch_jobs", batch);
        }
    }
}

/// Runs one part of a job: its start, a part that logs, or its end.
fn go(store: &mut Store, id: i64, part: usize, now: DateTime<Utc>) {
    let Some(mut job) = found(store, "jobs", id) else {
        return;
    };
    let expected = if part == 0 { "planned" } else { "running" };
    if text(&job, "status") != expected {
        return;
    }
    let source = referred(store, &job, "file_id", "files")
        .map_or_else(String::new, |file| text(file, "content").to_owned());
    if part == 0 {
        set(&mut job, "status", "running");
        put(store, "jobs", job);
        let lines = [format!("job {id} started"), "compiling".to_owned()];
        store.compute.logs.add(id, now, lines);
    } else if part <= LOGGING_PARTS {
        log_part(store, id, part, &source, now);
    } else {
        finish(store, job, &source, now);
        return;
    }
    let next = Step::Go {
        job: id,
        part: part + 1,
    };
    store.plan(later(now, PART), Event::Compute(next));
}

/// Logs a part of the lines of the source.
fn log_part(store: &mut Store, id: i64, part: usize, source: &str, now: DateTime<Utc>) {
    let lines: Vec<&str> = source.lines().collect();
    let length = lines.len().div_ceil(LOGGING_PARTS).max(1);
    let of_part = lines.iter().skip((part - 1) * length).take(length);
    let texts = of_part.map(|line| format!("executing {line}"));
    store.compute.logs.add(id, now, texts);
}

fn finish(store: &mut Store, mut job: Object, source: &str, now: DateTime<Utc>) {
    let id = id_of(&job);
    if let Some(message) = failure(source) {
        store
            .compute
            .logs
            .add(id, now, [message.clone(), format!("job {id} failed")]);
        set(&mut job, "message", message);
        set(&mut job, "source", "sandbox");
        end(store, &mut job, "failed", now);
    } else {
        results::add(store, &job, source, now);
        let lines = ["storing results".to_owned(), format!("job {id} completed")];
        store.compute.logs.add(id, now, lines);
        end(store, &mut job, "completed", now);
    }
}

/// Returns the reason why a source fails, if it does.
pub(super) fn failure(source: &str) -> Option<String> {
    let line = source.lines().position(|line| line.contains(FAILURE))?;
    Some(format!("Line {} mentions an error", line + 1))
}

fn end(store: &mut Store, job: &mut Object, state: &str, now: DateTime<Utc>) {
    set(job, "status", state);
    set(job, "finished_at", time::naive(now));
    put(store, "jobs", job.clone());
    let batch = referred(store, job, "batch_job_id", "batch_jobs").cloned();
    if let Some(batch) = batch {
        move_on(store, &batch, now);
    }
}

pub(super) fn jobs_of(store: &Store, batch: &Object) -> Vec<Object> {
    let ids = batch.get("job_ids").and_then(Value::as_array);
    let ids = ids.into_iter().flatten();
    ids.filter_map(|id| found(store, "jobs", id.as_i64()?))
        .collect()
}

fn found(store: &Store, name: &str, id: i64) -> Option<Object> {
    store
        .compute
        .resources(name)
        .get(&[&id.to_string()])
        .cloned()
}

pub(super) fn put(store: &mut Store, name: &'static str, object: Object) {
    store.compute.resources_mut(name).put(object);
}

pub(super) fn set(object: &mut Object, field: &str, value: impl Into<Value>) {
    object.insert(field.to_owned(), value.into());
}

pub(super) fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn id_of(object: &Object) -> i64 {
    object.get("id").and_then(Value::as_i64).unwrap_or_default()
}

fn is_final(state: &str) -> bool {
    matches!(state, "completed" | "cancelled" | "failed")
}
