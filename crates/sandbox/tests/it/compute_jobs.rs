//! Compute's batch jobs and jobs, as time passes on the sandbox's clock.

use std::time::Duration;

use crate::support::{Compute, plain, send};
use compute_kfp_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

/// A time in which a job waits and runs.
const LONG_ENOUGH: Duration = Duration::from_secs(10);

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

/// Creates a file of an algorithm of that type, and returns its id.
async fn file(compute: &Compute<'_>, kind: &str, content: &str) -> i64 {
    let project = json!({ "owner_id": 1, "name": "p", "description": "" });
    let project = compute.post("/projects", project).await.expect(201);
    let algorithm = json!({
        "project_id": project["id"], "type": kind, "shared": "private", "name": "a",
    });
    let algorithm = compute.post("/algorithms", algorithm).await.expect(201);
    let commit = json!({ "description": "", "algorithm_id": algorithm["id"] });
    let commit = compute.post("/commits", commit).await.expect(201);
    assert_eq!(commit["hash"].as_str().unwrap().len(), 32);
    let file = json!({
        "commit_id": commit["id"],
        "content": content,
        "language_id": 1,
        "compile_stage": "none",
        "compile_properties": {},
    });
    let file = compute.post("/files", file).await.expect(201);
    assert_eq!(file["generated"], false);
    file["id"].as_i64().unwrap()
}

async fn batch(compute: &Compute<'_>) -> i64 {
    let batch = compute
        .post("/batch_jobs", json!({ "backend_type_id": 7 }))
        .await;
    let batch = batch.expect(201);
    assert_eq!(
        (&batch["status"], &batch["job_ids"]),
        (&json!("planned"), &json!([]))
    );
    batch["id"].as_i64().unwrap()
}

/// Returns the first batch job, which can only be listed.
async fn batch_job(compute: &Compute<'_>) -> Value {
    let page = compute.get("/batch_jobs?id=1").await.expect(200);
    assert_eq!(page["total"], 1);
    page["items"][0].clone()
}

async fn job(compute: &Compute<'_>, file_id: i64, batch_job_id: i64) -> i64 {
    let job = json!({ "file_id": file_id, "batch_job_id": batch_job_id, "number_of_shots": 100 });
    let job = compute.post("/jobs", job).await.expect(201);
    assert_eq!(job["status"], "planned");
    job["id"].as_i64().unwrap()
}

async fn enqueue(compute: &Compute<'_>, batch: i64) -> Value {
    let request = compute.request(Method::PATCH, &format!("/batch_jobs/{batch}/enqueue"));
    send(request).await.expect(200)
}

/// An enqueued job.
async fn enqueued(sandbox: &Sandbox, kind: &str, content: &str) -> i64 {
    let compute = Compute(sandbox);
    let file = file(&compute, kind, content).await;
    let batch = batch(&compute).await;
    let job = job(&compute, file, batch).await;
    assert_eq!(enqueue(&compute, batch).await["status"], "queued");
    job
}

async fn state(compute: &Compute<'_>, job: i64) -> String {
    let job = compute.get(&format!("/jobs/{job}")).await.expect(200);
    job["status"].as_str().unwrap().to_owned()
}

