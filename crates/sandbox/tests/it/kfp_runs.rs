//! KFP's runs and their tasks, as time passes on the sandbox's clock.

use std::time::Duration;

use crate::support::{self, Kfp, texts};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

/// A time in which a run with some tasks ends.
const LONG_ENOUGH: Duration = Duration::from_secs(60);
const UNSET: &str = "1970-01-01T00:00:00Z";

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

/// A pipeline of the tasks `measure` and `fit`, which depends on `measure`.
fn spec() -> Value {
    support::spec(&["measure", "fit"])
}

/// Creates a run of a pipeline with declared parameters.
async fn run(kfp: &Kfp<'_>, parameters: Value) -> String {
    let mut spec = spec();
    for (name, value) in parameters.as_object().unwrap() {
        let kind = if value.is_boolean() {
            "BOOLEAN"
        } else {
            "STRING"
        };
        spec["root"]["inputDefinitions"]["parameters"][name] = json!({ "parameterType": kind });
    }
    let body = json!({
        "display_name": "r",
        "pipeline_spec": spec,
        "runtime_config": { "parameters": parameters },
    });
    let run = kfp.post("/runs", body).await.expect(200);
    run["run_id"].as_str().unwrap().to_owned()
}

async fn get(kfp: &Kfp<'_>, id: &str) -> Value {
    kfp.get(&format!("/runs/{id}")).await.expect(200)
}

fn history(object: &Value) -> Vec<String> {
    texts(&object["state_history"], "state")
}

fn person(body: &Value) -> &str {
    body["details"][0]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_run_progresses_only_as_time_passes() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let id = run(&kfp, json!({})).await;
    for _ in 0..20 {
        assert_eq!(get(&kfp, &id).await["state"], "PENDING");
    }
    assert_eq!(get(&kfp, &id).await["finished_at"], UNSET);
    assert!(get(&kfp, &id).await.get("task_count").is_none());

    sandbox.advance(Duration::from_secs(1));
    assert_eq!(get(&kfp, &id).await["state"], "RUNNING");
    sandbox.advance(Duration::from_secs(1));
    let running = get(&kfp, &id).await;
    assert_eq!(
        (&running["state"], &running["task_count"]),
        (&json!("RUNNING"), &json!(2))
    );
    assert_eq!(running["finished_at"], UNSET);
    let tasks = kfp.get(&format!("/runs/{id}/tasks")).await.expect(200);
    assert_eq!(texts(&tasks["tasks"], "name"), ["root", "measure"]);
    assert_eq!(texts(&tasks["tasks"], "state"), ["RUNNING", "RUNNING"]);
    assert!(tasks["tasks"][1].get("end_time").is_none());

    sandbox.advance(LONG_ENOUGH);
    let ended = get(&kfp, &id).await;
    assert_eq!(history(&ended), ["PENDING", "RUNNING", "SUCCEEDED"]);
    assert!(ended["finished_at"].as_str() > ended["created_at"].as_str());
    assert!(ended.get("error").is_none() && ended.get("tasks").is_none());
    let full = kfp.get(&format!("/runs/{id}?view=FULL")).await.expect(200);
    assert_eq!(texts(&full["tasks"], "name"), ["root", "measure", "fit"]);
    assert_eq!(texts(&full["tasks"], "state"), ["SUCCEEDED"; 3]);
    let children = texts(&full["tasks"][0]["child_tasks"], "name");
    assert_eq!(children, ["measure", "fit"]);
    assert_eq!(history(&full["tasks"][1]), ["RUNNING", "SUCCEEDED"]);
    assert_eq!(full["tasks"][2]["scope_path"], "root.fit");
}

