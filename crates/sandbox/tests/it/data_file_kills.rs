//! What is in a data file when the process ends without being asked, or the disk is full.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::process::{Running, command, exported};
use crate::support::texts;
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

/// `SplitMix64`, so that each run kills at the same places.
fn scrambled(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^ (bits >> 27)
}

/// Batches of three artifacts each, until the server is gone.
async fn write_until_killed(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    round: usize,
    answered: &AtomicUsize,
) -> Vec<Value> {
    let mut acknowledged = Vec::new();
    loop {
        let name = format!("{round}-{}", acknowledged.len());
        let artifact = |part: u32| {
            json!({ "artifact": {
            "name": format!("{name}-{part}"), "namespace": "ns", "metadata": { "part": part },
        } })
        };
        let batch = json!({ "artifacts": [artifact(0), artifact(1), artifact(2)] });
        let request = client
            .post(format!("{url}/apis/v2beta1/artifacts:batchCreate"))
            .bearer_auth(token)
            .json(&batch);
        let Ok(answer) = request.send().await else {
            return acknowledged;
        };
        let Ok(created) = answer.json::<Value>().await else {
            return acknowledged;
        };
        acknowledged.push(created["artifacts"].clone());
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

async fn all_artifacts(client: &reqwest::Client, url: &str, token: &str) -> Vec<Value> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let page: Value = client
            .get(format!(
                "{url}/apis/v2beta1/artifacts?page_size=200&page_token={page_token}"
            ))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        all.extend(page["artifacts"].as_array().cloned().unwrap_or_default());
        match page["next_page_token"].as_str() {
            Some(next) => page_token = next.to_owned(),
            None => return all,
        }
    }
}

/// Ids of batches that the server holds, in threes; panics where one is not whole.
fn whole_batches(artifacts: &[Value]) -> usize {
    let mut batches = BTreeMap::<String, usize>::new();
    for name in texts(&json!(artifacts), "name") {
        let (batch, _) = name.rsplit_once('-').unwrap();
        *batches.entry(batch.to_owned()).or_default() += 1;
    }
    assert!(batches.values().all(|parts| *parts == 3), "{batches:?}");
    batches.len()
}

const KILLS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_answered_survives_kills_at_any_moment_and_nothing_is_half_there() {
    let folder = Folder::new();
    let file = folder.file();
    let arguments = ["--empty", "--data", file.to_str().unwrap()];
    let client = reqwest::Client::new();
    let mut acknowledged: Vec<Value> = Vec::new();
    for round in 0..=KILLS {
        let mut running = Running::start(&arguments);
        let announcement = running.announcement();
        let url = exported(&announcement, "KF_PIPELINES_ENDPOINT").to_owned();
        let token = exported(&announcement, "KFP_TOKEN").to_owned();
        let held = all_artifacts(&client, &url, &token).await;
        let by_id: BTreeMap<_, _> = held
            .iter()
            .map(|artifact| (artifact["artifact_id"].as_str(), artifact))
            .collect();
        for artifact in acknowledged
            .iter()
            .flat_map(|batch| batch.as_array().unwrap())
        {
            assert_eq!(
                by_id.get(&artifact["artifact_id"].as_str()),
                Some(&artifact),
                "{artifact} is gone in round {round}"
            );
        }
        let batches = whole_batches(&held);
        // Of each killed server one request at most was done and not answered.
        assert!((acknowledged.len()..=acknowledged.len() + round).contains(&batches));
        assert_eq!(by_id.len(), held.len(), "an id was used again");
        if round == KILLS {
            break;
        }

        let random = scrambled(u64::try_from(round).unwrap());
        let enough = usize::try_from(random % 20).unwrap();
        let answered = AtomicUsize::new(0);
        let (written, ()) = tokio::join!(
            write_until_killed(&client, &url, &token, round, &answered),
            async {
                while answered.load(Ordering::SeqCst) < enough {
                    tokio::task::yield_now().await;
                }
                // Somewhere within the next request, or between two.
                for _ in 0..random >> 32 & 0x3ff {
                    tokio::task::yield_now().await;
                }
                running.process.kill().unwrap();
                running.process.wait().unwrap();
            }
        );
        acknowledged.extend(written);
    }
    assert!(acknowledged.len() > KILLS, "{}", acknowledged.len());
}

