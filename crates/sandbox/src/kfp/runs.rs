use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::agenda::RunStep;
use crate::kfp::error::KfpError;
use crate::kfp::objects::{enter, namespace_required};
use crate::kfp::resource::{EXPERIMENT, PIPELINE, PIPELINE_VERSION, RUN};
use crate::kfp::shown::shown;
use crate::kfp::{execution, experiments, package, time};
use crate::object::{Object, inner, set, text};
use crate::operation::Call;
use crate::store::Store;

/// Default service account of runs.
const SERVICE_ACCOUNT: &str = "pipeline-runner";

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let run = RUN.read(call)?;
    if run.contains_key("plugins_output") {
        let refusal = KfpError::invalid_input("plugins_output is set by the server");
        return Err(refusal.conflict("plugins_output cannot be set".to_owned()));
    }
    let run = checked(store, run)?;
    if RUN.find(store, text(&run, "run_id")).is_some() {
        return Err(KfpError::duplicate("run_id"));
    }
    let now = store.clock.now();
    let run = start(store, run, now, now);
    Ok(shown(store, &RUN, &run).into())
}

/// Checks a run or a recurring run, and fills in the fields that are left to the server.
pub(super) fn checked(store: &Store, mut run: Object) -> Result<Object, KfpError> {
    if text(&run, "display_name").is_empty() {
        return Err(KfpError::invalid_input("the run has no name").internal());
    }
    let experiment_id = text(&run, "experiment_id");
    if !experiment_id.is_empty() {
        EXPERIMENT.existing(store, experiment_id)?;
    } else if store.kfp.multi_user {
        return Err(namespace_required());
    } else if let Some(default) = experiments::default_id(store) {
        set(&mut run, "experiment_id", default);
    }
    // Of a recurring run without a version the pipeline is looked at by another part of the server.
    let reference = run.get("pipeline_version_reference");
    let has_version = reference.is_none_or(|held| held.get("pipeline_version_id").is_some());
    let is_internal = has_version || !run.contains_key("trigger");
    let refuse = |error: KfpError| if is_internal { error.internal() } else { error };
    match referred(store, &run).map_err(refuse)? {
        Some((reference, spec)) => {
            set(&mut run, "pipeline_version_reference", reference);
            run.remove("pipeline_version_id");
            run.remove("pipeline_spec");
            if let Some(spec) = spec {
                set(&mut run, "pipeline_spec", spec);
            }
        }
        None => {
            let spec = run.get("pipeline_spec").cloned().unwrap_or_default();
            package::check(&spec).map_err(|reason| KfpError::malformed(reason).internal())?;
        }
    }
    if let Some(spec) = run.get("pipeline_spec") {
        let parameters = inner(inner(&run, "runtime_config"), "parameters");
        package::check_parameters(spec, parameters)?;
    }
    if inner(&run, "runtime_config").is_empty() {
        run.remove("runtime_config");
    }
    run.entry("service_account")
        .or_insert_with(|| json!(SERVICE_ACCOUNT));
    Ok(run)
}

/// Returns the pipeline version of a run, and its spec. It is the newest version if the run names only
/// a pipeline.
fn referred(store: &Store, run: &Object) -> Result<Option<(Value, Option<Value>)>, KfpError> {
    let reference = inner(run, "pipeline_version_reference");
    let pipeline_id = text(reference, "pipeline_id");
    let version_id = match text(reference, "pipeline_version_id") {
        "" => text(run, "pipeline_version_id"),
        id => id,
    };
    let version = if !version_id.is_empty() {
        PIPELINE_VERSION.existing(store, version_id)?
    } else if !pipeline_id.is_empty() {
        PIPELINE.existing(store, pipeline_id)?;
        let versions = PIPELINE_VERSION.all_with(&store.kfp, "pipeline_id", pipeline_id);
        // Of several made in one second the server takes the first.
        let versions: Vec<&Object> = versions.collect();
        let newest = versions.into_iter().rev();
        let newest = newest.max_by_key(|version| time::parse(text(version, "created_at")));
        newest.ok_or_else(|| KfpError::not_found("A version of pipeline", pipeline_id))?
    } else if run.contains_key("pipeline_spec") {
        return Ok(None);
    } else {
        return Err("the run has no pipeline".into());
    };
    if !pipeline_id.is_empty() && text(version, "pipeline_id") != pipeline_id {
        return Err(
            format!("version {version_id} does not belong to pipeline {pipeline_id}").into(),
        );
    }
    let id = |field| text(version, field).to_owned();
    let reference = json!({
        "pipeline_id": id("pipeline_id"),
        "pipeline_version_id": id("pipeline_version_id"),
    });
    Ok(Some((reference, version.get("pipeline_spec").cloned())))
}

/// Starts a run that was due earlier, or is due now.
pub(super) fn start(
    store: &mut Store,
    mut run: Object,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Object {
    let created_at = time::created_at(now);
    set(&mut run, "created_at", created_at.as_str());
    set(&mut run, "scheduled_at", time::created_at(due));
    set(&mut run, "finished_at", time::UNSET);
    set(&mut run, "storage_state", "AVAILABLE");
    if let Some(experiment) = EXPERIMENT.find_mut(store, text(&run, "experiment_id")) {
        set(experiment, "last_run_created_at", created_at);
    }
    enter(&mut run, "PENDING", now);
    let run = RUN.add(store, run);
    execution::plan(store, text(&run, "run_id"), RunStep::Begin, now);
    run
}

/// Terminates a run. The history of a run records what happened to it, not what was requested.
pub(super) fn terminate(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let mut run = RUN.in_path(store, call)?;
    if !matches!(text(&run, "state"), "PENDING" | "RUNNING") {
        return Err(unfit(
            &run,
            "only a pending or running run can be terminated",
        ));
    }
    let now = store.clock.now();
    set(&mut run, "state", "CANCELING");
    RUN.put(store, run.clone());
    let end = RunStep::EndOfCancellation;
    execution::plan(store, text(&run, "run_id"), end, now);
    Ok(json!({}))
}

pub(super) fn retry(store: &mut Store, call: &Call<'_>) -> Result<Value, KfpError> {
    let mut run = RUN.in_path(store, call)?;
    if !matches!(text(&run, "state"), "FAILED" | "CANCELED") {
        let reason = "only a failed or terminated run can be retried";
        return Err(unfit(&run, reason).internal());
    }
    let now = store.clock.now();
    run.remove("error");
    set(&mut run, "finished_at", time::UNSET);
    enter(&mut run, "PENDING", now);
    RUN.put(store, run.clone());
    let run_id = text(&run, "run_id");
    execution::plan(store, run_id, RunStep::Begin, now);
    Ok(json!({}))
}

fn unfit(run: &Object, reason: &str) -> KfpError {
    let state = text(run, "state");
    KfpError::invalid_input(format!("the run is {state}: {reason}"))
}

pub(super) fn archive_all_of(store: &mut Store, experiment_id: &str) {
    let runs = store.kfp.of_mut(&RUN).iter_mut();
    for run in runs.filter(|run| text(run, "experiment_id") == experiment_id) {
        set(run, "storage_state", "ARCHIVED");
    }
}
