//! The data file stores everything in the format of a seed.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::process::{Running, command, exported};
use crate::support::{Compute, Kfp, texts};
use compute_kfp_sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn builder(&self) -> SandboxBuilder {
        Sandbox::builder().empty().data_file(self.file())
    }

    fn content(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }
}

async fn everything(sandbox: &Sandbox) -> Vec<Value> {
    let (kfp, compute) = (Kfp(sandbox), Compute(sandbox));
    let mut all = Vec::new();
    for path in [
        "/experiments",
        "/runs",
        "/artifacts",
        "/pipelines",
        "/metrics",
        "/recurringruns",
    ] {
        all.push(kfp.get(path).await.expect(200));
    }
    for path in [
        "/projects",
        "/batch_jobs",
        "/jobs",
        "/backends",
        "/metadata/1",
    ] {
        all.push(compute.get(path).await.expect(200));
    }
    all
}

/// Creates one of everything that is stored: objects, ids, plans, uploads, keys of backends.
async fn work(sandbox: &Sandbox, round: u32) {
    let (kfp, compute) = (Kfp(sandbox), Compute(sandbox));
    let task = json!({ "componentRef": { "name": "comp-step" } });
    let run = json!({ "display_name": "r", "pipeline_spec": {
        "pipelineInfo": { "name": "p" },
        "schemaVersion": "2.1.0",
        "components": { "comp-step": { "executorLabel": "exec-step" } },
        "root": { "dag": { "tasks": { "one": task, "two": task } } },
    } });
    kfp.post("/runs", run.clone()).await.expect(200);
    let recurring = json!({
        "display_name": "every minute", "max_concurrency": "2", "mode": "ENABLE",
        "trigger": { "periodic_schedule": { "interval_second": "60" } },
        "pipeline_spec": run["pipeline_spec"],
    });
    kfp.post("/recurringruns", recurring).await.expect(200);
    let refused = kfp.post("/experiments", json!({ "display_name": "" }));
    assert!(!refused.await.status.is_success());
    let metadata = json!({ "data": { "t1": 0.1 + 0.2, "big": 1e300 } });
    compute.create(metadata).await.expect(201);
    let form = reqwest::multipart::Form::new().part(
        "uploadfile",
        reqwest::multipart::Part::bytes(
            &b"root: {dag: {tasks: {}}}\npipelineInfo: {name: p}\nschemaVersion: 2.1.0\n"[..],
        )
        .file_name(format!("p{round}.yaml")),
    );
    let upload = kfp
        .request(reqwest::Method::POST, "/pipelines/upload")
        .multipart(form);
    crate::support::send(upload).await.expect(200);
    let project =
        json!({ "owner_id": 1, "name": format!("p{round}"), "description": "", "starred": false });
    compute.post("/projects", project).await.expect(201);
}

#[tokio::test]
async fn data_clock_and_ids_survive_a_restart() {
    let directory = Directory::new();
    let uninterrupted = Sandbox::builder().empty().start().await.unwrap();
    let mut sandbox = directory.builder().start().await.unwrap();
    for round in 0..4 {
        for sandbox in [&sandbox, &uninterrupted] {
            work(sandbox, round).await;
            sandbox.advance(Duration::from_secs(45));
        }
        sandbox.shutdown().await;
        sandbox = directory.builder().start().await.unwrap();
        assert_eq!(sandbox.now(), uninterrupted.now());
        assert_eq!(everything(&sandbox).await, everything(&uninterrupted).await);
    }
    let runs = Kfp(&sandbox).get("/runs?page_size=200").await.expect(200);
    let mut ids = texts(&runs["runs"], "run_id");
    assert!(ids.len() > 4, "recurring runs have started some");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), runs["runs"].as_array().unwrap().len());
}