#[tokio::test]
async fn a_parameter_makes_a_run_fail_and_a_retry_succeeds() {
    for (told, failed) in [
        (json!(true), "fit"),
        (json!("fit"), "fit"),
        (json!("measure"), "measure"),
    ] {
        let sandbox = sandbox().await;
        let kfp = Kfp(&sandbox);
        let id = run(&kfp, json!({ "fail": told })).await;
        sandbox.advance(LONG_ENOUGH);
        let ended = get(&kfp, &id).await;
        assert_eq!(ended["state"], "FAILED");
        assert_eq!(ended["error"]["message"], format!("Task {failed} failed"));
        let full = kfp.get(&format!("/runs/{id}?view=FULL")).await.expect(200);
        let tasks = full["tasks"].as_array().unwrap();
        let last = tasks.last().unwrap();
        assert_eq!(
            (&last["name"], &last["state"]),
            (&json!(failed), &json!("FAILED"))
        );
        assert_eq!(
            last["status_metadata"]["message"],
            format!("Task {failed} failed")
        );

        kfp.post(&format!("/runs/{id}:retry"), json!({}))
            .await
            .expect(200);
        let again = get(&kfp, &id).await;
        assert_eq!(
            (&again["state"], &again["finished_at"]),
            (&json!("PENDING"), &json!(UNSET))
        );
        assert!(again.get("error").is_none());
        sandbox.advance(LONG_ENOUGH);
        let ended = get(&kfp, &id).await;
        let expected = [
            "PENDING",
            "RUNNING",
            "FAILED",
            "PENDING",
            "RUNNING",
            "SUCCEEDED",
        ];
        assert_eq!(history(&ended), expected);
        let tasks = kfp.get(&format!("/runs/{id}/tasks")).await.expect(200);
        let measured = texts(&tasks["tasks"], "name")
            .iter()
            .filter(|name| *name == "measure")
            .count();
        assert_eq!(measured, if failed == "measure" { 2 } else { 1 });
        let refused = kfp
            .post(&format!("/runs/{id}:retry"), json!({}))
            .await
            .expect(500);
        assert_eq!(refused["code"], 13);
    }
}

#[tokio::test]
async fn a_terminated_run_is_canceling_first_and_then_canceled() {
    for before in [0, 3] {
        let sandbox = sandbox().await;
        let kfp = Kfp(&sandbox);
        let id = run(&kfp, json!({})).await;
        sandbox.advance(Duration::from_secs(before));
        let path = format!("/runs/{id}:terminate");
        assert_eq!(kfp.post(&path, json!({})).await.expect(200), json!({}));
        kfp.post(&path, json!({})).await.expect(400);
        assert_eq!(get(&kfp, &id).await["state"], "CANCELING");
        assert_eq!(get(&kfp, &id).await["finished_at"], UNSET);
        sandbox.advance(LONG_ENOUGH);
        let ended = get(&kfp, &id).await;
        assert_eq!(ended["state"], "CANCELED");
        assert!(!history(&ended).contains(&"CANCELING".to_owned()));
        assert_ne!(ended["finished_at"], UNSET);
        assert!(ended.get("error").is_none());
        let refused = kfp.post(&path, json!({})).await.expect(400);
        assert!(person(&refused).contains("is CANCELED"), "{refused}");
        kfp.post(&format!("/runs/{id}:retry"), json!({}))
            .await
            .expect(200);
        sandbox.advance(LONG_ENOUGH);
        assert_eq!(get(&kfp, &id).await["state"], "SUCCEEDED");
    }
}