/// Reads a job's log page by page, and drops repeated lines.
async fn log(compute: &Compute<'_>, job: i64, limit: usize) -> Vec<(i64, String)> {
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut path = format!("/jobs/{job}/logs?limit={limit}");
    loop {
        let page = compute.get(&path).await.expect(200);
        let read: Vec<(i64, String)> = page["logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                (
                    line["timestamp"].as_i64().unwrap(),
                    line["line"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        assert!(read.len() <= limit);
        let again = read.first().map_or(0, |first| {
            lines.iter().filter(|line| line.0 >= first.0).count()
        });
        lines.extend(read.into_iter().skip(again));
        let Some(next) = page["next_start"].as_i64() else {
            return lines;
        };
        path = format!("/jobs/{job}/logs?limit={limit}&start={next}");
    }
}

#[tokio::test]
async fn a_job_progresses_only_as_time_passes() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "quantum", "H q[0]").await;
    for _ in 0..20 {
        assert_eq!(state(&compute, id).await, "planned");
    }
    sandbox.advance(Duration::from_secs(3));
    assert_eq!(state(&compute, id).await, "running");
    let batch = batch_job(&compute).await;
    assert_eq!(
        (&batch["status"], &batch["backend_id"]),
        (&json!("running"), &json!(7))
    );
    assert!(
        compute
            .get(&format!("/final_results/job/{id}"))
            .await
            .status
            == 404
    );
    let results = compute.get(&format!("/results/job/{id}")).await.expect(200);
    assert_eq!(results["total"], 0);

    sandbox.advance(LONG_ENOUGH);
    let job = compute.get(&format!("/jobs/{id}")).await.expect(200);
    assert_eq!(job["status"], "completed");
    assert!(job["queued_at"].as_str() < job["finished_at"].as_str());
    let batch = batch_job(&compute).await;
    assert_eq!(batch["status"], "finished");
    assert_eq!(batch["finished_at"], job["finished_at"]);

    let results = compute.get(&format!("/results/job/{id}")).await.expect(200);
    assert_eq!(results["total"], 1);
    let result = &results["items"][0];
    assert_eq!(result["results"], json!({ "00": 50, "11": 50 }));
    assert_eq!(
        (&result["shots_done"], &result["raw_data"]),
        (&json!(100), &Value::Null)
    );
    let final_result = compute
        .get(&format!("/final_results/job/{id}"))
        .await
        .expect(404);
    assert_eq!(final_result, json!({ "detail": "Final result not found" }));
}

#[tokio::test]
async fn one_long_advance_has_the_result_of_many_short_ones() {
    let mut ends = Vec::new();
    for steps in [1, 200] {
        let sandbox = sandbox().await;
        let compute = Compute(&sandbox);
        let id = enqueued(&sandbox, "hybrid", "a\nb\nc\nd").await;
        for _ in 0..steps {
            sandbox.advance(Duration::from_secs(20) / steps);
        }
        ends.push((
            compute.get(&format!("/jobs/{id}")).await.expect(200),
            compute.get("/results/job/1").await.expect(200),
            log(&compute, id, 200).await,
        ));
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test]
async fn a_clock_with_a_speed_needs_no_advance() {
    let sandbox = Sandbox::builder().speed(10_000.0).start().await.unwrap();
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "quantum", "H q[0]").await;
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while state(&compute, id).await != "completed" {
        assert!(std::time::Instant::now() < deadline);
    }
}

#[tokio::test]
async fn a_hybrid_job_has_a_result_for_each_line_and_a_final_one() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "hybrid", &"step\n".repeat(120)).await;
    assert_eq!(
        batch_job(&compute).await["aggregated_algorithm_type"],
        "hybrid"
    );
    sandbox.advance(LONG_ENOUGH);
    let mut ids = Vec::new();
    for number in 1..=3 {
        let path = format!("/results/job/{id}?page={number}&sort_by=-id");
        let page = compute.get(&path).await.expect(200);
        assert_eq!((&page["total"], &page["pages"]), (&json!(120), &json!(3)));
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
    }
    assert_eq!(ids, (1..=120).rev().collect::<Vec<i64>>());
    let final_result = compute
        .get(&format!("/final_results/job/{id}"))
        .await
        .expect(200);
    assert_eq!(final_result["final_result"], json!({ "iterations": 120 }));
    let of_algorithm = compute.get("/results/algorithm/1?size=1").await.expect(200);
    assert_eq!(of_algorithm["total"], 120);
    compute.get("/results/job/404").await.expect(404);
}

