//! The data that a sandbox starts with: runs of a calibration, with tasks, artifacts and metrics.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::kfp::execution::ROOT;
use crate::kfp::resources::{
    ARTIFACT, ARTIFACT_TASK, EXPERIMENT, METRIC, PIPELINE, PIPELINE_VERSION, RUN, Resource, TASK,
    text,
};
use crate::kfp::{NAMESPACE, SERVICE_ACCOUNT, time};
use crate::store::{Object, Store};

const OTHER_NAMESPACE: &str = "team-a";
const NAME: &str = "readout-calibration";

/// 2025-01-01T06:10:00Z
const FIRST_RUN_SECONDS: i64 = 1_735_711_800;
const RUNS: i32 = 8;

struct Run {
    number: i32,
    run_id: String,
    measure_task: String,
    fit_task: String,
    started_at: DateTime<Utc>,
}

/// Calibration runs of two tasks each: one measures, one fits a model to what was measured.
pub(crate) fn seed(store: &mut Store) {
    let first = DateTime::from_timestamp(FIRST_RUN_SECONDS, 0).unwrap_or_default();
    let created_at = time::text(first - TimeDelta::hours(1));
    let last_run = time::text(first + TimeDelta::hours(i64::from(RUNS - 1) * 12));
    let experiment = add(
        store,
        &EXPERIMENT,
        json!({
            "display_name": NAME,
            "namespace": NAMESPACE,
            "created_at": created_at,
            "last_run_created_at": last_run,
            "storage_state": "AVAILABLE",
        }),
    );
    let pipeline = add(
        store,
        &PIPELINE,
        json!({
            "name": NAME,
            "display_name": NAME,
            "namespace": NAMESPACE,
            "created_at": created_at,
        }),
    );
    let version = add(
        store,
        &PIPELINE_VERSION,
        json!({
            "name": NAME,
            "display_name": NAME,
            "pipeline_id": text(&pipeline, "pipeline_id"),
            "created_at": created_at,
            "pipeline_spec": spec(),
        }),
    );
    for number in 1..=RUNS {
        let run = Run {
            number,
            run_id: store.uuids.next(),
            measure_task: store.uuids.next(),
            fit_task: store.uuids.next(),
            started_at: first + TimeDelta::hours(i64::from(number - 1) * 12),
        };
        execute(store, &run, &experiment, &version);
        measure(store, &run);
        fit(store, &run);
    }
    add_imported(store);
}

fn spec() -> Value {
    let step = |after: &[&str]| json!({ "componentRef": { "name": "comp-step" }, "dependentTasks": after });
    json!({
        "pipelineInfo": { "name": NAME },
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.3",
        "deploymentSpec": { "executors": { "exec-step": { "container": { "image": "python:3.11" } } } },
        "components": { "comp-step": { "executorLabel": "exec-step" } },
        "root": { "dag": { "tasks": {
            "measure-qubits": step(&[]),
            "fit-readout": step(&["measure-qubits"]),
        } } },
    })
}

/// The run itself and its tasks.
fn execute(store: &mut Store, run: &Run, experiment: &Object, version: &Object) {
    let root = store.uuids.next();
    let history = |started: i64, ended: i64| {
        json!([
            { "update_time": at(run, started), "state": "RUNNING" },
            { "update_time": at(run, ended), "state": "SUCCEEDED" },
        ])
    };
    add(
        store,
        &RUN,
        json!({
            "run_id": run.run_id,
            "display_name": format!("{NAME}-{}", run.number),
            "experiment_id": text(experiment, "experiment_id"),
            "pipeline_version_reference": {
                "pipeline_id": text(version, "pipeline_id"),
                "pipeline_version_id": text(version, "pipeline_version_id"),
            },
            "pipeline_spec": version.get("pipeline_spec"),
            "service_account": SERVICE_ACCOUNT,
            "storage_state": "AVAILABLE",
            "created_at": at(run, 0),
            "scheduled_at": at(run, 0),
            "finished_at": at(run, 9),
            "state": "SUCCEEDED",
            "state_history": history(0, 9),
            "task_count": 3,
        }),
    );
    let steps = [
        (&run.measure_task, "measure-qubits", 0, 4),
        (&run.fit_task, "fit-readout", 4, 9),
    ];
    let children = steps.map(|(id, name, _, _)| json!({ "task_id": id, "name": name }));
    for (id, name, started, ended) in [(&root, ROOT, 0, 9)].into_iter().chain(steps) {
        let mut task = json!({
            "task_id": id,
            "run_id": run.run_id,
            "name": name,
            "display_name": name,
            "type": if name == ROOT { "ROOT" } else { "RUNTIME" },
            "scope_path": if name == ROOT { ROOT.to_owned() } else { format!("{ROOT}.{name}") },
            "create_time": at(run, started),
            "end_time": at(run, ended),
            "state": "SUCCEEDED",
            "state_history": history(started, ended),
        });
        if name == ROOT {
            task["child_tasks"] = json!(children);
        } else {
            task["parent_task_id"] = json!(root);
        }
        add(store, &TASK, task);
    }
}

