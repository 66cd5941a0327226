//! KFP artifacts, artifact tasks and metrics.

use std::collections::BTreeSet;

use crate::support::{Kfp, texts};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

async fn empty() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

/// A task that produces and uses artifacts.
struct Task<'a> {
    kfp: Kfp<'a>,
    run: String,
    id: String,
}

impl<'a> Task<'a> {
    async fn of(sandbox: &'a Sandbox) -> Self {
        let kfp = Kfp(sandbox);
        let run = kfp.run().await;
        let id = kfp.task(&run).await;
        Self { kfp, run, id }
    }

    /// Returns a request to create an artifact, with the fields of `given`.
    fn request(&self, given: Value) -> Value {
        let mut artifact = json!({ "name": "n", "type": "Artifact", "namespace": "ns" });
        merge(&mut artifact, given);
        json!({
            "artifact": artifact, "run_id": self.run, "task_id": self.id, "producer_key": "out",
        })
    }

    async fn create(&self, given: Value) -> Value {
        let request = self.request(given);
        self.kfp.post("/artifacts", request).await.expect(200)
    }

    fn link(&self, artifact: &Value, given: Value) -> Value {
        let mut link = json!({
            "artifact_id": artifact["artifact_id"], "run_id": self.run, "task_id": self.id,
            "type": "TASK_OUTPUT_INPUT", "producer": { "task_name": "step" }, "key": "in",
        });
        merge(&mut link, given);
        link
    }
}

fn merge(object: &mut Value, given: Value) {
    for (field, value) in given.as_object().unwrap() {
        object[field] = value.clone();
    }
}

#[track_caller]
fn sentence(body: &Value) -> &str {
    body["details"][0]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_created_artifact_can_be_read_and_is_listed() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let given = json!({
        "type": "Model", "uri": "s3://b/k", "description": "d", "metadata": { "a": [1, null, 2.0] },
    });
    let created = task.create(given).await;
    assert_eq!(created["metadata"], json!({ "a": [1, null, 2] }));
    assert!(created.get("namespace").is_none(), "{created}");
    let id = created["artifact_id"].as_str().unwrap();
    let path = format!("/artifacts/{id}");
    assert_eq!(task.kfp.get(&path).await.expect(200), created);
    let page = json!({ "artifacts": [created], "total_size": 1 });
    let listed = task.kfp.get("/artifacts?namespace=any").await.expect(200);
    assert_eq!(listed, page);
}

#[tokio::test]
async fn zero_values_are_left_out() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let zeros = json!({ "uri": "", "description": "", "metadata": {}, "number_value": 0 });
    let created = task.create(zeros).await;
    let fields: BTreeSet<_> = created.as_object().unwrap().keys().collect();
    let expected = ["artifact_id", "created_at", "name", "number_value", "type"];
    assert_eq!(fields, expected.map(String::from).iter().collect());
}

#[tokio::test]
async fn an_artifact_needs_a_name_a_type_a_namespace_and_a_task() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let other = task.kfp.run().await;
    let wrong = |field: &str, value: Value| {
        let mut request = task.request(json!({}));
        request[field] = value;
        request
    };
    for request in [
        json!({}),
        task.request(json!({ "name": "" })),
        task.request(json!({ "namespace": "" })),
        task.request(json!({ "type": 0 })),
        task.request(json!({ "artifact_id": "mine" })),
        task.request(json!({ "type": "Metric" })),
        task.request(json!({ "type": "ClassificationMetric" })),
        wrong("run_id", json!("")),
        wrong("task_id", json!("")),
        wrong("producer_key", json!("")),
        wrong("run_id", json!(other)),
    ] {
        let response = task.kfp.post("/artifacts", request).await.expect(400);
        assert_eq!(response["code"], 3, "{response}");
    }
    let unknown = task.kfp.post("/artifacts", wrong("task_id", json!("nope")));
    assert_eq!(sentence(&unknown.await.expect(404)), "Task nope not found");
}

#[tokio::test]
async fn an_artifact_of_a_task_is_linked_as_its_output() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let mut request = task.request(json!({}));
    request["iteration_index"] = json!(0);
    let artifact = task.kfp.post("/artifacts", request).await.expect(200);
    let path = format!("/artifact_tasks?run_ids={}", task.run);
    let links = task.kfp.get(&path).await.expect(200);
    let link = &links["artifact_tasks"][0];
    assert_eq!(link["artifact_id"], artifact["artifact_id"]);
    assert_eq!(link["type"], "ITERATOR_OUTPUT");
    assert_eq!(link["key"], "out");
    let producer = json!({ "task_name": "step", "iteration": "0" });
    assert_eq!(link["producer"], producer);
    let path = format!("/runs/{}/tasks/{}", task.run, task.id);
    let shown = task.kfp.get(&path).await.expect(200);
    assert_eq!(shown["outputs"]["artifacts"][0]["artifacts"][0], artifact);
}