#[tokio::test]
async fn a_job_whose_source_mentions_an_error_fails_with_a_reason() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "hybrid", "H q[0]\nerror here").await;
    sandbox.advance(LONG_ENOUGH);
    let job = compute.get(&format!("/jobs/{id}")).await.expect(200);
    assert_eq!(job["status"], "failed");
    assert_eq!(job["message"], "Line 2 mentions an error");
    assert_eq!(
        compute.get(&format!("/results/job/{id}")).await.expect(200)["total"],
        0
    );
    compute
        .get(&format!("/final_results/job/{id}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn cancelling_with_the_status_alone_ends_a_job_and_keeps_the_rest() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "quantum", "H q[0]").await;
    let path = format!("/jobs/{id}");
    let request = plain(&sandbox, Method::PATCH, &path)
        .header("authorization", sandbox.compute_api_key())
        .json(&json!({ "status": "planned", "session_id": "s-1", "message": "soon" }));
    send(request).await.expect(200);
    sandbox.advance(Duration::from_secs(3));
    let cancelled = compute
        .patch(&path, json!({ "status": "cancelled" }))
        .await
        .expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(
        (&cancelled["session_id"], &cancelled["message"]),
        (&json!("s-1"), &json!("soon"))
    );
    assert!(cancelled["finished_at"].is_string());
    let emptied = compute.patch(&path, json!({ "status": "cancelled", "message": "" }));
    assert_eq!(emptied.await.expect(200)["message"], "");

    sandbox.advance(LONG_ENOUGH);
    assert_eq!(state(&compute, id).await, "cancelled");
    assert_eq!(batch_job(&compute).await["status"], "finished");
    let body = compute
        .patch(&path, json!({ "status": "running" }))
        .await
        .expect(422);
    assert_eq!(
        body,
        json!({ "detail": "Job is cancelled, which is final" })
    );
    let body = compute.patch(&path, json!({})).await.expect(422);
    assert_eq!(body["detail"][0]["loc"], json!(["body", "status"]));
}

#[tokio::test]
async fn the_jobs_of_a_batch_run_one_after_the_other() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let file = file(&compute, "quantum", "H q[0]").await;
    let batch = batch(&compute).await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(job(&compute, file, batch).await);
    }
    enqueue(&compute, batch).await;
    compute
        .patch(
            &format!("/jobs/{}", jobs[1]),
            json!({ "status": "cancelled" }),
        )
        .await
        .expect(200);
    let states = async || {
        let page = compute
            .get("/jobs?sort_by=id&batch_job_id=1")
            .await
            .expect(200);
        crate::support::texts(&page["items"], "status")
    };
    sandbox.advance(Duration::from_secs(3));
    assert_eq!(states().await, ["running", "cancelled", "planned"]);
    sandbox.advance(Duration::from_secs(4));
    assert_eq!(states().await, ["completed", "cancelled", "running"]);
    sandbox.advance(Duration::from_secs(4));
    assert_eq!(states().await, ["completed", "cancelled", "completed"]);
    let batch = batch_job(&compute).await;
    assert_eq!(batch["status"], "finished");
    assert_eq!(batch["job_ids"], json!(jobs));
}

#[tokio::test]
async fn only_a_planned_batch_job_accepts_jobs_and_is_enqueued() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let file = file(&compute, "quantum", "H q[0]").await;
    let batch = batch(&compute).await;
    let shots = json!({ "file_id": file, "batch_job_id": batch, "number_of_shots": 4097 });
    assert!(compute.post("/jobs", shots).await.expect(422)["detail"].is_string());
    for _ in 0..10 {
        job(&compute, file, batch).await;
    }
    let one_more = json!({ "file_id": file, "batch_job_id": batch });
    let body = compute.post("/jobs", one_more.clone()).await.expect(409);
    assert_eq!(body, json!({ "detail": "Batch job is full" }));
    enqueue(&compute, batch).await;
    let body = compute.post("/jobs", one_more).await.expect(409);
    assert_eq!(body, json!({ "detail": "Batch job is already enqueued" }));
    let again = compute.request(Method::PATCH, "/batch_jobs/1/enqueue");
    assert!(send(again).await.expect(422)["detail"].is_string());
    let unknown = compute.request(Method::PATCH, "/batch_jobs/404/enqueue");
    send(unknown).await.expect(404);
}