#[tokio::test]
async fn a_snapshot_is_a_seed_and_loses_nothing() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    sandbox.advance(Duration::from_secs(3));
    sandbox.save().unwrap();
    let snapshot = directory.content();
    let copy = Directory::new();
    let builder = Sandbox::builder()
        .seed_file(directory.file())
        .data_file(copy.file());
    let again = builder.start().await.unwrap();
    again.save().unwrap();
    assert_eq!(copy.content(), snapshot);
    for sandbox in [&sandbox, &again] {
        sandbox.advance(Duration::from_secs(600));
    }
    assert_eq!(everything(&sandbox).await, everything(&again).await);
}

#[tokio::test]
async fn a_seed_is_a_data_file() {
    let directory = Directory::new();
    let seed = json!({ "compute": { "projects": [{ "id": 40, "name": "p" }] } });
    fs::write(directory.file(), seed.to_string()).unwrap();
    let sandbox = directory.builder().start().await.unwrap();
    let project = Compute(&sandbox).get("/projects/40").await.expect(200);
    assert_eq!(project["name"], "p");
    Compute(&sandbox).get("/backends/7").await.expect(200);
}

#[tokio::test]
async fn clocks_that_follow_the_wall_clock_move_forward_to_it() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    sandbox.shutdown().await;
    let before = SystemTime::now();
    let sandbox = directory.builder().wall_clock().start().await.unwrap();
    let now = sandbox.now();
    assert!(before <= now && now <= SystemTime::now() + Duration::from_secs(1));
    // Of the million runs that were due since, two may run at a time.
    let runs = Kfp(&sandbox).get("/runs").await.expect(200);
    assert_eq!(runs["total_size"], 1 + 2);
}

#[tokio::test]
async fn the_last_representable_time_can_be_stored() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    sandbox.advance(Duration::MAX);
    work(&sandbox, 0).await;
    let (now, before) = (sandbox.now(), everything(&sandbox).await);
    sandbox.shutdown().await;
    let sandbox = directory.builder().start().await.unwrap();
    assert_eq!(sandbox.now(), now);
    assert_eq!(everything(&sandbox).await, before);
}

#[tokio::test]
async fn a_data_file_takes_precedence_over_initial_data() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    sandbox.shutdown().await;
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let seeded = Sandbox::builder()
        .data_file(directory.file())
        .clock_starts_at(later);
    let sandbox = seeded.start().await.unwrap();
    assert_eq!(Kfp(&sandbox).get("/artifacts").await.expect(200), json!({}));
    assert!(sandbox.now() < later);
}

#[tokio::test]
async fn a_registered_backend_is_known_by_its_key_after_a_stop() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    let backend = json!({
        "name": "b", "location": "l", "backend_type_id": 7, "status": "idle",
        "last_heartbeat": "2025-01-07T09:00:00Z",
    });
    let registered = Compute(&sandbox).post("/backends", backend).await;
    let registered = registered.expect(201);
    let key = registered["authentication_hash"].as_str().unwrap();
    let metadata = crate::support::plain(&sandbox, reqwest::Method::POST, "/metadata")
        .header("authorization", key)
        .json(&json!({ "data": {} }));
    let created = crate::support::send(metadata).await.expect(201);
    assert_eq!(created["backend_id"], registered["id"]);
    sandbox.shutdown().await;
    let sandbox = directory.builder().start().await.unwrap();
    let id = created["id"].as_i64().unwrap();
    let held = Compute(&sandbox)
        .get(&format!("/metadata/{id}"))
        .await
        .expect(200);
    assert_eq!(held, created);
}

#[tokio::test]
async fn configured_credentials_are_not_in_the_file() {
    let directory = Directory::new();
    let builder = directory
        .builder()
        .compute_token("s3cret-a")
        .compute_api_key("s3cret-b");
    let sandbox = builder.kfp_token("s3cret-c").start().await.unwrap();
    work(&sandbox, 0).await;
    sandbox.save().unwrap();
    let content = directory.content();
    assert!(content.contains("every minute") && !content.contains("s3cret"));
}

