//! The results of jobs, and access to them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::clock::later;
use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::{self, named_schema};
use crate::compute::time;
use crate::object::{Object, object, text};
use crate::store::Store;

/// Maximum width of a result, whatever a source declares.
const MOST_BITS: usize = 256;

/// Adds one result for a quantum job. For a hybrid job, adds one for each line of the source, and a
/// final result that counts them.
pub(super) fn add(store: &mut Store, job: &Object, source: &str, now: DateTime<Utc>) {
    let hybrid = text(job, "algorithm_type") == "hybrid";
    let number = if hybrid { source.lines().count() } else { 1 };
    let batch = store.compute.batch_of(job);
    let kind = batch.and_then(|batch| store.compute.type_of(&batch));
    let of_kind = |name| kind.and_then(|kind| kind.get(name)).and_then(Value::as_u64);
    let default_shots = of_kind("default_number_of_shots").unwrap_or(1024);
    let qubits = of_kind("nqubits").and_then(|qubits| usize::try_from(qubits).ok());
    let bits = measured_bits(source).or(qubits).unwrap_or(2);
    let asked_for = job.get("number_of_shots").and_then(Value::as_u64);
    let shots = asked_for.unwrap_or(default_shots);
    let (low, high) = ("0".repeat(bits), "1".repeat(bits));
    for index in 0..number {
        let lows = shots / 2;
        let raw_data = (job.get("raw_data_enabled") == Some(&json!(true))).then(|| {
            (0..shots)
                .map(|shot| if shot < lows { &low } else { &high })
                .collect::<Vec<_>>()
        });
        let apart = TimeDelta::milliseconds(i64::try_from(index).unwrap_or_default());
        let at = later(now, apart);
        let result = json!({
            "created_on": time::naive(at),
            "job_id": job.get("id"),
            "execution_time_in_seconds": 0.25,
            "shots_requested": shots,
            "shots_done": shots,
            "results": { low.as_str(): lows, high.as_str(): shots - lows },
            "raw_data": raw_data,
        });
        resources::add(store, "results", named_schema("Result"), object(result));
    }
    if hybrid {
        let result = json!({
            "created_on": time::naive(now),
            "job_id": job.get("id"),
            "final_result": { "iterations": number },
        });
        let schema = named_schema("FinalResult");
        resources::add(store, "final_results", schema, object(result));
    }
}

/// Returns the size of a circuit's bit registers, which its measurements fill, or else the size of its
/// qubit registers.
fn measured_bits(source: &str) -> Option<usize> {
    let statements = || {
        let lines = source
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        lines.flat_map(|line| line.split(';')).map(str::trim)
    };
    let declared = |register: &str| {
        let sizes = statements().filter_map(|statement| size(statement.strip_prefix(register)?));
        sizes.reduce(usize::saturating_add)
    };
    let declared = ["bit", "qubits", "qubit"].into_iter().find_map(declared);
    declared.map(|bits| bits.clamp(1, MOST_BITS))
}

/// Parses the size after the kind of a register: `[2] b`, ` b`, or ` 2` in cQASM 1.
fn size(declared: &str) -> Option<usize> {
    let digits = |text: &str| text.trim().parse().ok();
    if let Some(inside) = declared.trim_start().strip_prefix('[') {
        return digits(inside.split_once(']')?.0);
    }
    let name = declared.strip_prefix(char::is_whitespace)?;
    Some(digits(name).unwrap_or(1))
}

/// Returns the newest final result, or a 404 if the job has none.
pub(super) fn final_of_job(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let job_id = call.parameters.get("job_id");
    let of_job = |result: &&Object| result.get("job_id") == job_id;
    let results = store.compute.all("final_results");
    let newest = results.iter().rfind(of_job);
    let newest = newest.ok_or_else(|| ComputeError::not_found("Final result not found"))?;
    Ok(newest.clone().into())
}

pub(super) fn of_algorithm(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let algorithm_id = call.parameters.get("algorithm_id");
    resources::check_parent(store, call)?;
    let of_algorithm = |result: &&Object| {
        let job = store.compute.referred(result, "job_id", "jobs");
        job.and_then(|job| store.compute.algorithm_of(job))
            .is_some_and(|algorithm| algorithm.get("id") == algorithm_id)
    };
    let results = store.compute.all("results").iter();
    let results = results
        .filter(of_algorithm)
        .filter(|result| resources::is_wanted(result, &call.parameters))
        .collect();
    resources::page(call, results)
}
