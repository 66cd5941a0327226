//! The queue of batch jobs. Backends read it, claim batch jobs and give them back; drain mode stops it.

use serde_json::{Value, json};

use crate::compute::creation::{USER_ID, calling_id};
use crate::compute::error::ComputeError;
use crate::compute::jobs::{self, is_draining};
use crate::compute::request::Request;
use crate::compute::resources::existing;
use crate::compute::store::id_of;
use crate::compute::{backends, time};
use crate::object::{Object, object, set, text};
use crate::store::Store;

const NONE_WAITS: &str = "No batch job is waiting";

/// Returns the next batch job, or a 422 if none waits: the spec declares no other error.
pub(super) fn peek(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let passed_over = call.body.as_array().map_or(&[][..], Vec::as_slice);
    let next = next(store, call, passed_over)?;
    let next = next.ok_or(NONE_WAITS)?;
    Ok(next.into())
}

/// Claims the batch job for the caller. The caller then runs its jobs, not the sandbox.
pub(super) fn pop(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let next = next(store, call, &[])?;
    let mut batch = next.ok_or_else(|| ComputeError::not_found(NONE_WAITS))?;
    let now = store.clock.now();
    set(&mut batch, "status", "reserved");
    set(&mut batch, "backend_id", calling_id(store, call));
    set(&mut batch, "reserved_at", time::naive(now));
    store.compute.claimed.insert(id_of(&batch));
    store.compute.put("batch_jobs", batch.clone());
    Ok(batch.into())
}

pub(super) fn unpop(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut batch = existing(store, call)?.clone();
    let backend_id = calling_id(store, call);
    if text(&batch, "status") != "reserved" || batch.get("backend_id") != Some(&json!(backend_id)) {
        return Err("Batch job is not reserved by the calling backend".into());
    }
    set(&mut batch, "status", "queued");
    set(&mut batch, "backend_id", Value::Null);
    set(&mut batch, "reserved_at", Value::Null);
    store.compute.claimed.remove(&id_of(&batch));
    store.compute.put("batch_jobs", batch.clone());
    jobs::plan(store, id_of(&batch), store.clock.reading);
    Ok(batch.into())
}

/// Returns the batch job that has waited longest for backends of the caller's type.
fn next(
    store: &Store,
    call: &Request<'_>,
    passed_over: &[Value],
) -> Result<Option<Object>, ComputeError> {
    if is_draining(store) {
        return Ok(None);
    }
    let backend = backends::calling(store, call)?;
    let kind = backend.get("backend_type_id");
    let next = waiting(store)
        .filter(|batch| batch.get("backend_type_id") == kind)
        .filter(|batch| !batch.get("id").is_some_and(|id| passed_over.contains(id)))
        .min_by(|one, other| text(one, "queued_at").cmp(text(other, "queued_at")));
    Ok(next.cloned())
}

fn waiting(store: &Store) -> impl Iterator<Item = &Object> {
    let batches = store.compute.all("batch_jobs").iter();
    batches.filter(|batch| text(batch, "status") == "queued")
}

/// Returns the number of jobs that wait for a backend type, and the time they have waited so far.
pub(super) fn read(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let kind = existing(store, call)?.get("id").cloned();
    let of_user_only = call.parameters.get("user_only") == Some(&json!(true));
    let now = store.clock.reading;
    let mut waits = Vec::new();
    for batch in waiting(store).filter(|batch| batch.get("backend_type_id") == kind.as_ref()) {
        if of_user_only && batch.get("user_id") != Some(&json!(USER_ID)) {
            continue;
        }
        let queued_at = time::parse(text(batch, "queued_at")).unwrap_or(now);
        let waited = (now - queued_at).as_seconds_f64().max(0.0);
        waits.extend(store.compute.jobs_of(batch).iter().map(|_| waited));
    }
    let number = u32::try_from(waits.len()).unwrap_or(u32::MAX);
    // The sum of nothing is -0.0.
    let average = waits.iter().fold(0.0, |sum, wait| sum + wait) / f64::from(number.max(1));
    let shortest = waits.iter().copied().reduce(f64::min);
    let longest = waits.iter().copied().reduce(f64::max);
    Ok(json!({
        "number_of_jobs_in_queue": number,
        "min_wait_time_in_queue_secs": shortest.unwrap_or_default(),
        "avg_wait_time_in_queue_secs": average,
        "max_wait_time_in_queue_secs": longest.unwrap_or_default(),
    }))
}

pub(super) fn set_drain_mode(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut record = object(call.body.clone());
    set(&mut record, "id", 1);
    store.compute.put("drain_mode", record);
    if !is_draining(store) {
        let waiting: Vec<i64> = waiting(store).map(id_of).collect();
        for batch_job in waiting {
            jobs::plan(store, batch_job, store.clock.reading);
        }
    }
    read_drain_mode(store, call)
}

pub(super) fn read_drain_mode(
    store: &mut Store,
    _call: &Request<'_>,
) -> Result<Value, ComputeError> {
    let batches = store.compute.all("batch_jobs").iter();
    let jobs: Vec<Object> = batches
        .filter(|batch| !matches!(text(batch, "status"), "planned" | "finished"))
        .flat_map(|batch| store.compute.jobs_of(batch))
        .collect();
    let in_state = |state: &str| {
        jobs.iter()
            .filter(|job| text(job, "status") == state)
            .count()
    };
    let (enabled, running) = (is_draining(store), in_state("running"));
    Ok(json!({
        "id": 1,
        "enabled": enabled,
        "running_jobs": running,
        "pending_jobs": in_state("planned"),
        "safe_to_deploy": enabled && running == 0,
    }))
}
