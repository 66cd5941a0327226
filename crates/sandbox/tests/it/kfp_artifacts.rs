//! KFP artifacts, artifact tasks and metrics.

use std::collections::BTreeSet;

use crate::support::{Kfp, texts};
use compute_kfp_sandbox::{NAMESPACE, Sandbox};
use serde_json::{Value, json};

async fn empty() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

async fn create(kfp: &Kfp<'_>, artifact: Value) -> Value {
    kfp.post("/artifacts", json!({ "artifact": artifact }))
        .await
        .expect(200)
}

#[track_caller]
fn sentence(body: &Value) -> &str {
    body["details"][0]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_created_artifact_can_be_read_and_is_listed() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let created = create(
        &kfp,
        json!({
            "name": "model", "type": "Model", "namespace": "ns", "uri": "s3://b/k",
            "description": "d", "metadata": { "a": [1, null] }, "number_value": 0.25,
            "artifact_id": "mine", "created_at": "1999-01-01T00:00:00Z",
        }),
    )
    .await;
    assert_ne!(created["artifact_id"], "mine");
    assert_eq!(created["created_at"], "2025-01-07T09:00:00Z");
    assert_eq!(created["metadata"], json!({ "a": [1, null] }));
    let id = created["artifact_id"].as_str().unwrap();
    assert_eq!(
        kfp.get(&format!("/artifacts/{id}")).await.expect(200),
        created
    );
    let page = kfp.get("/artifacts?namespace=ns").await.expect(200);
    assert_eq!(page, json!({ "artifacts": [created], "total_size": 1 }));
    assert_eq!(
        kfp.get("/artifacts?namespace=other").await.expect(200),
        json!({})
    );
}

#[tokio::test]
async fn zero_values_are_left_out() {
    let sandbox = empty().await;
    let artifact = json!({
        "name": "n", "type": "Artifact", "uri": "", "description": "", "metadata": {},
        "namespace": "", "number_value": 0,
    });
    let created = create(&Kfp(&sandbox), artifact).await;
    let fields: BTreeSet<_> = created.as_object().unwrap().keys().collect();
    let expected = ["artifact_id", "created_at", "name", "number_value"].map(String::from);
    assert_eq!(fields, expected.iter().collect());
}

#[tokio::test]
async fn an_artifact_needs_a_name_and_a_run_with_its_task() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    for body in [
        json!({}),
        json!({ "artifact": {} }),
        json!({ "artifact": { "name": "" } }),
        json!({ "artifact": { "name": "n" }, "run_id": "r" }),
        json!({ "artifact": { "name": "n" }, "task_id": "t" }),
    ] {
        let answer = kfp.post("/artifacts", body).await.expect(400);
        assert!(sentence(&answer).contains("required"), "{answer}");
    }
}

#[tokio::test]
async fn an_artifact_of_a_task_is_linked_as_its_output() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let body = json!({
        "artifact": { "name": "n" }, "run_id": "r", "task_id": "t",
        "producer_key": "out", "iteration_index": 0,
    });
    let artifact = kfp.post("/artifacts", body).await.expect(200);
    let links = kfp.get("/artifact_tasks?run_ids=r").await.expect(200);
    let link = &links["artifact_tasks"][0];
    assert_eq!(link["artifact_id"], artifact["artifact_id"]);
    assert_eq!(link["type"], "OUTPUT");
    assert_eq!(link["key"], "out");
    assert_eq!(link["producer"], json!({ "iteration": "0" }));
}

#[tokio::test]
async fn an_artifact_is_reused_only_if_that_is_asked_for_and_it_is_the_same() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let request = |name: &str, reuse: bool| {
        let artifact = json!({ "name": name, "uri": "u", "namespace": "ns", "type": "Model" });
        let body = json!({ "artifact": artifact, "reuse_if_exists": reuse });
        async { kfp.post("/artifacts", body).await.expect(200)["artifact_id"].clone() }
    };
    let first = request("a", true).await;
    assert_eq!(request("a", true).await, first);
    assert_ne!(request("a", false).await, first);
    assert_ne!(request("b", true).await, first);
}

