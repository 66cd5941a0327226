//! The binary, as a user starts it.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::process::{Running, command, exported};
use crate::support::spec;

#[tokio::test]
async fn it_prints_its_address_and_credentials() {
    let mut running = Running::start(&["--empty"]);
    let announcement = running.announcement();
    let endpoint = exported(&announcement, "KF_PIPELINES_ENDPOINT");
    assert_eq!(exported(&announcement, "COMPUTE_ENDPOINT"), endpoint);
    assert_eq!(
        exported(&announcement, "COMPUTE_TOKEN"),
        "sandbox-compute-user-token"
    );
    assert_eq!(
        exported(&announcement, "COMPUTE_API_KEY"),
        "sandbox-compute-backend-key"
    );
    let response = reqwest::Client::new()
        .get(format!("{endpoint}/apis/v2beta1/artifacts"))
        .bearer_auth(exported(&announcement, "KFP_TOKEN"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn runs_progress_at_the_given_speed() {
    let mut running = Running::start(&["--empty", "--speed", "10000"]);
    let announcement = running.announcement();
    let runs = format!(
        "{}/apis/v2beta1/runs",
        exported(&announcement, "KF_PIPELINES_ENDPOINT")
    );
    let client = reqwest::Client::new();
    let token = exported(&announcement, "KFP_TOKEN");
    let body = serde_json::json!({ "display_name": "r", "pipeline_spec": spec(&[]) });
    let created = client.post(&runs).bearer_auth(token).json(&body).send();
    let created: serde_json::Value = created.await.unwrap().json().await.unwrap();
    let run = format!("{runs}/{}", created["run_id"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let run = client.get(&run).bearer_auth(token).send().await.unwrap();
        let run: serde_json::Value = run.json().await.unwrap();
        if run["state"] == "SUCCEEDED" {
            break;
        }
        assert!(Instant::now() < deadline, "{run}");
    }
}

/// Returns the creation time of an experiment in a sandbox with these options.
async fn creation_time(options: &[&str]) -> String {
    let mut running = Running::start(options);
    let announcement = running.announcement();
    let endpoint = exported(&announcement, "KF_PIPELINES_ENDPOINT");
    let created = reqwest::Client::new()
        .post(format!("{endpoint}/apis/v2beta1/experiments"))
        .bearer_auth(exported(&announcement, "KFP_TOKEN"))
        .json(&serde_json::json!({ "display_name": "e" }))
        .send();
    let created: serde_json::Value = created.await.unwrap().json().await.unwrap();
    created["created_at"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn its_clock_is_the_wall_clock_by_default() {
    let seconds_now = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        i64::try_from(now.unwrap().as_secs()).unwrap()
    };
    let before = seconds_now();
    let created = creation_time(&["--empty"]).await;
    let created = chrono::DateTime::parse_from_rfc3339(&created)
        .unwrap()
        .timestamp();
    assert!(before <= created && created <= seconds_now());
    let created = creation_time(&["--empty", "--clock", "2001-02-03T04:05:06+01:00"]).await;
    assert!(created.starts_with("2001-02-03T03:05:"), "{created}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_status_0() {
    let mut running = Running::start(&[]);
    running.announcement();
    let id = running.process.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(running.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_usage_error_ends_it_with_status_2() {
    for arguments in [
        &["--port", "x"][..],
        &["--port", "65536"],
        &["--surprise"],
        &["--speed", "x"],
        &["--clock", "2025-01-07"],
        &["--host", "nowhere"],
        &["--host", "0.0.0.0"],
        &["--faults", "list_rnus:status=503"],
    ] {
        let output = command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_port_that_is_taken_ends_it_with_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = command(&["--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
}

#[tokio::test]
async fn faults_are_active_from_the_start() {
    let mut running = Running::start(&["--faults", "healthz:status=503,times=1;*:status=418"]);
    let announcement = running.announcement();
    let url = format!("{}/healthz", exported(&announcement, "COMPUTE_ENDPOINT"));
    for status in [503, 418] {
        assert_eq!(reqwest::get(&url).await.unwrap().status(), status);
    }
}

#[test]
fn help_explains_every_option() {
    let output = command(&["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--port", "--host", "--expose", "--empty", "--speed", "--clock", "--data", "--faults",
        "--seed",
    ] {
        assert!(
            help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")),
            "{option}"
        );
    }
    assert!(help.contains("status=503"));
}
