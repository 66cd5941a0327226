//! The creation of objects: what paths and schemas do not express.

use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::store::{BACKEND_ID, BACKEND_KEY, id_of};
use crate::compute::time;
use crate::object::{Object, set, text};
use crate::store::Store;

/// Id of the user that the user token belongs to.
pub(super) const USER_ID: i64 = 1;

/// Checks the conditions for creating a resource, beyond the schema of its body, and sets the fields that
/// the body leaves to the server.
pub(super) fn allow_creation(
    name: &str,
    store: &Store,
    call: &Request<'_>,
    sent: &mut Object,
) -> Result<(), ComputeError> {
    match name {
        "jobs" => allow_job(store, sent),
        "reservations" => allow_reservation(sent),
        "metadata" if sent.get("backend_id").is_none_or(Value::is_null) => {
            set(sent, "backend_id", calling_id(store, call));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Sets the fields of a new object that only the server knows, and applies the consequences.
pub(super) fn finish_creation(name: &str, store: &mut Store, created: &mut Object) {
    match name {
        "jobs" => finish_job(store, created),
        "backends" if created.contains_key(BACKEND_KEY) => {
            let key = store.uuids.next().replace('-', "");
            set(created, BACKEND_KEY, key);
            set(created, "hostname", "");
        }
        "reservations" => {
            let backend = store.compute.backend_for(created);
            let id = backend.and_then(|backend| backend.get("id")).cloned();
            set(created, "backend_id", id.unwrap_or_default());
        }
        "batch_jobs" => {
            set(created, "user_id", USER_ID);
            set(created, "aggregated_algorithm_type", "quantum");
        }
        "commits" => {
            let hash = store.uuids.next().replace('-', "");
            set(created, "hash", hash);
        }
        _ => {}
    }
}

/// Returns the id of the backend that a request comes from.
pub(super) fn calling_id(store: &Store, call: &Request<'_>) -> i64 {
    let key = call.headers.get(AUTHORIZATION);
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
    store.compute.backend_of_key(key).map_or(BACKEND_ID, id_of)
}

fn allow_job(store: &Store, sent: &Object) -> Result<(), ComputeError> {
    let Some(batch) = store.compute.batch_of(sent) else {
        return Ok(());
    };
    if text(&batch, "status") != "planned" {
        return Err(ComputeError::conflict("Batch job is already enqueued"));
    }
    let Some(kind) = store.compute.type_of(&batch) else {
        return Ok(());
    };
    let largest = |name| kind.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
    let jobs = batch.get("job_ids").and_then(Value::as_array);
    let jobs = jobs.map_or(0, Vec::len);
    if u64::try_from(jobs).unwrap_or(u64::MAX) >= largest("max_jobs_per_batch_job") {
        return Err(ComputeError::conflict("Batch job is full"));
    }
    let shots = sent.get("number_of_shots").and_then(Value::as_u64);
    let most = largest("max_number_of_shots");
    if shots.is_some_and(|shots| shots > most) {
        return Err(format!("number_of_shots is at most {most} on this backend type").into());
    }
    Ok(())
}

fn finish_job(store: &mut Store, job: &mut Object) {
    let algorithm = store.compute.algorithm_of(job);
    let kind = algorithm.map_or("quantum", |algorithm| text(algorithm, "type"));
    let kind = kind.to_owned();
    let Some(mut batch) = store.compute.batch_of(job) else {
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
    store.compute.put("batch_jobs", batch);
}

fn allow_reservation(sent: &Object) -> Result<(), ComputeError> {
    if time::parse(text(sent, "start_time")) < time::parse(text(sent, "end_time")) {
        return Ok(());
    }
    Err("end_time must be later than start_time".into())
}