fn measure(store: &mut Store, run: &Run) {
    let counts = json!({
        "name": "readout-counts",
        "description": "Raw counts of a two-qubit readout calibration",
        "type": "Dataset",
        "metadata": { "shots": 4096, "qubits": [0, 1], "format": "parquet" },
    });
    let decay = json!({
        "name": "relaxation-sweep",
        "type": "Dataset",
        "metadata": { "shots": 1024, "delays": 41, "format": "parquet" },
    });
    let log = json!({ "name": "instrument-log", "type": "Artifact" });
    let mut produced = Vec::new();
    for (minute, artifact) in [(1, counts), (2, decay), (3, log)] {
        let task = (run.measure_task.as_str(), "measure-qubits");
        produced.push(produce(store, run, task, minute, artifact));
    }
    // The task that fits takes the counts that this one measured.
    add(
        store,
        &ARTIFACT_TASK,
        json!({
            "artifact_id": produced.first(),
            "run_id": run.run_id,
            "task_id": run.fit_task,
            "type": "TASK_OUTPUT_INPUT",
            "key": "readout-counts",
            "producer": { "task_name": "measure-qubits" },
        }),
    );
    let rate = json!(11_850 + 40 * run.number);
    log_metric(
        store,
        run,
        &run.measure_task,
        "shots_per_second",
        "Metric",
        rate,
    );
}

fn fit(store: &mut Store, run: &Run) {
    let fidelity = readout_fidelity(run.number);
    let model = json!({
        "name": "readout-discriminator",
        "description": "Tells the states of both qubits apart",
        "type": "Model",
        "metadata": { "framework": "scikit-learn", "backend_id": crate::BACKEND_ID },
    });
    let metric = json!({ "name": "readout-fidelity", "type": "Metric", "number_value": fidelity });
    let matrix = json!({
        "name": "readout-confusion",
        "type": "ClassificationMetric",
        "metadata": confusion(fidelity),
    });
    let report = json!({ "name": "calibration-report", "type": "HTML" });
    let task = run.fit_task.as_str();
    for (minute, artifact) in [(5, model), (6, metric), (7, matrix), (8, report)] {
        produce(store, run, (task, "fit-readout"), minute, artifact);
    }
    log_metric(
        store,
        run,
        task,
        "readout_fidelity",
        "Metric",
        json!(fidelity),
    );
    let (name, schema) = ("readout_confusion", "ClassificationMetric");
    log_metric(store, run, task, name, schema, confusion(fidelity));
}

/// Adds an artifact and its link to the task that produced it.
fn produce(
    store: &mut Store,
    run: &Run,
    (task_id, task_name): (&str, &str),
    minute: i64,
    mut artifact: Value,
) -> String {
    let name = artifact["name"].as_str().unwrap_or_default().to_owned();
    let folder = format!("minio://mlpipeline/{NAMESPACE}/{}", run.run_id);
    artifact["uri"] = json!(format!("{folder}/{task_name}/{name}"));
    artifact["namespace"] = json!(NAMESPACE);
    artifact["created_at"] = json!(at(run, minute));
    let artifact = add(store, &ARTIFACT, artifact);
    let artifact_id = text(&artifact, "artifact_id").to_owned();
    add(
        store,
        &ARTIFACT_TASK,
        json!({
            "artifact_id": artifact_id,
            "run_id": run.run_id,
            "task_id": task_id,
            "type": "OUTPUT",
            "key": name,
            "producer": { "task_name": task_name },
        }),
    );
    artifact_id
}

fn log_metric(store: &mut Store, run: &Run, task_id: &str, name: &str, schema: &str, value: Value) {
    let mut metric = json!({
        "task_id": task_id,
        "name": name,
        "value": value,
        "type": "METRIC_OUTPUT",
        "created_at": at(run, 9),
    });
    // "Metric" is the enum's zero value, which the server does not send.
    if schema != "Metric" {
        metric["schema"] = json!(schema);
    }
    add(store, &METRIC, metric);
}

/// Artifacts of another namespace; of one of them nobody knows when it was made.
fn add_imported(store: &mut Store) {
    for (name, created_at) in [
        ("imported-weights", time::UNSET),
        ("pulse-library", "2025-01-03T15:20:11Z"),
    ] {
        add(
            store,
            &ARTIFACT,
            json!({
                "name": name,
                "type": "Model",
                "uri": format!("s3://imports/{name}"),
                "namespace": OTHER_NAMESPACE,
                "created_at": created_at,
            }),
        );
    }
}

fn readout_fidelity(run_number: i32) -> f64 {
    let ten_thousandths = 9650 + run_number * 7 % 5 * 12;
    f64::from(ten_thousandths) / 10_000.0
}

fn confusion(fidelity: f64) -> Value {
    let error = ((1.0 - fidelity) * 10_000.0).round() / 10_000.0;
    json!({ "labels": ["0", "1"], "rows": [[fidelity, error], [error, fidelity]] })
}

fn at(run: &Run, minute: i64) -> String {
    time::text(run.started_at + TimeDelta::minutes(minute))
}

fn add(store: &mut Store, resource: &Resource, object: Value) -> Object {
    let object = match object {
        Value::Object(fields) => fields,
        _ => Object::new(),
    };
    resource.add(store, object)
}