#[tokio::test]
async fn an_identical_artifact_is_reused_only_on_request() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let request = async |name: &str, reuse: bool| {
        let mut request = task.request(json!({ "name": name, "uri": "u" }));
        request["reuse_if_exists"] = json!(reuse);
        let created = task.kfp.post("/artifacts", request).await.expect(200);
        created["artifact_id"].clone()
    };
    let first = request("a", true).await;
    assert_eq!(request("a", true).await, first);
    assert_ne!(request("a", false).await, first);
    assert_ne!(request("b", true).await, first);
}

#[tokio::test]
async fn a_batch_is_created_in_order_or_not_at_all() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let request = |name: &str| task.request(json!({ "name": name }));
    let wrong = json!({ "artifacts": [request("c"), request("")] });
    for batch in [wrong, json!({})] {
        let response = task.kfp.post("/artifacts:batchCreate", batch).await;
        response.expect(400);
    }
    assert_eq!(task.kfp.get("/artifacts").await.expect(200), json!({}));
    let batch = json!({ "artifacts": [request("c"), request("a"), request("b")] });
    let created = task.kfp.post("/artifacts:batchCreate", batch).await;
    let created = created.expect(200);
    assert_eq!(texts(&created["artifacts"], "name"), ["c", "a", "b"]);
}

#[tokio::test]
async fn an_update_replaces_only_the_named_fields() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let given = json!({ "description": "d", "metadata": { "a": 1 } });
    let mut artifact = task.create(given).await;
    let path = format!("/artifacts/{}", artifact["artifact_id"].as_str().unwrap());
    let changes = json!({
        "description": "new", "artifact_id": "other", "created_at": "1999-01-01T00:00:00Z",
    });
    artifact["description"] = json!("new");
    assert_eq!(task.kfp.put(&path, changes).await.expect(200), artifact);
    assert_eq!(task.kfp.get(&path).await.expect(200), artifact);
    for wrong in [json!({ "name": "" }), json!({ "surprise": 1 })] {
        task.kfp.put(&path, wrong).await.expect(400);
    }
    let missing = task.kfp.put("/artifacts/x", json!({ "name": "n" })).await;
    assert_eq!(sentence(&missing.expect(404)), "Artifact x not found");
}

#[tokio::test]
async fn a_link_needs_all_of_its_fields_and_is_unique() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let artifact = task.create(json!({})).await;
    let link = |given| json!({ "artifact_task": task.link(&artifact, given) });
    for field in [
        "artifact_id",
        "run_id",
        "task_id",
        "type",
        "producer",
        "key",
    ] {
        let mut link = link(json!({}));
        link["artifact_task"].as_object_mut().unwrap().remove(field);
        let response = task.kfp.post("/artifact_tasks", link).await.expect(400);
        assert_eq!(
            sentence(&response),
            format!("artifact_task.{field} is required")
        );
    }
    for field in ["artifact_id", "task_id"] {
        let unknown = link(json!({ field: "x" }));
        task.kfp.post("/artifact_tasks", unknown).await.expect(404);
    }
    let large = json!({ "producer": { "iteration": 9_007_199_254_740_993_i64 } });
    let created = task.kfp.post("/artifact_tasks", link(large.clone())).await;
    let created = created.expect(200);
    assert_eq!(created["producer"]["iteration"], "9007199254740993");
    let again = task.kfp.post("/artifact_tasks", link(large)).await;
    assert_eq!(sentence(&again.expect(500)), "Internal Server Error");
}

#[tokio::test]
async fn a_batch_of_artifact_tasks_is_created_as_a_whole_or_not_at_all() {
    let sandbox = empty().await;
    let task = Task::of(&sandbox).await;
    let artifact = task.create(json!({})).await;
    let (good, wrong) = (json!({ "key": "a" }), json!({ "artifact_id": "x" }));
    let batch = |links: [Value; 2]| {
        let links = links.map(|given| task.link(&artifact, given));
        json!({ "artifact_tasks": links })
    };
    let path = "/artifact_tasks:batchCreate";
    let response = task.kfp.post(path, batch([good.clone(), wrong])).await;
    response.expect(404);
    task.kfp
        .post(path, json!({ "artifact_tasks": [] }))
        .await
        .expect(400);
    let links = format!(
        "/artifact_tasks?task_ids={}&type=TASK_OUTPUT_INPUT",
        task.id
    );
    assert_eq!(task.kfp.get(&links).await.expect(200), json!({}));
    let created = task
        .kfp
        .post(path, batch([good, json!({ "key": "b" })]))
        .await;
    let created = created.expect(200);
    assert_eq!(texts(&created["artifact_tasks"], "key"), ["a", "b"]);
    assert_eq!(task.kfp.get(&links).await.expect(200)["total_size"], 2);
}

