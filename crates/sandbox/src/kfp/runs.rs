use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::kfp::artifacts::text;
use crate::kfp::resources::{EXPERIMENT, PIPELINE, PIPELINE_VERSION, RUN, required, set, without};
use crate::kfp::{KfpError, execution, experiments, messages, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

const BY_THE_SERVER: &[&str] = &[
    "run_id",
    "storage_state",
    "created_at",
    "scheduled_at",
    "finished_at",
    "state",
    "error",
    "run_details",
    "recurring_run_id",
    "state_history",
    "pipeline_reference",
    "task_count",
    "tasks",
];

pub(super) fn create(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let body = messages::named("v2beta1Run").read_body(call.body)?;
    let run = checked(store, without(body, BY_THE_SERVER))
        .map_err(|error| error.while_attempting("Failed to create a new run"))?;
    let run = in_experiment(store, run);
    let now = store.clock.now();
    Ok(Reply::ok(start(store, run, now, now)))
}

pub(super) fn checked(store: &Store, mut run: Object) -> Result<Object, KfpError> {
    required(&run, "display_name")?;
    if run.contains_key("plugins_output") {
        return Err(KfpError::invalid_input(
            "plugins_output is set by the server",
        ));
    }
    let experiment_id = text(&run, "experiment_id");
    if !experiment_id.is_empty() {
        let experiment = EXPERIMENT.existing(store, experiment_id)?;
        if text(experiment, "storage_state") == "ARCHIVED" {
            let message = format!("Experiment {experiment_id} is archived");
            return Err(KfpError::failed_precondition(message));
        }
    }
    let sources = [
        "pipeline_version_reference",
        "pipeline_version_id",
        "pipeline_spec",
    ];
    let given = sources
        .iter()
        .filter(|source| run.contains_key(**source))
        .count();
    if given != 1 {
        return Err(KfpError::invalid_input(
            "a run needs exactly one pipeline source: pipeline_version_reference or pipeline_spec",
        ));
    }
    if let Some((pipeline_id, version_id)) = referred(store, &run)? {
        let reference = json!({ "pipeline_id": pipeline_id, "pipeline_version_id": version_id });
        set(&mut run, "pipeline_reference", reference.clone());
        run.remove("pipeline_version_id");
        set(&mut run, "pipeline_version_reference", reference);
    }
    Ok(run)
}

/// The pipeline version that a run is to execute; the newest one if it names a pipeline only.
fn referred(store: &Store, run: &Object) -> Result<Option<(String, String)>, KfpError> {
    let reference = run
        .get("pipeline_version_reference")
        .and_then(Value::as_object);
    let part = |name| reference.map_or("", |reference| text(reference, name));
    let pipeline_id = part("pipeline_id");
    let version_id = match part("pipeline_version_id") {
        "" => text(run, "pipeline_version_id"),
        id => id,
    };
    if reference.is_none() && version_id.is_empty() {
        return Ok(None);
    }
    let version = if version_id.is_empty() {
        PIPELINE.existing(store, pipeline_id)?;
        let of_pipeline = |version: &&Object| text(version, "pipeline_id") == pipeline_id;
        let newest = PIPELINE_VERSION.all(&store.kfp).filter(of_pipeline).last();
        newest
            .ok_or_else(|| KfpError::not_found(format!("Pipeline {pipeline_id} has no version")))?
    } else {
        PIPELINE_VERSION.existing(store, version_id)?
    };
    let of_another = !pipeline_id.is_empty() && text(version, "pipeline_id") != pipeline_id;
    if of_another {
        let message = format!("PipelineVersion {version_id} is not one of pipeline {pipeline_id}");
        return Err(KfpError::invalid_input(message));
    }
    let id = |field| text(version, field).to_owned();
    Ok(Some((id("pipeline_id"), id("pipeline_version_id"))))
}

/// Puts what has no experiment into the default one.
pub(super) fn in_experiment(store: &mut Store, mut object: Object) -> Object {
    if text(&object, "experiment_id").is_empty() {
        let id = experiments::default_id(store);
        set(&mut object, "experiment_id", id);
    }
    object
}

/// Starts a run that was due earlier, or is due now.
pub(super) fn start(
    store: &mut Store,
    mut run: Object,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Object {
    let created_at = time::created_at(now);
    set(&mut run, "run_id", store.uuids.next());
    set(&mut run, "created_at", created_at.as_str());
    set(&mut run, "scheduled_at", time::created_at(due));
    set(&mut run, "finished_at", time::UNSET);
    set(&mut run, "storage_state", "AVAILABLE");
    if let Some(mut experiment) = EXPERIMENT.find(store, text(&run, "experiment_id")).cloned() {
        set(&mut experiment, "last_run_created_at", created_at);
        EXPERIMENT.put(store, experiment);
    }
    enter(&mut run, "PENDING", now);
    RUN.put(store, run.clone());
    execution::plan_start(store, text(&run, "run_id"), now);
    run
}

pub(super) fn terminate(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let refuse = |error: KfpError| error.while_attempting("Failed to terminate a run");
    let mut run = RUN.in_path(store, call).map_err(refuse)?;
    if is_final(&run) {
        return Err(refuse(unfit(&run, "it is not under way")));
    }
    let now = store.clock.now();
    if text(&run, "state") != "CANCELING" {
        enter(&mut run, "CANCELING", now);
        RUN.put(store, run.clone());
        execution::plan_cancellation(store, text(&run, "run_id"), now);
    }
    Ok(Reply::ok(json!({})))
}

pub(super) fn retry(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let refuse = |error: KfpError| error.while_attempting("Failed to retry a run");
    let mut run = RUN.in_path(store, call).map_err(refuse)?;
    if !matches!(text(&run, "state"), "FAILED" | "CANCELED") {
        let reason = "only a failed or terminated run can be retried";
        return Err(refuse(unfit(&run, reason)));
    }
    let now = store.clock.now();
    run.remove("error");
    set(&mut run, "finished_at", time::UNSET);
    enter(&mut run, "PENDING", now);
    RUN.put(store, run.clone());
    execution::plan_retry(store, text(&run, "run_id"), now);
    Ok(Reply::ok(json!({})))
}

fn unfit(run: &Object, reason: &str) -> KfpError {
    KfpError::failed_precondition(format!(
        "Run {} is {}: {reason}",
        text(run, "run_id"),
        text(run, "state")
    ))
}

/// Archives the runs of an experiment.
pub(super) fn archive_all_of(store: &mut Store, experiment_id: &str) {
    let of_experiment = |run: &&Object| text(run, "experiment_id") == experiment_id;
    let runs: Vec<Object> = RUN.all(&store.kfp).filter(of_experiment).cloned().collect();
    for mut run in runs {
        set(&mut run, "storage_state", "ARCHIVED");
        RUN.put(store, run);
    }
}

/// Puts a run or a task into a state, and into its history.
pub(super) fn enter(object: &mut Object, state: &str, now: DateTime<Utc>) {
    set(object, "state", state);
    let history = object.entry("state_history").or_insert_with(|| json!([]));
    if let Some(history) = history.as_array_mut() {
        history.push(json!({ "update_time": time::text(now), "state": state }));
    }
}

pub(super) fn is_final(run: &Object) -> bool {
    let state = text(run, "state");
    matches!(state, "SUCCEEDED" | "SKIPPED" | "FAILED" | "CANCELED")
}