#[tokio::test]
async fn a_batch_is_created_in_its_order() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let artifact = |name| json!({ "artifact": { "name": name, "namespace": "ns" } });
    let batch = json!({ "artifacts": [artifact("c"), artifact("a"), artifact("b")] });
    let created = kfp.post("/artifacts:batchCreate", batch).await.expect(200);
    assert_eq!(texts(&created["artifacts"], "name"), ["c", "a", "b"]);
    let listed = kfp.get("/artifacts").await.expect(200);
    assert_eq!(listed["artifacts"], created["artifacts"]);
}

#[tokio::test]
async fn a_batch_with_one_wrong_artifact_creates_none() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let good = json!({ "artifact": { "name": "n", "namespace": "ns" } });
    for wrong in [
        json!({}),
        json!({ "artifact": { "name": "n", "namespace": "other" } }),
    ] {
        let batch = json!({ "artifacts": [good, wrong] });
        kfp.post("/artifacts:batchCreate", batch).await.expect(400);
    }
    kfp.post("/artifacts:batchCreate", json!({}))
        .await
        .expect(400);
    assert_eq!(kfp.get("/artifacts").await.expect(200), json!({}));
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_leaves_the_rest() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let mut artifact = create(
        &kfp,
        json!({ "name": "n", "description": "d", "metadata": { "a": 1 }, "type": "Model" }),
    )
    .await;
    let id = artifact["artifact_id"].as_str().unwrap().to_owned();
    let path = format!("/artifacts/{id}");
    let changes = json!({
        "description": "new", "metadata": {},
        "artifact_id": "other", "created_at": "1999-01-01T00:00:00Z",
    });
    let updated = kfp.put(&path, changes).await.expect(200);
    artifact["description"] = json!("new");
    artifact.as_object_mut().unwrap().remove("metadata");
    assert_eq!(updated, artifact);
    assert_eq!(kfp.get(&path).await.expect(200), artifact);
    assert_eq!(kfp.get("/artifacts").await.expect(200)["total_size"], 1);
}

#[tokio::test]
async fn an_update_needs_an_artifact_that_exists_and_keeps_a_name() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let answer = kfp
        .put("/artifacts/x", json!({ "name": "n" }))
        .await
        .expect(404);
    assert_eq!(sentence(&answer), "Artifact x not found");
    let id = create(&kfp, json!({ "name": "n" })).await["artifact_id"]
        .as_str()
        .unwrap()
        .to_owned();
    kfp.put(&format!("/artifacts/{id}"), json!({ "name": "" }))
        .await
        .expect(400);
    kfp.put(&format!("/artifacts/{id}"), json!({ "surprise": 1 }))
        .await
        .expect(400);
}

#[tokio::test]
async fn an_artifact_task_names_an_artifact_that_exists() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let task = json!({ "artifact_id": "x", "run_id": "r", "task_id": "t" });
    let answer = kfp
        .post("/artifact_tasks", json!({ "artifact_task": task }))
        .await
        .expect(404);
    assert_eq!(sentence(&answer), "Artifact x not found");

    let artifact = create(&kfp, json!({ "name": "n" })).await;
    for missing in ["artifact_id", "run_id", "task_id"] {
        let mut task =
            json!({ "artifact_id": artifact["artifact_id"], "run_id": "r", "task_id": "t" });
        task.as_object_mut().unwrap().remove(missing);
        let body = json!({ "artifact_task": task });
        let answer = kfp.post("/artifact_tasks", body).await.expect(400);
        assert_eq!(
            sentence(&answer),
            format!("artifact_task.{missing} is required")
        );
    }
    kfp.post("/artifact_tasks", json!({})).await.expect(400);
}

#[tokio::test]
async fn a_created_artifact_task_is_listed_and_carries_its_producer() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let artifact = create(&kfp, json!({ "name": "n" })).await;
    let body = json!({ "artifact_task": {
        "artifact_id": artifact["artifact_id"], "run_id": "r", "task_id": "t", "key": "k",
        "type": "ITERATOR_OUTPUT", "producer": { "task_name": "p", "iteration": 9_007_199_254_740_993_i64 },
    }});
    let created = kfp.post("/artifact_tasks", body).await.expect(200);
    assert_eq!(created["producer"]["iteration"], "9007199254740993");
    let listed = kfp.get("/artifact_tasks?task_ids=t").await.expect(200);
    assert_eq!(
        listed,
        json!({ "artifact_tasks": [created], "total_size": 1 })
    );
}

