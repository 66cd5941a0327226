//! The life of batch jobs and their jobs. They are enqueued, run one after the other, log lines,
//! produce results, fail or are cancelled.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::agenda::Event;
use crate::clock::later;
use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::{self, existing};
use crate::compute::store::{BACKEND_ID, id_of};
use crate::compute::{results, time};
use crate::object::{Object, object, set, text};
use crate::store::Store;

/// Time that a batch job waits in the queue.
const IN_THE_QUEUE: TimeDelta = TimeDelta::seconds(2);
/// Duration of each part of a running job: three parts that log, then its end.
const PART: TimeDelta = TimeDelta::seconds(1);
const LOGGING_PARTS: usize = 3;

/// A job fails if its source contains this.
const FAILURE: &str = "error";

pub(super) fn enqueue(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut batch = existing(store, call)?.clone();
    let state = text(&batch, "status");
    if state != "planned" {
        return Err(format!("Batch job is {state}, only a planned one can be enqueued").into());
    }
    let now = store.clock.now();
    set(&mut batch, "status", "queued");
    set(&mut batch, "queued_at", time::naive(now));
    for mut job in store.compute.jobs_of(&batch) {
        set(&mut job, "queued_at", time::naive(now));
        store.compute.put("jobs", job);
    }
    store.compute.put("batch_jobs", batch.clone());
    plan(store, id_of(&batch), now);
    Ok(batch.into())
}

/// Plans that the sandbox's own backend claims a waiting batch job after some time.
pub(super) fn plan(store: &mut Store, batch_job: i64, now: DateTime<Utc>) {
    store.plan(later(now, IN_THE_QUEUE), Event::BatchJob(batch_job));
}

/// Ends a batch job if all its jobs have ended.
pub(super) fn finish_batch(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut batch = existing(store, call)?.clone();
    let jobs = store.compute.jobs_of(&batch);
    if !jobs.iter().all(|job| is_final(text(job, "status"))) {
        return Err("Batch job has jobs that have not ended".into());
    }
    if text(&batch, "status") != "finished" {
        let now = store.clock.now();
        set(&mut batch, "status", "finished");
        set(&mut batch, "finished_at", time::naive(now));
        store.compute.put("batch_jobs", batch.clone());
    }
    Ok(batch.into())
}

/// Changes the fields that the body names. A final state ends the job; no job leaves a final state.
pub(super) fn update(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let held = existing(store, call)?.clone();
    let before = text(&held, "status").to_owned();
    let was_final = is_final(&before);
    let changed = resources::apply(store, call, held.clone())?;
    let mut job = object(changed);
    let state = text(&job, "status").to_owned();
    if was_final && state != before {
        store.compute.put("jobs", held);
        return Err(format!("Job is {before}, which is final").into());
    }
    // A claimed batch job runs as soon as one of its jobs does.
    let batch = store.compute.batch_of(&job).filter(|_| state == "running");
    if let Some(mut batch) = batch.filter(|batch| text(batch, "status") == "reserved") {
        set(&mut batch, "status", "running");
        store.compute.put("batch_jobs", batch);
    }
    if is_final(&state) && !was_final {
        let now = store.clock.now();
        end(store, &mut job, &state, now);
    }
    Ok(job.into())
}

pub(super) fn delete(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let job = existing(store, call)?.clone();
    let reply = resources::delete(store, call)?;
    if let Some(mut batch) = store.compute.batch_of(&job) {
        if let Some(ids) = batch.get_mut("job_ids").and_then(Value::as_array_mut) {
            ids.retain(|id| Some(id) != job.get("id"));
        }
        store.compute.put("batch_jobs", batch.clone());
        let now = store.clock.now();
        move_on(store, &batch, now);
    }
    Ok(reply)
}

/// Claims a waiting batch job for the sandbox's own backend.
pub(crate) fn reserve(store: &mut Store, batch_job: i64, now: DateTime<Utc>) {
    let Some(mut batch) = store.compute.find("batch_jobs", batch_job).cloned() else {
        return;
    };
    if text(&batch, "status") != "queued" || is_draining(store) {
        return;
    }
    set(&mut batch, "status", "running");
    set(&mut batch, "reserved_at", time::naive(now));
    let backend_id = store.compute.backend_for(&batch).map_or(BACKEND_ID, id_of);
    set(&mut batch, "backend_id", backend_id);
    store.compute.put("batch_jobs", batch.clone());
    move_on(store, &batch, now);
}