#[tokio::test]
async fn a_list_of_artifact_tasks_needs_a_restriction() {
    let sandbox = Sandbox::start().await.unwrap();
    for query in ["", "?type=OUTPUT", "?page_size=5"] {
        let path = format!("/artifact_tasks{query}");
        let response = Kfp(&sandbox).get(&path).await.expect(400);
        assert!(sentence(&response).contains("task_ids, run_ids and artifact_ids"));
    }
}

#[tokio::test]
async fn artifact_tasks_are_restricted_by_ids_and_type() {
    let sandbox = empty().await;
    let (one, other) = (Task::of(&sandbox).await, Task::of(&sandbox).await);
    let artifact = one.create(json!({})).await;
    let link = json!({ "artifact_task": other.link(&artifact, json!({})) });
    one.kfp.post("/artifact_tasks", link).await.expect(200);
    let id = artifact["artifact_id"].as_str().unwrap();
    for (query, total) in [
        (format!("artifact_ids={id}"), 2),
        (format!("run_ids={}", one.run), 1),
        (format!("run_ids={}&run_ids={}", one.run, other.run), 2),
        (format!("run_ids={}&task_ids={}", one.run, other.id), 0),
        (format!("artifact_ids={id}&type=OUTPUT"), 1),
        (format!("artifact_ids={id}&type=9"), 1),
        (format!("artifact_ids={id}&type=UNSPECIFIED"), 2),
        ("run_ids=unknown".to_owned(), 0),
    ] {
        let page = one.kfp.get(&format!("/artifact_tasks?{query}")).await;
        let found = page.expect(200)["total_size"].as_u64();
        assert_eq!(found.unwrap_or_default(), total, "{query}");
    }
    for (query, status) in [
        ("artifact_ids=x&type=SIDEWAYS", 400),
        ("artifact_ids=x", 404),
        ("task_ids=x", 404),
    ] {
        let path = format!("/artifact_tasks?{query}");
        one.kfp.get(&path).await.expect(status);
    }
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
async fn a_metric_keeps_a_zero_value_and_a_given_time() {
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
        let response = kfp
            .post("/metrics", json!({ "metric": metric }))
            .await
            .expect(400);
        assert_eq!(sentence(&response), format!("{missing} is required"));
    }
    let response = kfp.get("/metrics/t/n").await.expect(404);
    assert_eq!(sentence(&response), "Metric t/n not found");
}

#[tokio::test]
async fn metrics_are_restricted_by_task_and_run() {
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
    assert_eq!(total("run_ids=unknown".to_owned()).await, Value::Null);
}

#[tokio::test]
async fn the_seed_holds_runs_with_tasks_artifacts_and_metrics() {
    let sandbox = Sandbox::start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let page = kfp.get("/artifacts?page_size=200").await.expect(200);
    let artifacts = page["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 58);
    let types: BTreeSet<String> = texts(&page["artifacts"], "type").into_iter().collect();
    let known = [
        "Artifact",
        "ClassificationMetric",
        "Dataset",
        "HTML",
        "Metric",
        "Model",
    ];
    assert_eq!(types, known.map(String::from).into());
    let runs = kfp.get("/runs?view=FULL").await.expect(200);
    assert_eq!(runs["total_size"], 8);
    for run in runs["runs"].as_array().unwrap() {
        let tasks = run["tasks"].as_array().unwrap();
        let shown = tasks
            .iter()
            .find(|task| task["name"] == "fit-readout")
            .unwrap();
        assert_eq!(shown["outputs"]["artifacts"].as_array().unwrap().len(), 4);
        assert_eq!(shown["inputs"]["artifacts"].as_array().unwrap().len(), 1);
    }
    assert_eq!(kfp.get("/metrics").await.expect(200)["total_size"], 24);
}

#[tokio::test]
async fn a_time_that_was_never_set_is_1970() {
    let sandbox = Sandbox::start().await.unwrap();
    let page = Kfp(&sandbox)
        .get("/artifacts?page_size=1")
        .await
        .expect(200);
    let times = texts(&page["artifacts"], "created_at");
    assert_eq!(times, ["1970-01-01T00:00:00Z"]);
}