#[tokio::test]
async fn a_batch_of_artifact_tasks_is_created_as_a_whole_or_not_at_all() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let artifact = create(&kfp, json!({ "name": "n" })).await;
    let task =
        |artifact_id: &Value| json!({ "artifact_id": artifact_id, "run_id": "r", "task_id": "t" });
    let (good, wrong) = (task(&artifact["artifact_id"]), task(&json!("x")));
    let batch = json!({ "artifact_tasks": [good, wrong] });
    kfp.post("/artifact_tasks:batchCreate", batch)
        .await
        .expect(404);
    kfp.post(
        "/artifact_tasks:batchCreate",
        json!({ "artifact_tasks": [] }),
    )
    .await
    .expect(400);
    assert_eq!(
        kfp.get("/artifact_tasks?run_ids=r").await.expect(200),
        json!({})
    );

    let batch = json!({ "artifact_tasks": [good, good] });
    let created = kfp
        .post("/artifact_tasks:batchCreate", batch)
        .await
        .expect(200);
    let ids = texts(&created["artifact_tasks"], "id");
    assert!(ids.len() == 2 && ids[0] != ids[1]);
}

#[tokio::test]
async fn artifact_tasks_are_listed_for_something() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in [
        "/artifact_tasks",
        "/artifact_tasks?type=INPUT",
        "/artifact_tasks?page_size=5",
    ] {
        let answer = Kfp(&sandbox).get(path).await.expect(400);
        assert!(sentence(&answer).contains("task_ids, run_ids and artifact_ids"));
    }
}

#[tokio::test]
async fn artifact_tasks_are_narrowed_by_ids_and_type() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let artifact = create(&kfp, json!({ "name": "n" })).await;
    let id = artifact["artifact_id"].as_str().unwrap();
    for (run, task, kind) in [
        ("r1", "t1", "INPUT"),
        ("r1", "t2", "OUTPUT"),
        ("r2", "t3", "OUTPUT"),
    ] {
        let task = json!({ "artifact_id": id, "run_id": run, "task_id": task, "type": kind });
        kfp.post("/artifact_tasks", json!({ "artifact_task": task }))
            .await
            .expect(200);
    }
    let cases = [
        (format!("artifact_ids={id}"), "t1 t2 t3"),
        ("run_ids=r1".to_owned(), "t1 t2"),
        ("run_ids=r1&run_ids=r2".to_owned(), "t1 t2 t3"),
        ("run_ids=r1&task_ids=t2&task_ids=t3".to_owned(), "t2"),
        (format!("artifact_ids={id}&type=OUTPUT"), "t2 t3"),
        (format!("artifact_ids={id}&type=INPUT"), "t1"),
        (format!("artifact_ids={id}&type=UNSPECIFIED"), "t1 t2 t3"),
    ];
    for (query, tasks) in cases {
        let page = kfp
            .get(&format!("/artifact_tasks?{query}"))
            .await
            .expect(200);
        assert_eq!(
            texts(&page["artifact_tasks"], "task_id").join(" "),
            tasks,
            "{query}"
        );
    }
    let unknown = kfp
        .get("/artifact_tasks?run_ids=r1&type=SIDEWAYS")
        .await
        .expect(400);
    assert_eq!(unknown["code"], 3);
}

#[tokio::test]
async fn a_metric_is_created_then_replaced_under_its_task_and_name() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    let log = |value: Value| {
        json!({ "metric": {
            "task_id": "t", "name": "fidelity", "value": value, "type": "METRIC_OUTPUT",
        }})
    };
    let first = kfp.post("/metrics", log(json!(0.5))).await.expect(200);
    assert_eq!(first["created_at"], "2025-01-07T09:00:00Z");
    let second = kfp
        .post("/metrics", log(json!({ "rows": [[1, 0]] })))
        .await
        .expect(200);
    assert_eq!(second["value"], json!({ "rows": [[1, 0]] }));
    assert_eq!(second["created_at"], first["created_at"]);
    assert_eq!(kfp.get("/metrics/t/fidelity").await.expect(200), second);
    let page = kfp.get("/metrics").await.expect(200);
    assert_eq!(page, json!({ "metrics": [second], "total_size": 1 }));
}