/// Starts the next job of a running batch job, unless one is running. If there is none, the batch job
/// ends. The backend that claimed a batch job controls it instead.
fn move_on(store: &mut Store, batch: &Object, now: DateTime<Utc>) {
    if store.compute.claimed.contains(&id_of(batch)) {
        return;
    }
    let jobs = store.compute.jobs_of(batch);
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
            store.compute.put("batch_jobs", batch);
        }
    }
}

/// Runs one part of a job: its start, a part that logs, or its end.
pub(crate) fn go(store: &mut Store, id: i64, part: usize, now: DateTime<Utc>) {
    let Some(mut job) = store.compute.find("jobs", id).cloned() else {
        return;
    };
    let expected = if part == 0 { "planned" } else { "running" };
    if text(&job, "status") != expected {
        return;
    }
    let source = store
        .compute
        .referred(&job, "file_id", "files")
        .map_or_else(String::new, |file| text(file, "content").to_owned());
    let lines = match part {
        0 => {
            set(&mut job, "status", "running");
            store.compute.put("jobs", job);
            vec![format!("job {id} started"), "compiling".to_owned()]
        }
        1..=LOGGING_PARTS => executed(&source, part),
        _ => return finish(store, job, &source, now),
    };
    store.compute.log(id, now, lines);
    store.plan(later(now, PART), Event::Job(id, part + 1));
}

/// Returns the lines that a part logs: its share of the lines of the source.
fn executed(source: &str, part: usize) -> Vec<String> {
    let lines: Vec<&str> = source.lines().collect();
    let length = lines.len().div_ceil(LOGGING_PARTS).max(1);
    let of_part = lines.iter().skip((part - 1) * length).take(length);
    of_part.map(|line| format!("executing {line}")).collect()
}

fn finish(store: &mut Store, mut job: Object, source: &str, now: DateTime<Utc>) {
    let id = id_of(&job);
    let (state, message) = match failure(source) {
        Some(message) => {
            set(&mut job, "message", message.as_str());
            set(&mut job, "source", "sandbox");
            ("failed", message)
        }
        None => {
            results::add(store, &job, source, now);
            ("completed", "storing results".to_owned())
        }
    };
    let lines = [message, format!("job {id} {state}")];
    store.compute.log(id, now, lines);
    end(store, &mut job, state, now);
}

pub(super) fn failure(source: &str) -> Option<String> {
    let line = source.lines().position(|line| line.contains(FAILURE))?;
    Some(format!("Line {} mentions an error", line + 1))
}

fn end(store: &mut Store, job: &mut Object, state: &str, now: DateTime<Utc>) {
    set(job, "status", state);
    set(job, "finished_at", time::naive(now));
    store.compute.put("jobs", job.clone());
    if let Some(batch) = store.compute.batch_of(job) {
        move_on(store, &batch, now);
    }
}

/// Returns whether drain mode is on. Then batch jobs stay in the queue.
pub(super) fn is_draining(store: &Store) -> bool {
    let record = store.compute.all("drain_mode").iter().next();
    record.is_some_and(|record| record.get("enabled") == Some(&json!(true)))
}

fn is_final(state: &str) -> bool {
    matches!(state, "completed" | "cancelled" | "failed")
}

/// Returns a page of the lines from `start` to `end`, inclusive. `next_start` is the timestamp of the
/// first line that was left out.
pub(super) fn read_log(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let job = existing(store, call)?;
    let id = job.get("id").and_then(Value::as_i64).unwrap_or_default();
    let number = |name| call.parameters.get(name).and_then(Value::as_i64);
    let (start, end) = (
        number("start").unwrap_or(i64::MIN),
        number("end").unwrap_or(i64::MAX),
    );
    if start > end {
        return Err(ComputeError::bad_request("start is after end"));
    }
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok());
    let mut wanted = store
        .compute
        .log_of(id)
        .filter(|line| (start..=end).contains(&line.timestamp));
    let page: Vec<Value> = wanted
        .by_ref()
        .take(limit.unwrap_or(100))
        .map(|line| json!({ "timestamp": line.timestamp, "line": line.text }))
        .collect();
    let next_start = wanted.next().map(|line| line.timestamp);
    Ok(json!({ "logs": page, "next_start": next_start }))
}
