//! KFP's recurring runs, and the reports of agents.

use std::time::Duration;

use crate::support::{Kfp, spec, texts};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

/// An enabled recurring run, once a minute.
fn minutely() -> Value {
    let mut spec = spec(&[]);
    let shots = json!({ "shots": { "parameterType": "NUMBER_INTEGER" } });
    spec["root"]["inputDefinitions"] = json!({ "parameters": shots });
    json!({
        "display_name": "nightly",
        "pipeline_spec": spec,
        "runtime_config": { "parameters": { "shots": 5 } },
        "max_concurrency": 2,
        "mode": "ENABLE",
        "trigger": { "periodic_schedule": { "interval_second": "60" } },
    })
}

async fn create(kfp: &Kfp<'_>, body: Value) -> String {
    let created = kfp.post("/recurringruns", body).await.expect(200);
    created["recurring_run_id"].as_str().unwrap().to_owned()
}

async fn switch(kfp: &Kfp<'_>, id: &str, verb: &str) {
    let response = kfp
        .post(&format!("/recurringruns/{id}:{verb}"), json!({}))
        .await;
    assert_eq!(response.expect(200), json!({}));
}

async fn runs(kfp: &Kfp<'_>) -> Vec<Value> {
    let page = kfp.get("/runs?page_size=200").await.expect(200);
    page["runs"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn runs_start_at_their_due_times_however_long_the_advance() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let id = create(&kfp, minutely()).await;
    assert_eq!(runs(&kfp).await.len(), 0);
    sandbox.advance(MINUTE);
    let first = runs(&kfp).await;
    assert_eq!(texts(&json!(first), "recurring_run_id"), [id.as_str()]);
    assert_eq!(first[0]["display_name"], "nightly-1");
    assert_eq!(first[0]["scheduled_at"], "2025-01-07T09:01:00Z");
    assert_eq!(first[0]["runtime_config"]["parameters"]["shots"], 5);

    sandbox.advance(MINUTE * 3);
    let runs = runs(&kfp).await;
    assert_eq!(
        texts(&json!(runs), "display_name"),
        ["nightly-1", "nightly-2", "nightly-3", "nightly-4"]
    );
    assert_eq!(runs[2]["state"], "SUCCEEDED");
    assert_eq!(runs[3]["scheduled_at"], "2025-01-07T09:04:00Z");
}

/// Returns when the runs of a trigger are scheduled, from 2025-01-07T09:00:00Z on, a Tuesday.
async fn scheduled(trigger: Value, passed: Duration) -> Vec<String> {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let mut body = minutely();
    body["trigger"] = trigger;
    create(&kfp, body).await;
    sandbox.advance(passed);
    texts(&json!(runs(&kfp).await), "scheduled_at")
}

fn every(seconds: &str) -> Value {
    json!({ "periodic_schedule": { "interval_second": seconds } })
}

fn cron(expression: &str) -> Value {
    json!({ "cron_schedule": { "cron": expression } })
}

#[tokio::test]
async fn a_cron_expression_begins_with_the_seconds() {
    let half_past = scheduled(cron("0 30 * * * *"), MINUTE * 120).await;
    assert_eq!(half_past, ["2025-01-07T09:30:00Z", "2025-01-07T10:30:00Z"]);
    let weekdays = scheduled(cron("0 30 6 * * 1-5"), DAY * 6).await;
    let mornings = ["08", "09", "10", "13"].map(|day| format!("2025-01-{day}T06:30:00Z"));
    assert_eq!(weekdays, mornings);
}

#[tokio::test]
async fn five_fields_omit_the_day_of_the_week() {
    let hourly = scheduled(cron("0 0 * * *"), MINUTE * 90).await;
    assert_eq!(hourly, ["2025-01-07T10:00:00Z"]);
}

#[tokio::test]
async fn an_interval_of_a_cron_schedule_is_a_go_duration() {
    for duration in ["1h30m", "1.5h"] {
        let scheduled = scheduled(cron(&format!("@every {duration}")), MINUTE * 100).await;
        assert_eq!(scheduled, ["2025-01-07T10:30:00Z"], "{duration}");
    }
    // Whole seconds, and at least one.
    let scheduled = scheduled(cron("@every 10ms"), MINUTE / 60).await;
    assert_eq!(scheduled[0], "2025-01-07T09:00:01Z");
}

#[tokio::test]
async fn nothing_starts_without_a_schedule_or_out_of_its_bounds() {
    assert!(scheduled(json!({}), DAY).await.is_empty());
    let bounded = json!({ "cron_schedule": {
        "cron": "0 0 * * * *",
        "start_time": "2025-01-08T00:00:00Z",
        "end_time": "2025-01-08T01:30:00Z",
    } });
    let bounded = scheduled(bounded, DAY * 2).await;
    assert_eq!(bounded, ["2025-01-08T00:00:00Z", "2025-01-08T01:00:00Z"]);
    let rare = every(&u32::MAX.to_string());
    assert_eq!(scheduled(rare, DAY * 365 * 140).await.len(), 1);
}

#[tokio::test]
async fn the_number_of_active_runs_is_limited() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let mut body = minutely();
    body["trigger"]["periodic_schedule"]["interval_second"] = json!("1");
    body["max_concurrency"] = json!("1");
    create(&kfp, body).await;
    // A run takes three seconds; those that are due meanwhile wait for its end.
    sandbox.advance(Duration::from_secs(7));
    let runs = runs(&kfp).await;
    let under_way = runs
        .iter()
        .filter(|run| run["state"] != "SUCCEEDED")
        .count();
    assert_eq!(under_way, 1);
    assert!((2..=3).contains(&runs.len()), "{}", runs.len());
    assert_ne!(
        runs[1]["scheduled_at"], runs[1]["created_at"],
        "it started late"
    );
}