#[tokio::test]
async fn a_deleted_job_leaves_its_batch_job() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "quantum", "H q[0]").await;
    compute.delete(&format!("/jobs/{id}")).await.expect(204);
    sandbox.advance(LONG_ENOUGH);
    let batch = batch_job(&compute).await;
    assert_eq!(
        (&batch["status"], &batch["job_ids"]),
        (&json!("finished"), &json!([]))
    );
}

#[tokio::test]
async fn results_are_as_wide_as_the_measured_bits() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    for (source, width) in [
        (
            "version 3.0\nqubit[2] q\nbit[5] b\nbit last\nb[0] = measure q[0]",
            6,
        ),
        ("version 3.0; qubit[3] q; qubit r // bit[9] b", 4),
        ("version 1.0\nqubits 1\nmeasure q[0]", 1),
        ("bit[99999999999999999999] b", 2),
        ("bit[1000000000] b", 256),
        ("bit[] b\nbitter[3] b", 2),
        ("H q[0]", 2),
    ] {
        let id = enqueued(&sandbox, "quantum", source).await;
        sandbox.advance(LONG_ENOUGH);
        let results = compute.get(&format!("/results/job/{id}")).await.expect(200);
        let counts = results["items"][0]["results"].as_object().unwrap();
        assert!(
            counts.keys().all(|bits| bits.len() == width),
            "{source}: {counts:?}"
        );
    }
}

#[tokio::test]
async fn a_log_is_read_in_pages_by_time_and_each_line_has_its_own() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let source: String = (0..250).map(|line| format!("X q[{line}]\n")).collect();
    let id = enqueued(&sandbox, "quantum", &source).await;
    let path = format!("/jobs/{id}/logs");
    let empty = compute.get(&path).await.expect(200);
    assert_eq!(empty, json!({ "logs": [], "next_start": null }));

    sandbox.advance(Duration::from_millis(3500));
    let while_running = log(&compute, id, 200).await;
    sandbox.advance(LONG_ENOUGH);
    let whole = log(&compute, id, 200).await;
    assert!(while_running.len() > 2 && while_running.len() < whole.len());
    assert!(whole.starts_with(&while_running));
    assert_eq!(whole.len(), 250 + 4);
    assert!(whole.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for limit in [4, 7, 100] {
        assert_eq!(log(&compute, id, limit).await, whole, "{limit}");
    }
    let page = compute.get(&path).await.expect(200);
    assert_eq!(page["logs"].as_array().unwrap().len(), 100);
    assert_eq!(page["next_start"], whole[100].0);

    let (start, end) = (whole[10].0, whole[20].0);
    let between = compute
        .get(&format!("{path}?start={start}&end={end}"))
        .await
        .expect(200);
    let expected = whole
        .iter()
        .filter(|line| (start..=end).contains(&line.0))
        .count();
    assert_eq!(between["logs"].as_array().unwrap().len(), expected);
    assert_eq!(between["next_start"], Value::Null);
    compute
        .get(&format!("{path}?start={end}&end={start}"))
        .await
        .expect(400);
    for limit in ["0", "201", "x"] {
        let body = compute
            .get(&format!("{path}?limit={limit}"))
            .await
            .expect(422);
        assert_eq!(body["detail"][0]["loc"], json!(["query", "limit"]));
    }
    compute.get("/jobs/404/logs").await.expect(404);
}

#[tokio::test]
async fn a_batch_job_is_finished_once_its_jobs_have_ended() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let id = enqueued(&sandbox, "quantum", "H q[0]").await;
    let finish = || {
        plain(&sandbox, Method::PATCH, "/batch_jobs/1/finish")
            .header("authorization", sandbox.compute_api_key())
    };
    assert!(send(finish()).await.expect(422)["detail"].is_string());
    compute
        .patch(&format!("/jobs/{id}"), json!({ "status": "cancelled" }))
        .await
        .expect(200);
    let finished = send(finish()).await.expect(200);
    assert_eq!(finished["status"], "finished");
    sandbox.advance(LONG_ENOUGH);
    assert_eq!(batch_job(&compute).await, finished);
}
