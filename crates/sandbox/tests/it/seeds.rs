//! Initial data of a sandbox.

use std::fs;
use std::io::ErrorKind;

use crate::process::{Running, command, exported};
use crate::support::{Compute, Kfp, texts};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

fn seed() -> Value {
    json!({
        "compute": {
            "metadata": [{ "backend_id": 9, "data": { "t1": 1.5 }, "created_on": "2024-05-01T10:00:00" }],
            "projects": [{ "id": 40, "name": "forty" }, { "name": "next" }],
        },
        "kfp": {
            "experiments": [{ "experiment_id": "e-1", "displayName": "seeded", "namespace": "ns" }],
            "runs": [{ "display_name": "old", "experiment_id": "e-1", "state": "FAILED" }],
            "artifacts": [{ "name": "a", "created_at": "2024-05-01T10:00:00Z" }],
        },
    })
}

#[tokio::test]
async fn seeded_objects_behave_like_created_ones() {
    let sandbox = Sandbox::builder()
        .empty()
        .seed(seed())
        .start()
        .await
        .unwrap();
    let (kfp, compute) = (Kfp(&sandbox), Compute(&sandbox));
    let metadata = compute.get("/metadata/1").await.expect(200);
    assert_eq!(metadata["data"], json!({ "t1": 1.5 }));
    assert_eq!(metadata["created_on"], "2024-05-01T10:00:00");
    assert_eq!(
        compute.get("/projects/40").await.expect(200)["name"],
        "forty"
    );
    assert_eq!(
        compute.get("/projects/41").await.expect(200)["name"],
        "next"
    );
    let experiment = kfp.get("/experiments/e-1").await.expect(200);
    assert_eq!(experiment["display_name"], "seeded");
    let runs = kfp.get("/runs?experiment_id=e-1").await.expect(200);
    assert_eq!(texts(&runs["runs"], "state"), ["FAILED"]);
    assert_ne!(runs["runs"][0]["run_id"], Value::Null);
    let artifacts = kfp.get("/artifacts").await.expect(200);
    assert_eq!(
        texts(&artifacts["artifacts"], "created_at"),
        ["2024-05-01T10:00:00Z"]
    );
}

#[tokio::test]
async fn seeds_are_added_in_their_order() {
    let experiment = |name: &str| json!({ "kfp": { "experiments": [{ "display_name": name }] } });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("seed.json");
    fs::write(&file, experiment("from a file").to_string()).unwrap();
    let builder = Sandbox::builder()
        .seed(experiment("first"))
        .seed_file(&file);
    let sandbox = builder.seed(experiment("last")).start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let experiments = kfp.get("/experiments").await.expect(200);
    let mut names = texts(&experiments["experiments"], "display_name");
    names.retain(|name| name != "Default");
    let expected = ["readout-calibration", "first", "from a file", "last"];
    assert_eq!(names, expected);
    let artifacts = kfp.get("/artifacts").await.expect(200);
    assert!(artifacts["artifacts"].is_array(), "the built-in data stays");
}

#[tokio::test]
async fn invalid_data_is_rejected_with_a_pointer() {
    for (seed, told) in [
        (
            json!([]),
            "seed, at \"\": expected an object with \"compute\" and \"kfp\"",
        ),
        (
            json!({ "kubeflow": {} }),
            "seed, at \"/kubeflow\": unknown API \"kubeflow\": expected an object with \"compute\" and \"kfp\"",
        ),
        (
            json!({ "kfp": [] }),
            "seed, at \"/kfp\": expected an object with a list for each kind of object",
        ),
        (
            json!({ "kfp": { "runs": {} } }),
            "seed, at \"/kfp/runs\": expected a list",
        ),
        (
            json!({ "kfp": { "a/b": [{}] } }),
            "seed, at \"/kfp/a~1b/0\": unknown kind \"a/b\": use one of artifacts, artifact_tasks, metrics, experiments, pipelines, pipeline_versions, runs, recurring_runs, tasks",
        ),
        (
            json!({ "kfp": { "runs": [{}, { "nmae": "x" }] } }),
            "seed, at \"/kfp/runs/1\": proto: unknown field \"nmae\" in v2beta1Run",
        ),
        (
            json!({ "kfp": { "runs": [{ "run_id": "r" }, { "run_id": "r" }] } }),
            "seed, at \"/kfp/runs/1\": r exists already",
        ),
        (
            json!({ "kfp": { "metrics": [{ "task_id": "t" }] } }),
            "seed, at \"/kfp/metrics/0/name\": expected a name",
        ),
        (
            json!({ "compute": { "projects": [7] } }),
            "seed, at \"/compute/projects/0\": expected an object",
        ),
        (
            json!({ "compute": { "projects": [{ "nmae": "x" }] } }),
            "seed, at \"/compute/projects/0/nmae\": unknown field",
        ),
        (
            json!({ "compute": { "projects": [{ "name": 7 }] } }),
            "seed, at \"/compute/projects/0/name\": Input should be a valid string",
        ),
        (
            json!({ "compute": { "projects": [{ "id": 3 }, { "id": 3 }] } }),
            "seed, at \"/compute/projects/1/id\": 3 must be greater than 3, the last id in use",
        ),
    ] {
        let error = Sandbox::builder()
            .empty()
            .seed(seed)
            .start()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), told);
    }
    let builder = Sandbox::builder().seed(json!({ "compute": { "job": [{}] } }));
    let error = builder.start().await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "seed, at \"/compute/job/0\": unknown kind \"job\": use one of algorithms, "
        ),
        "{error}"
    );
}

#[tokio::test]
async fn the_binary_accepts_several_files_and_names_an_invalid_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (one, other, wrong) = (path("one.json"), path("other.json"), path("wrong.json"));
    fs::write(
        &one,
        json!({ "kfp": { "pipelines": [{ "display_name": "p" }] } }).to_string(),
    )
    .unwrap();
    fs::write(&other, seed().to_string()).unwrap();
    let mut running = Running::start(&["--empty", "--seed", &one, "--seed", &other]);
    let announcement = running.announcement();
    let url = exported(&announcement, "KF_PIPELINES_ENDPOINT");
    for (list, count) in [("pipelines", 1), ("experiments", 2)] {
        let request = reqwest::Client::new().get(format!("{url}/apis/v2beta1/{list}"));
        let page = request
            .bearer_auth(exported(&announcement, "KFP_TOKEN"))
            .send()
            .await
            .unwrap();
        let page: Value = page.json().await.unwrap();
        assert_eq!(page["total_size"], count, "{list}");
    }
    fs::write(&wrong, "{\n  \"kfp\": }").unwrap();
    let missing = path("missing.json");
    for (file, told, status) in [
        (&wrong, "invalid JSON: expected value at line 2", 2),
        (&missing, ": ", 1),
    ] {
        let output = command(&["--seed", &one, "--seed", file]).output().unwrap();
        assert_eq!(output.status.code(), Some(status));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains(file.as_str()) && error.contains(told),
            "{error}"
        );
    }
}