#[tokio::test]
async fn two_sandboxes_cannot_use_one_file() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    let error = directory.builder().start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let told = error.to_string();
    assert!(told.contains(directory.file().to_str().unwrap()), "{told}");
    assert!(told.contains("in use by another sandbox"), "{told}");
    work(&sandbox, 0).await;
    sandbox.shutdown().await;
    directory.builder().start().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_to_the_file_is_the_same_file_and_stays_a_link() {
    let directory = Directory::new();
    let link = directory.0.path().join("link");
    fs::write(directory.file(), "").unwrap();
    std::os::unix::fs::symlink(directory.file(), &link).unwrap();
    let by_link = Sandbox::builder().empty().data_file(&link);
    let sandbox = directory.builder().start().await.unwrap();
    sandbox.save().unwrap();
    let error = by_link.clone().start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    sandbox.shutdown().await;
    let sandbox = by_link.start().await.unwrap();
    work(&sandbox, 0).await;
    sandbox.shutdown().await;
    assert!(link.is_symlink());
    assert!(directory.content().contains("every minute"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_hard_link_to_the_file_becomes_a_separate_file_when_either_is_saved() {
    let directory = Directory::new();
    let link = directory.0.path().join("link");
    fs::write(directory.file(), "").unwrap();
    fs::hard_link(directory.file(), &link).unwrap();
    let sandbox = directory.builder().start().await.unwrap();
    sandbox.save().unwrap();
    let other = Sandbox::builder().empty().data_file(&link).start();
    let other = other.await.unwrap();
    work(&other, 0).await;
    other.shutdown().await;
    sandbox.shutdown().await;
    assert!(fs::read_to_string(link).unwrap().contains("every minute"));
    assert!(!directory.content().contains("every minute"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_private_and_another_one_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let directory = Directory::new();
    let mode = || fs::metadata(directory.file()).unwrap().permissions().mode() & 0o777;
    directory.builder().start().await.unwrap().shutdown().await;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(directory.file(), fs::Permissions::from_mode(0o640)).unwrap();
    directory.builder().start().await.unwrap().shutdown().await;
    assert_eq!(mode(), 0o640);
}

#[tokio::test]
async fn an_invalid_file_is_rejected_with_the_place_and_left_unchanged() {
    let directory = Directory::new();
    let sandbox = directory.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    sandbox.shutdown().await;
    let snapshot: Value = serde_json::from_str(&directory.content()).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut snapshot = snapshot.clone();
        *snapshot.pointer_mut(pointer).unwrap() = value;
        snapshot.to_string()
    };
    for (content, told) in [
        ("dear diary\n".to_owned(), ": invalid JSON: "),
        (directory.content()[..90].to_owned(), ": invalid JSON: EOF"),
        (
            changed("/sandbox/clock", json!(7)),
            ", at \"/sandbox\": invalid type",
        ),
        (
            changed("/sandbox", json!(7)),
            ", at \"/sandbox\": invalid type",
        ),
        (
            changed("/kfp", json!({ "arts": [{}] })),
            ", at \"/kfp/arts/0\": unknown kind \"arts\"",
        ),
        (
            changed("/kfp/runs/0", json!(7)),
            ", at \"/kfp/runs/0\": expected an object",
        ),
        (
            changed("/compute/projects", json!(7)),
            ", at \"/compute/projects\": expected a list",
        ),
    ] {
        fs::write(directory.file(), &content).unwrap();
        let error = directory.builder().start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        let error = error.to_string();
        let place = format!("{}{told}", directory.file().display());
        assert!(error.starts_with(&place), "{error}\n{place}");
        assert_eq!(directory.content(), content);
    }
}

#[tokio::test]
async fn an_empty_file_is_a_new_one() {
    let directory = Directory::new();
    fs::write(directory.file(), "").unwrap();
    let sandbox = directory.builder().start().await.unwrap();
    sandbox.save().unwrap();
    assert!(directory.content().starts_with('{'));
}

#[tokio::test]
async fn a_file_in_a_directory_that_is_missing_is_an_error_that_names_it() {
    let directory = Directory::new();
    let path = directory.0.path().join("missing").join("data");
    let error = Sandbox::builder()
        .data_file(&path)
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

/// A running binary with its address.
struct Served {
    running: Running,
    projects: String,
    token: String,
}

impl Served {
    fn of(mut running: Running) -> Self {
        let announcement = running.announcement();
        let url = exported(&announcement, "COMPUTE_ENDPOINT");
        Self {
            projects: format!("{url}/projects"),
            token: exported(&announcement, "COMPUTE_TOKEN").to_owned(),
            running,
        }
    }

    fn start(directory: &Directory) -> Self {
        let file = directory.file();
        Self::of(Running::start(&[
            "--empty",
            "--data",
            file.to_str().unwrap(),
        ]))
    }

    fn kill(&mut self) {
        self.running.process.kill().unwrap();
        self.running.process.wait().unwrap();
    }

    async fn create(&self, name: &str, padding: usize) -> (u16, Value) {
        let project = json!({
            "owner_id": 1, "name": name, "description": "x".repeat(padding),
        });
        let request = reqwest::Client::new().post(&self.projects).json(&project);
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    async fn names(&self) -> Vec<String> {
        let request = reqwest::Client::new().get(format!("{}?size=100", self.projects));
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        texts(&response.json::<Value>().await.unwrap()["items"], "name")
    }
}

/// Waits until the content of the file matches.
async fn until_saved(directory: &Directory, has: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !has(&fs::read_to_string(directory.file()).unwrap_or_default()) {
        assert!(Instant::now() < deadline, "not saved");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn saved_data_survives_a_killed_process_and_every_file_opens() {
    let directory = Directory::new();
    let mut saved = Vec::new();
    for round in 0..3 {
        let mut served = Served::start(&directory);
        let held = served.names().await;
        for name in &saved {
            assert!(held.contains(name), "{name} is gone");
        }
        let name = format!("project {round}");
        assert_eq!(served.create(&name, 0).await.0, 201);
        until_saved(&directory, |content| content.contains(&name)).await;
        saved.push(name);
        for late in 0..20 {
            served.create(&format!("late {round} {late}"), 0).await;
        }
        served.kill();
    }
}

/// A limit on file sizes simulates a full disk.
#[cfg(unix)]
#[tokio::test]
async fn while_the_file_cannot_be_written_changes_are_rejected_and_its_content_stays() {
    let directory = Directory::new();
    let limited = "trap '' XFSZ; ulimit -f 200; exec \"$0\" --empty --data \"$1\"";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_compute-kfp-sandbox")]);
    let mut served = Served::of(Running::spawn(shell.arg(directory.file())));
    assert_eq!(served.create("small", 0).await.0, 201);
    until_saved(&directory, |content| content.contains("small")).await;
    assert_eq!(served.create("large", 1_000_000).await.0, 201);
    let deadline = Instant::now() + Duration::from_secs(60);
    let refusal = loop {
        match served.create("another", 0).await {
            (201, _) => assert!(Instant::now() < deadline, "nothing was refused"),
            (status, refusal) => break (status, refusal),
        }
    };
    assert_eq!(refusal.0, 500);
    let told = refusal.1["detail"].as_str().unwrap();
    assert!(told.contains(directory.file().to_str().unwrap()), "{told}");
    let id = served.running.process.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert_eq!(served.running.process.wait().unwrap().code(), Some(1));
    assert!(directory.content().contains("small"));
    assert_eq!(fs::read_dir(directory.0.path()).unwrap().count(), 1);
    Served::start(&directory);
}

#[test]
fn the_binary_reports_an_invalid_file() {
    let directory = Directory::new();
    fs::write(directory.file(), "dear diary\n").unwrap();
    let path = directory.file();
    let output = command(&["--data", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = format!("error: {}: invalid JSON: ", path.display());
    assert!(told.starts_with(&expected), "{told}");
}
