//! Operations of backends: they claim batch jobs, run them, and change themselves.

use std::time::Duration;

use crate::support::{Compute, Response, plain, send};
use compute_kfp_sandbox::{BACKEND_ID, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

/// A time in which the sandbox runs a batch job.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

struct Backend<'a> {
    sandbox: &'a Sandbox,
    key: String,
}

impl<'a> Backend<'a> {
    fn of(sandbox: &'a Sandbox) -> Self {
        let key = sandbox.compute_api_key().to_owned();
        Self { sandbox, key }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = plain(self.sandbox, method, path).header("authorization", &self.key);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    async fn patch(&self, path: &str) -> Response {
        self.send(Method::PATCH, path, None).await
    }

    async fn change(&self, path: &str, changes: Value) -> Response {
        self.send(Method::PATCH, path, Some(changes)).await
    }

    async fn peek(&self, passed_over: Value) -> Response {
        self.change("/batch_jobs/peek", passed_over).await
    }
}

async fn commit(compute: &Compute<'_>) -> Value {
    let project = json!({ "owner_id": 1, "name": "p", "description": "" });
    let project = compute.post("/projects", project).await.expect(201);
    let algorithm = json!({
        "project_id": project["id"], "type": "quantum", "shared": "private", "name": "a",
    });
    let algorithm = compute.post("/algorithms", algorithm).await.expect(201);
    let commit = json!({ "description": "", "algorithm_id": algorithm["id"] });
    compute.post("/commits", commit).await.expect(201)["id"].clone()
}

async fn file(compute: &Compute<'_>, commit: &Value, content: &str) -> Value {
    let file = json!({
        "commit_id": commit,
        "content": content,
        "language_id": 1,
        "compile_stage": "none",
        "compile_properties": {},
    });
    compute.post("/files", file).await.expect(201)["id"].clone()
}

/// Enqueues a batch job with one job, and returns the ids of both.
async fn enqueued(sandbox: &Sandbox) -> (Value, Value) {
    let compute = Compute(sandbox);
    let file = file(&compute, &commit(&compute).await, "version 3").await;
    let batch = json!({ "backend_type_id": BACKEND_ID });
    let batch = compute.post("/batch_jobs", batch).await.expect(201)["id"].clone();
    let job = json!({ "file_id": file, "batch_job_id": batch });
    let job = compute.post("/jobs", job).await.expect(201)["id"].clone();
    let path = format!("/batch_jobs/{batch}/enqueue");
    send(compute.request(Method::PATCH, &path))
        .await
        .expect(200);
    (batch, job)
}

#[tokio::test]
async fn the_longest_waiting_batch_job_is_peeked_and_popped_first() {
    let sandbox = sandbox().await;
    let backend = Backend::of(&sandbox);
    assert!(backend.peek(json!([])).await.expect(422)["detail"].is_string());
    backend.patch("/batch_jobs/pop").await.expect(404);

    let (first, _) = enqueued(&sandbox).await;
    let (second, _) = enqueued(&sandbox).await;
    assert_eq!(backend.peek(json!([])).await.expect(200)["id"], first);
    let other = backend.peek(json!([first, null])).await.expect(200);
    assert_eq!(
        (&other["id"], &other["status"]),
        (&second, &json!("queued"))
    );

    let claimed = backend.patch("/batch_jobs/pop").await.expect(200);
    assert_eq!(claimed["id"], first);
    assert_eq!(claimed["status"], "reserved");
    assert_eq!(claimed["backend_id"], BACKEND_ID);
    assert!(claimed["reserved_at"].is_string());
    assert_eq!(backend.peek(json!([])).await.expect(200)["id"], second);
}

#[tokio::test]
async fn only_its_backend_runs_a_claimed_batch_job() {
    let sandbox = sandbox().await;
    let (backend, compute) = (Backend::of(&sandbox), Compute(&sandbox));
    let (batch, job) = enqueued(&sandbox).await;
    backend.patch("/batch_jobs/pop").await.expect(200);
    sandbox.advance(LONG_ENOUGH);
    let path = format!("/jobs/{job}");
    assert_eq!(compute.get(&path).await.expect(200)["status"], "planned");

    let status = async || {
        let page = compute
            .get(&format!("/batch_jobs?id={batch}"))
            .await
            .expect(200);
        page["items"][0]["status"].clone()
    };
    backend
        .change(&path, json!({ "status": "running" }))
        .await
        .expect(200);
    assert_eq!(status().await, "running");
    backend
        .change(&path, json!({ "status": "completed" }))
        .await
        .expect(200);
    assert_eq!(
        status().await,
        "running",
        "the backend says when it is done"
    );
    backend
        .patch(&format!("/batch_jobs/{batch}/finish"))
        .await
        .expect(200);
    assert_eq!(status().await, "finished");
}

#[tokio::test]
async fn a_returned_batch_job_runs_after_all() {
    let sandbox = sandbox().await;
    let (backend, compute) = (Backend::of(&sandbox), Compute(&sandbox));
    let (batch, job) = enqueued(&sandbox).await;
    let unpop = format!("/batch_jobs/{batch}/unpop");
    assert!(backend.patch(&unpop).await.expect(422)["detail"].is_string());
    backend.patch("/batch_jobs/pop").await.expect(200);
    let given_back = backend.patch(&unpop).await.expect(200);
    assert_eq!(given_back["status"], "queued");
    assert_eq!(given_back["backend_id"], Value::Null);
    sandbox.advance(LONG_ENOUGH);
    let job = compute.get(&format!("/jobs/{job}")).await.expect(200);
    assert_eq!(job["status"], "completed");
}

#[tokio::test]
async fn the_queue_of_a_backend_type_has_a_length_and_waiting_times() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let path = format!("/backend_types/{BACKEND_ID}/queue");
    let none = compute.get(&path).await.expect(200);
    assert_eq!(none["number_of_jobs_in_queue"], 0);
    for name in ["min", "avg", "max"] {
        let wait = none[format!("{name}_wait_time_in_queue_secs")].as_f64();
        assert!(wait.is_some_and(|wait| wait == 0.0 && wait.is_sign_positive()));
    }
    enqueued(&sandbox).await;
    sandbox.advance(Duration::from_millis(100));
    enqueued(&sandbox).await;
    let two = compute
        .get(&format!("{path}?user_only=true"))
        .await
        .expect(200);
    assert_eq!(two["number_of_jobs_in_queue"], 2);
    let seconds = |name: &str| {
        two[format!("{name}_wait_time_in_queue_secs")]
            .as_f64()
            .unwrap()
    };
    assert!(seconds("min") < seconds("avg") && seconds("avg") < seconds("max"));
    compute.get("/backend_types/99/queue").await.expect(404);
}