#[tokio::test]
async fn a_run_needs_a_name_and_one_pipeline() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let reference = json!({ "pipeline_id": "p", "pipeline_version_id": "v" });
    for (body, status) in [
        (json!({ "pipeline_spec": spec() }), 500),
        (json!({ "display_name": "r" }), 500),
        (json!({ "display_name": "r", "pipeline_spec": {} }), 500),
        (
            json!({ "display_name": "r", "pipeline_spec": spec(), "pipeline_version_reference": reference }),
            400,
        ),
        (
            json!({ "display_name": "r", "pipeline_spec": spec(), "plugins_output": { "p": {} } }),
            409,
        ),
        (
            json!({ "display_name": "r", "pipeline_spec": spec(), "surprise": 1 }),
            400,
        ),
        (
            json!({ "display_name": "r", "pipeline_version_reference": reference }),
            500,
        ),
        (
            json!({ "display_name": "r", "pipeline_spec": spec(), "experiment_id": "e" }),
            404,
        ),
    ] {
        kfp.post("/runs", body.clone()).await.expect(status);
    }
    assert_eq!(kfp.get("/runs").await.expect(200), json!({}));
    for (method, path) in [
        ("get", "/runs/x"),
        ("post", "/runs/x:terminate"),
        ("post", "/runs/x:retry"),
    ] {
        let response = match method {
            "get" => kfp.get(path).await,
            _ => kfp.post(path, json!({})).await,
        };
        assert_eq!(person(&response.expect(404)), "Run x not found");
    }
}

#[tokio::test]
async fn fields_of_a_run_that_the_server_sets_are_ignored() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let body = json!({
        "display_name": "r", "pipeline_spec": spec(), "state": "SUCCEEDED",
        "finished_at": "2025-01-01T00:00:00Z",
    });
    let run = kfp.post("/runs", body).await.expect(200);
    assert_eq!(
        (&run["state"], &run["finished_at"]),
        (&json!("PENDING"), &json!(UNSET))
    );
}

#[tokio::test]
async fn runs_are_in_the_namespace_of_their_experiment() {
    let sandbox = Sandbox::builder().empty().multi_user();
    let sandbox = sandbox.start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let mut ids = Vec::new();
    for namespace in ["a", "b"] {
        let experiment = json!({ "display_name": "e", "namespace": namespace });
        let experiment = kfp.post("/experiments", experiment).await.expect(200);
        assert_eq!(experiment["last_run_created_at"], UNSET);
        let id = experiment["experiment_id"].as_str().unwrap().to_owned();
        let body =
            json!({ "display_name": namespace, "pipeline_spec": spec(), "experiment_id": id });
        let run = kfp.post("/runs", body).await.expect(200);
        let experiment = kfp.get(&format!("/experiments/{id}")).await.expect(200);
        assert_eq!(experiment["last_run_created_at"], run["created_at"]);
        ids.push(id);
    }
    for (query, expected) in [
        (&[("namespace", "b")][..], &["b"][..]),
        (&[("experiment_id", &ids[0])], &["a"]),
        (&[("namespace", "b"), ("experiment_id", &ids[0])], &[]),
    ] {
        let page = kfp.query("/runs", query).await.expect(200);
        let names = page
            .get("runs")
            .map_or_else(Vec::new, |runs| texts(runs, "display_name"));
        assert_eq!(names, expected, "{query:?}");
    }
    let homeless = json!({ "display_name": "r", "pipeline_spec": spec() });
    kfp.post("/runs", homeless).await.expect(400);
}

#[tokio::test]
async fn a_page_of_runs_with_their_tasks_has_at_most_100() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    for _ in 0..101 {
        run(&kfp, json!({})).await;
    }
    for (query, length) in [
        ("page_size=200&view=FULL", 100),
        ("page_size=200", 101),
        ("view=FULL", 20),
    ] {
        let page = kfp.get(&format!("/runs?{query}")).await.expect(200);
        assert_eq!(page["runs"].as_array().unwrap().len(), length, "{query}");
    }
    kfp.get("/runs?view=HALF").await.expect(400);
}

