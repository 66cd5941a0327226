use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::kfp::{NAMESPACE, artifact_tasks, metrics, time};
use crate::store::{Object, Store};

const OTHER_NAMESPACE: &str = "team-a";

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
    for number in 1..=RUNS {
        let run = start_run(store, number);
        measure(store, &run);
        fit(store, &run);
    }
    add_imported(store);
}

fn start_run(store: &mut Store, number: i32) -> Run {
    let first = DateTime::from_timestamp(FIRST_RUN_SECONDS, 0).unwrap_or_default();
    Run {
        number,
        run_id: store.uuids.next(),
        measure_task: store.uuids.next(),
        fit_task: store.uuids.next(),
        started_at: first + TimeDelta::hours(i64::from(number - 1) * 12),
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
    let log = json!({ "name": "instrument-log" });
    for (minute, artifact) in [(1, counts), (2, decay), (3, log)] {
        produce(
            store,
            run,
            "measure-qubits",
            &run.measure_task,
            minute,
            artifact,
        );
    }
    log_metric(
        store,
        run,
        &run.measure_task,
        "shots_per_second",
        "Metric",
        json!(11_850 + 40 * run.number),
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
    let confusion_artifact = json!({
        "name": "readout-confusion",
        "type": "ClassificationMetric",
        "metadata": confusion(fidelity),
    });
    let report = json!({ "name": "calibration-report", "type": "HTML" });
    let task = &run.fit_task;
    use_counts(store, run);
    for (minute, artifact) in [
        (5, model),
        (6, metric),
        (7, confusion_artifact),
        (8, report),
    ] {
        produce(store, run, "fit-readout", task, minute, artifact);
    }
    log_metric(
        store,
        run,
        task,
        "readout_fidelity",
        "Metric",
        json!(fidelity),
    );
    log_metric(
        store,
        run,
        task,
        "readout_confusion",
        "ClassificationMetric",
        confusion(fidelity),
    );
}

/// The task that fits takes the counts that the other one measured.
fn use_counts(store: &mut Store, run: &Run) {
    let made_by = |task: &&Object| task.get("task_id") == Some(&json!(run.measure_task));
    let counts = store.kfp.artifact_tasks.iter().find(made_by);
    let artifact_id = counts.and_then(|task| task.get("artifact_id")).cloned();
    let task = object(json!({
        "artifact_id": artifact_id,
        "run_id": run.run_id,
        "task_id": run.fit_task,
        "type": "TASK_OUTPUT_INPUT",
        "key": "readout-counts",
        "producer": { "task_name": "measure-qubits" },
        "created_at": at(run, 4),
    }));
    artifact_tasks::add(store, task);
}

fn produce(
    store: &mut Store,
    run: &Run,
    task_name: &str,
    task_id: &str,
    minute: i64,
    artifact: Value,
) {
    let mut artifact = object(artifact);
    let artifact_id = store.uuids.next();
    let name = artifact.get("name").cloned().unwrap_or_default();
    let file = name.as_str().unwrap_or_default();
    let uri = format!(
        "minio://mlpipeline/{NAMESPACE}/{}/{task_name}/{file}",
        run.run_id
    );
    artifact.insert("artifact_id".to_owned(), json!(artifact_id));
    artifact.insert("uri".to_owned(), json!(uri));
    artifact.insert("namespace".to_owned(), json!(NAMESPACE));
    artifact.insert("created_at".to_owned(), json!(at(run, minute)));
    store.kfp.artifacts.put(artifact);
    let task = object(json!({
        "artifact_id": artifact_id,
        "run_id": run.run_id,
        "task_id": task_id,
        "type": "OUTPUT",
        "key": name,
        "producer": { "task_name": task_name },
        "created_at": at(run, minute),
    }));
    artifact_tasks::add(store, task);
}

fn log_metric(store: &mut Store, run: &Run, task_id: &str, name: &str, schema: &str, value: Value) {
    let mut metric = object(json!({
        "task_id": task_id,
        "name": name,
        "value": value,
        "type": "METRIC_OUTPUT",
        "created_at": at(run, 9),
    }));
    // "Metric" is the enum's zero value, which the server does not send.
    if schema != "Metric" {
        metric.insert("schema".to_owned(), json!(schema));
    }
    metrics::put(store, metric);
}

/// Artifacts of another namespace; of one of them nobody knows when it was made.
fn add_imported(store: &mut Store) {
    for (name, created_at) in [
        ("imported-weights", time::UNSET),
        ("pulse-library", "2025-01-03T15:20:11Z"),
    ] {
        let artifact = object(json!({
            "artifact_id": store.uuids.next(),
            "name": name,
            "type": "Model",
            "uri": format!("s3://imports/{name}"),
            "namespace": OTHER_NAMESPACE,
            "created_at": created_at,
        }));
        store.kfp.artifacts.put(artifact);
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

fn object(value: Value) -> Object {
    match value {
        Value::Object(fields) => fields,
        _ => Object::new(),
    }
}