#[tokio::test]
async fn waiting_times_are_never_negative() {
    let seed = json!({ "compute": {
        "batch_jobs": [{
            "backend_type_id": 7, "status": "queued", "queued_at": "2999-01-01T00:00:00",
            "job_ids": [1],
        }],
        "jobs": [{ "batch_job_id": 1 }],
    } });
    let sandbox = Sandbox::builder().empty().seed(seed).start().await.unwrap();
    let path = format!("/backend_types/{BACKEND_ID}/queue");
    let queue = Compute(&sandbox).get(&path).await.expect(200);
    assert_eq!(queue["number_of_jobs_in_queue"], 1);
    assert_eq!(queue["min_wait_time_in_queue_secs"], 0.0);
}

#[tokio::test]
async fn nothing_leaves_the_queue_while_it_is_drained() {
    let sandbox = sandbox().await;
    let (backend, compute) = (Backend::of(&sandbox), Compute(&sandbox));
    assert_eq!(
        backend.get("/drain_mode").await.expect(200)["enabled"],
        false
    );
    let (_, job) = enqueued(&sandbox).await;
    let drain = json!({ "enabled": true, "reason": "new software" });
    let mode = backend.change("/drain_mode", drain).await.expect(200);
    assert_eq!(
        (&mode["pending_jobs"], &mode["safe_to_deploy"]),
        (&json!(1), &json!(true))
    );
    backend.patch("/batch_jobs/pop").await.expect(404);
    sandbox.advance(LONG_ENOUGH);
    let path = format!("/jobs/{job}");
    assert_eq!(compute.get(&path).await.expect(200)["status"], "planned");

    let go_on = json!({ "enabled": false, "reason": "deployed" });
    backend.change("/drain_mode", go_on).await.expect(200);
    sandbox.advance(LONG_ENOUGH);
    assert_eq!(compute.get(&path).await.expect(200)["status"], "completed");
    let incomplete = json!({ "enabled": true });
    backend.change("/drain_mode", incomplete).await.expect(422);
}