#[tokio::test]
async fn what_was_seen_to_happen_is_not_undone_by_a_kill() {
    let folder = Folder::new();
    let file = folder.file();
    let arguments = [
        "--empty",
        "--speed",
        "100000",
        "--data",
        file.to_str().unwrap(),
    ];
    let mut running = Running::start(&arguments);
    let announcement = running.announcement();
    let runs = |announcement: &[String]| {
        format!(
            "{}/apis/v2beta1/runs",
            exported(announcement, "KF_PIPELINES_ENDPOINT")
        )
    };
    let client = reqwest::Client::new();
    let token = exported(&announcement, "KFP_TOKEN").to_owned();
    let body = json!({ "display_name": "r", "pipeline_spec": {
        "root": { "dag": { "tasks": { "one": {} } } }
    } });
    let created = client
        .post(runs(&announcement))
        .bearer_auth(&token)
        .json(&body);
    let created: Value = created.send().await.unwrap().json().await.unwrap();
    let path = format!("/{}?view=FULL", created["run_id"].as_str().unwrap());
    let read = async |announcement: &[String]| -> Value {
        let run = client.get(runs(announcement) + &path).bearer_auth(&token);
        run.send().await.unwrap().json().await.unwrap()
    };
    let ended = loop {
        let run = read(&announcement).await;
        if run["state"] == "SUCCEEDED" {
            break run;
        }
    };
    running.process.kill().unwrap();
    running.process.wait().unwrap();
    let mut again = Running::start(&["--speed", "0", "--data", file.to_str().unwrap()]);
    assert_eq!(read(&again.announcement()).await, ended);
}

/// The order is that of creation, which artifacts of the same second leave open.
fn assert_same(mut one: Vec<Value>, mut other: Vec<Value>) {
    for artifacts in [&mut one, &mut other] {
        artifacts.sort_by_key(|artifact| artifact["artifact_id"].to_string());
    }
    assert!(one == other);
}

/// A limit for files stands for a disk that is full: the last write gets through in part.
#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_written_is_not_done_and_nothing_else_is_lost() {
    let folder = Folder::new();
    let file = folder.file();
    let limited = "trap '' XFSZ; ulimit -f 200; exec \"$0\" --empty --data \"$1\"";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_compute-kfp-sandbox")]);
    let mut running = Running::spawn(shell.arg(&file));
    let announcement = running.announcement();
    let url = exported(&announcement, "KF_PIPELINES_ENDPOINT").to_owned();
    let token = exported(&announcement, "KFP_TOKEN").to_owned();
    let client = reqwest::Client::new();
    let create = async |name: &str, padding: usize| {
        let metadata = json!({ "padding": "x".repeat(padding) });
        let artifact = json!({ "artifact": { "name": name, "metadata": metadata } });
        let request = client.post(format!("{url}/apis/v2beta1/artifacts"));
        let answer = request.bearer_auth(&token).json(&artifact).send().await;
        let answer = answer.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let mut created = Vec::new();
    let refusal = loop {
        match create(&format!("large {}", created.len()), 20_000).await {
            (200, artifact) => created.push(artifact),
            (status, refusal) => {
                assert_eq!(status, 500);
                break refusal;
            }
        }
    };
    let path = file.to_str().unwrap();
    assert!(
        refusal["message"].as_str().unwrap().contains(path),
        "{refusal}"
    );
    let (status, small) = create("small", 0).await;
    assert_eq!(status, 200, "what still fits is written: {small}");
    created.push(small);
    assert_same(all_artifacts(&client, &url, &token).await, created.clone());
    running.process.kill().unwrap();
    running.process.wait().unwrap();
    let sandbox = Sandbox::builder().data_file(file).start().await.unwrap();
    let held = all_artifacts(&client, sandbox.url(), sandbox.kfp_token()).await;
    assert_same(held, created);
}

#[test]
fn the_binary_says_what_is_wrong_with_a_file() {
    let folder = Folder::new();
    fs::write(folder.file(), "dear diary\n").unwrap();
    let path = folder.file();
    let output = command(&["--data", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.starts_with(&format!("error: {}, line 1: ", path.display())),
        "{told}"
    );
}