#[tokio::test]
async fn a_metric_keeps_a_value_that_is_zero_and_the_time_it_is_given() {
    let sandbox = empty().await;
    let metric = json!({
        "task_id": "t", "name": "n", "value": 0, "schema": "Metric",
        "created_at": "2024-05-01T12:00:00.5+02:00",
    });
    let logged = Kfp(&sandbox)
        .post("/metrics", json!({ "metric": metric }))
        .await
        .expect(200);
    let expected = json!({
        "task_id": "t", "name": "n", "value": 0, "created_at": "2024-05-01T10:00:00.500Z",
    });
    assert_eq!(logged, expected);
}

#[tokio::test]
async fn a_metric_needs_a_task_a_name_and_a_value() {
    let sandbox = empty().await;
    let kfp = Kfp(&sandbox);
    kfp.post("/metrics", json!({})).await.expect(400);
    for missing in ["task_id", "name", "value"] {
        let mut metric = json!({ "task_id": "t", "name": "n", "value": 1 });
        metric.as_object_mut().unwrap().remove(missing);
        let answer = kfp
            .post("/metrics", json!({ "metric": metric }))
            .await
            .expect(400);
        assert_eq!(sentence(&answer), format!("metric.{missing} is required"));
    }
    let answer = kfp.get("/metrics/t/n").await.expect(404);
    assert_eq!(sentence(&answer), "Metric n of task t not found");
}

#[tokio::test]
async fn metrics_are_narrowed_by_task_run_and_namespace() {
    let sandbox = Sandbox::start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let all = kfp.get("/metrics?page_size=200").await.expect(200);
    let mut metrics = all["metrics"].as_array().unwrap().iter();
    let metric = metrics
        .find(|metric| metric["name"] == "shots_per_second")
        .unwrap();
    let task = metric["task_id"].as_str().unwrap();
    let links = kfp
        .get(&format!("/artifact_tasks?task_ids={task}"))
        .await
        .expect(200);
    let run = links["artifact_tasks"][0]["run_id"].as_str().unwrap();

    let total = async |query: String| {
        kfp.get(&format!("/metrics?{query}")).await.expect(200)["total_size"].clone()
    };
    assert_eq!(total(format!("task_ids={task}")).await, 1);
    assert_eq!(total(format!("run_ids={run}")).await, 3);
    assert_eq!(
        total(format!("namespace={NAMESPACE}")).await,
        all["total_size"]
    );
    assert_eq!(total("namespace=team-a".to_owned()).await, Value::Null);
    assert_eq!(total("run_ids=unknown".to_owned()).await, Value::Null);
}

#[tokio::test]
async fn the_seed_holds_artifacts_of_many_types_with_their_tasks_and_metrics() {
    let sandbox = Sandbox::start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let page = kfp
        .get(&format!("/artifacts?namespace={NAMESPACE}&page_size=200"))
        .await
        .expect(200);
    let artifacts = page["artifacts"].as_array().unwrap();
    assert!(artifacts.len() >= 45);
    let types = texts(&page["artifacts"], "type");
    for wanted in [
        "Model",
        "Dataset",
        "Metric",
        "ClassificationMetric",
        "HTML",
        "",
    ] {
        assert!(types.iter().any(|found| found == wanted), "{wanted}");
    }
    for artifact in artifacts {
        let id = artifact["artifact_id"].as_str().unwrap();
        let links = kfp
            .get(&format!("/artifact_tasks?artifact_ids={id}"))
            .await
            .expect(200);
        assert!(texts(&links["artifact_tasks"], "type").contains(&"OUTPUT".to_owned()));
    }
    assert_eq!(kfp.get("/metrics").await.expect(200)["total_size"], 24);
}

#[tokio::test]
async fn a_time_that_was_never_set_is_1970() {
    let sandbox = Sandbox::start().await.unwrap();
    let page = Kfp(&sandbox)
        .get("/artifacts?namespace=team-a")
        .await
        .expect(200);
    let times = texts(&page["artifacts"], "created_at");
    assert_eq!(times, ["1970-01-01T00:00:00Z", "2025-01-03T15:20:11Z"]);
}