#[tokio::test]
async fn a_registered_backend_has_its_own_key() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let body = json!({
        "name": "Tuna", "location": "Delft", "backend_type_id": 9, "status": "idle",
        "last_heartbeat": "2025-01-07T09:00:00Z",
    });
    let registered = compute.post("/backends", body).await.expect(201);
    let key = registered["authentication_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = compute
        .get(&format!("/backends/{}", registered["id"]))
        .await
        .expect(200);
    assert!(
        shown.get("authentication_hash").is_none(),
        "it is shown once"
    );
    assert!(
        shown.get("hostname").is_none(),
        "users do not see where it is"
    );

    let backend = Backend {
        sandbox: &sandbox,
        key,
    };
    assert_eq!(
        backend.get("/backends/me").await.expect(200)["id"],
        registered["id"]
    );
    let changes = json!({ "status": "calibrating", "hostname": "tuna.example.com" });
    let changed = backend.change("/backends/me", changes).await.expect(200);
    assert_eq!(changed["status"], "calibrating");
    let found = backend
        .get("/backends/hostnames?hostname=tuna.example.com")
        .await
        .expect(200);
    assert_eq!(found["items"][0]["id"], registered["id"]);
    let kind = backend
        .change("/backend_types/me", json!({ "nqubits": 9 }))
        .await
        .expect(200);
    assert_eq!((&kind["id"], &kind["nqubits"]), (&json!(9), &json!(9)));

    let stranger = Backend {
        sandbox: &sandbox,
        key: "x".to_owned(),
    };
    stranger.get("/backends/me").await.expect(401);
}

#[tokio::test]
async fn a_compilation_creates_a_file_or_explains_its_failure() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let commit = commit(&compute).await;
    let compile = async |body: Value| {
        compute
            .post(&format!("/commits/{commit}/compile"), body)
            .await
    };
    let body = json!({ "backend_type_id": BACKEND_ID, "compile_stage": "mapping" });
    assert_eq!(
        compile(body.clone()).await.expect(400),
        json!({ "detail": "Commit has no file to compile" })
    );
    file(&compute, &commit, "version 3").await;
    compile(body.clone()).await.expect(204);
    let files = compute
        .get(&format!("/files?commit_id={commit}&generated=true"))
        .await;
    let files = files.expect(200);
    assert_eq!(files["total"], 1);
    assert_eq!(files["items"][0]["compile_stage"], "mapping");
    assert_eq!(files["items"][0]["name"], "_mapping");

    file(&compute, &commit, "version 3\nerror").await;
    assert_eq!(
        compile(body).await.expect(400),
        json!({ "detail": "Line 2 mentions an error" })
    );
    compile(json!({ "backend_type_id": 99 })).await.expect(422);
    compile(json!({})).await.expect(422);
}

#[tokio::test]
async fn a_reservation_is_terminated_once() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let mut body = json!({
        "member_id": 1, "backend_type_id": BACKEND_ID,
        "start_time": "2025-01-08T09:00:00Z", "end_time": "2025-01-08T10:00:00Z",
    });
    let made = compute
        .post("/reservations", body.clone())
        .await
        .expect(201);
    assert_eq!(
        (&made["backend_id"], &made["is_terminated"]),
        (&json!(7), &json!(false))
    );
    let path = format!("/reservations/{}/terminate", made["id"]);
    let terminated = send(compute.request(Method::PATCH, &path))
        .await
        .expect(200);
    assert_eq!(terminated["is_terminated"], true);
    let again = send(compute.request(Method::PATCH, &path))
        .await
        .expect(422);
    assert!(again["detail"].is_string());

    body["end_time"] = body["start_time"].clone();
    let backwards = compute.post("/reservations", body).await.expect(422);
    assert_eq!(
        backwards,
        json!({ "detail": "end_time must be later than start_time" })
    );
}

#[tokio::test]
async fn a_member_of_an_unknown_team_is_a_404() {
    let sandbox = sandbox().await;
    let body = json!({ "team_id": 9, "user_id": 1, "role": "admin" });
    let response = Compute(&sandbox).post("/members", body).await.expect(404);
    assert_eq!(response, json!({ "detail": "Team 9 does not exist" }));
}