#[tokio::test]
async fn a_disabled_recurring_run_starts_nothing_and_catches_up_by_default() {
    for (no_catchup, missed) in [(false, 3), (true, 1)] {
        let sandbox = sandbox().await;
        let kfp = Kfp(&sandbox);
        let mut body = minutely();
        body["no_catchup"] = json!(no_catchup);
        let id = create(&kfp, body).await;
        switch(&kfp, &id, "disable").await;
        let held = kfp.get(&format!("/recurringruns/{id}")).await.expect(200);
        assert_eq!(
            (&held["status"], &held["mode"]),
            (&json!("DISABLED"), &json!("DISABLE"))
        );
        sandbox.advance(MINUTE * 3 + Duration::from_secs(10));
        assert_eq!(runs(&kfp).await.len(), 0);
        switch(&kfp, &id, "enable").await;
        switch(&kfp, &id, "enable").await;
        sandbox.advance(Duration::from_secs(20));
        let started = runs(&kfp).await;
        assert_eq!(started.len(), missed, "no_catchup: {no_catchup}");
        assert_eq!(started[missed - 1]["scheduled_at"], "2025-01-07T09:03:00Z");
        sandbox.advance(MINUTE);
        assert_eq!(runs(&kfp).await.len(), missed + 1);
    }
}

#[tokio::test]
async fn a_recurring_run_is_disabled_by_default_and_can_be_deleted() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let mut body = minutely();
    body.as_object_mut().unwrap().remove("mode");
    let id = create(&kfp, body).await;
    let enabled = create(&kfp, minutely()).await;
    let list = kfp.get("/recurringruns").await.expect(200);
    assert_eq!(
        texts(&list["recurringRuns"], "status"),
        ["DISABLED", "ENABLED"]
    );
    kfp.delete(&format!(
        "/recurringruns/{enabled}?propagation_policy=ORPHAN"
    ))
    .await
    .expect(200);
    kfp.delete(&format!("/recurringruns/{enabled}"))
        .await
        .expect(404);
    kfp.delete(&format!("/recurringruns/{id}?propagation_policy=NEVER"))
        .await
        .expect(400);
    sandbox.advance(MINUTE * 2);
    assert_eq!(runs(&kfp).await.len(), 0);
}

#[tokio::test]
async fn an_invalid_schedule_is_rejected() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let changes = [
        ("display_name", json!(""), 500),
        ("max_concurrency", json!(0), 400),
        ("max_concurrency", json!(11), 400),
        ("trigger", cron("now and then"), 400),
        ("trigger", cron(""), 400),
        ("trigger", cron("* * * *"), 400),
        ("trigger", cron("61 * * * * *"), 400),
        ("trigger", cron("0 0 0 0 0 0 0 0"), 400),
        ("trigger", cron("@every 1h30"), 400),
        ("trigger", every("0"), 400),
        ("trigger", every("-5"), 400),
        ("trigger", every("9223372036854775807"), 400),
        (
            "trigger",
            json!({ "periodic_schedule": {}, "cron_schedule": {} }),
            400,
        ),
        ("pipeline_spec", Value::Null, 500),
        ("experiment_id", json!("unknown"), 404),
    ];
    for (field, value, status) in changes {
        let mut body = minutely();
        body[field] = value;
        kfp.post("/recurringruns", body).await.expect(status);
    }
    assert_eq!(kfp.get("/recurringruns").await.expect(200), json!({}));
}