#[tokio::test]
async fn runs_are_archived_and_deleted_with_their_tasks() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let id = run(&kfp, json!({})).await;
    sandbox.advance(LONG_ENOUGH);
    for (verb, state) in [("archive", "ARCHIVED"), ("unarchive", "AVAILABLE")] {
        kfp.post(&format!("/runs/{id}:{verb}"), json!({}))
            .await
            .expect(200);
        assert_eq!(get(&kfp, &id).await["storage_state"], state);
    }
    kfp.delete(&format!("/runs/{id}")).await.expect(200);
    kfp.get(&format!("/runs/{id}")).await.expect(404);
    let tasks = kfp.get(&format!("/runs/{id}/tasks")).await;
    assert_eq!(tasks.expect(200), json!({}));
    kfp.delete(&format!("/runs/{id}")).await.expect(404);
}

#[tokio::test]
async fn a_deleted_run_does_not_progress() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let id = run(&kfp, json!({})).await;
    sandbox.advance(Duration::from_secs(3));
    kfp.delete(&format!("/runs/{id}")).await.expect(200);
    sandbox.advance(LONG_ENOUGH);
    assert_eq!(kfp.get("/runs").await.expect(200), json!({}));
}

#[tokio::test]
async fn tasks_are_recorded_changed_and_listed() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let (id, other) = (run(&kfp, json!({})).await, run(&kfp, json!({})).await);
    let path = format!("/runs/{id}/tasks");
    let parent = kfp
        .post(&path, json!({ "name": "parent", "state": "RUNNING" }))
        .await
        .expect(200);
    let parent_id = parent["task_id"].as_str().unwrap();
    let child = json!({
        "name": "child",
        "parent_task_id": parent_id,
        "type_attributes": { "iteration_index": 0 },
        "outputs": { "parameters": [{ "parameter_key": "x", "value": 0 }] },
    });
    let child = kfp.post(&path, child).await.expect(200);
    assert_eq!(child["type_attributes"], json!({ "iteration_index": "0" }));
    assert_eq!(child["outputs"]["parameters"][0]["value"], 0);
    let child_path = format!("{path}/{}", child["task_id"].as_str().unwrap());

    let changed = kfp
        .patch(&child_path, json!({ "state": "SUCCEEDED", "name": "" }))
        .await
        .expect(200);
    assert_eq!(changed["state"], "SUCCEEDED");
    assert_eq!(changed["name"], "child", "a zero is as nothing");
    assert_eq!(history(&changed), ["SUCCEEDED"]);
    assert_eq!(kfp.get(&child_path).await.expect(200), changed);
    let updates = json!({ "tasks": { parent_id: { "state": "FAILED" } } });
    let updated = kfp
        .post(&format!("{path}:batchUpdate"), updates)
        .await
        .expect(200);
    assert_eq!(updated["tasks"][parent_id]["state"], "FAILED");

    let list = async |query: &[(&str, &str)]| {
        let page = kfp.query(&path, query).await.expect(200);
        texts(&page["tasks"], "task_id")
    };
    let child_id = child["task_id"].as_str().unwrap();
    assert_eq!(list(&[]).await, [parent_id, child_id]);
    assert_eq!(list(&[("parent_id", parent_id)]).await, [child_id]);
    assert_eq!(
        list(&[("order_by", "create_time desc")]).await,
        [child_id, parent_id]
    );

    kfp.query(&path, &[("order_by", "nothing")])
        .await
        .expect(400);
    let of_other = format!("/runs/{other}/tasks");
    kfp.query(&of_other, &[("parent_id", parent_id)])
        .await
        .expect(400);
    kfp.get(&format!("{of_other}/{child_id}")).await.expect(400);
    for (body, status) in [
        (json!({ "name": "t", "run_id": other }), 400),
        (json!({ "name": "t", "parent_task_id": "nobody" }), 404),
        (json!({ "name": "t", "surprise": true }), 400),
    ] {
        kfp.post(&path, body).await.expect(status);
    }
    kfp.patch(&child_path, json!({ "run_id": other }))
        .await
        .expect(400);
    kfp.post("/runs/x/tasks", json!({ "name": "t" }))
        .await
        .expect(404);
    assert_eq!(get(&kfp, &id).await["task_count"], 2);
}