#[tokio::test]
async fn an_archived_experiment_starts_no_runs() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let body = json!({ "display_name": "e", "namespace": "team-a" });
    let experiment = kfp.post("/experiments", body).await.expect(200);
    let experiment = experiment["experiment_id"].as_str().unwrap();
    let mut body = minutely();
    body["experiment_id"] = json!(experiment);
    let id = create(&kfp, body).await;
    let path = format!("/recurringruns?experiment_id={experiment}");
    let of_team = kfp.get(&path).await.expect(200);
    assert_eq!(
        texts(&of_team["recurringRuns"], "recurring_run_id"),
        [id.as_str()]
    );
    kfp.post(&format!("/experiments/{experiment}:archive"), json!({}))
        .await
        .expect(200);
    sandbox.advance(MINUTE * 2);
    assert_eq!(runs(&kfp).await.len(), 0);
    let held = kfp.get(&format!("/recurringruns/{id}")).await.expect(200);
    assert_eq!(held["status"], "DISABLED");
}

#[tokio::test]
async fn a_reported_workflow_ends_its_run() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let body = json!({ "display_name": "r", "pipeline_spec": spec(&[]) });
    let run = kfp.post("/runs", body).await.expect(200);
    let id = run["run_id"].as_str().unwrap();
    let report = |phase: &str| {
        let manifest = json!({
            "metadata": {
                "name": "w", "namespace": "n", "uid": "u", "labels": { "pipeline/runid": id },
            },
            "status": { "phase": phase, "message": "out of memory" },
        });
        json!(manifest.to_string())
    };
    kfp.post("/workflows", report("Running")).await.expect(200);
    kfp.post("/workflows", report("Failed")).await.expect(200);
    kfp.post("/workflows", report("Succeeded"))
        .await
        .expect(200);
    let run = kfp.get(&format!("/runs/{id}")).await.expect(200);
    assert_eq!(run["state"], "FAILED");
    assert_eq!(run["error"]["message"], "out of memory");
    for bad in [
        json!({}),
        json!("{}"),
        json!("{"),
        json!("{\"metadata\":{\"name\":\"w\"}}"),
    ] {
        kfp.post("/workflows", bad.clone()).await.expect(400);
        kfp.post("/scheduledworkflows", bad).await.expect(400);
    }
}

#[tokio::test]
async fn a_reported_schedule_enables_or_disables_its_recurring_run() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let id = create(&kfp, minutely()).await;
    let manifest = json!({
        "metadata": { "name": "s", "namespace": "n", "uid": id }, "spec": { "enabled": false },
    });
    let body = json!(manifest.to_string());
    kfp.post("/scheduledworkflows", body).await.expect(200);
    let held = kfp.get(&format!("/recurringruns/{id}")).await.expect(200);
    assert_eq!(held["status"], "DISABLED");
}

#[tokio::test]
async fn the_latest_successful_task_with_a_fingerprint_is_found() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let body = json!({ "display_name": "r", "pipeline_spec": spec(&[]) });
    let run = kfp.post("/runs", body).await.expect(200);
    let path = format!("/runs/{}/tasks", run["run_id"].as_str().unwrap());
    for (name, state, end) in [
        ("older", "SUCCEEDED", "2025-01-07T10:00:00Z"),
        ("newer", "CACHED", "2025-01-07T11:00:00Z"),
        ("failed", "FAILED", "2025-01-07T12:00:00Z"),
    ] {
        let task = json!({
            "name": name, "state": state, "end_time": end, "cache_fingerprint": "f",
        });
        kfp.post(&path, task).await.expect(200);
    }
    let find = async |body: Value| kfp.post("/tasks:findCached", body).await;
    let found = find(json!({ "cache_fingerprint": "f" })).await.expect(200);
    assert_eq!(found["task"]["name"], "newer");
    assert_eq!(
        find(json!({ "cache_fingerprint": "g" })).await.expect(200),
        json!({})
    );
    find(json!({})).await.expect(400);
}

#[tokio::test]
async fn an_authorization_needs_all_parameters_and_a_visualization_a_source() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let asked = [
        ("namespace", "n"),
        ("resources", "VIEWERS"),
        ("verb", "GET"),
    ];
    assert_eq!(kfp.query("/auth", &asked).await.expect(200), json!({}));
    for missing in 0..3 {
        let mut asked = asked.to_vec();
        asked.remove(missing);
        kfp.query("/auth", &asked).await.expect(400);
    }
    let draw = async |body: Value| kfp.post("/visualizations/n", body).await;
    let drawn = draw(json!({ "source": "a<b", "type": "TABLE" }))
        .await
        .expect(200);
    assert_eq!(drawn["html"], "<p>TABLE of a&lt;b</p>");
    draw(json!({})).await.expect(400);
    draw(json!({ "source": "a", "arguments": "{" }))
        .await
        .expect(400);
}
