//! What is kept in a file: everything that was answered, whenever the process ends.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::support::{Compute, Kfp, texts};
use compute_kfp_sandbox::{Sandbox, SandboxBuilder};
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

    fn builder(&self) -> SandboxBuilder {
        Sandbox::builder().empty().data_file(self.file())
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file()).unwrap();
        text.lines().map(str::to_owned).collect()
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

/// Something of everything that is kept: objects, ids, plans, uploads, keys of backends.
async fn work(sandbox: &Sandbox, round: u32) {
    let (kfp, compute) = (Kfp(sandbox), Compute(sandbox));
    let run = json!({ "display_name": "r", "pipeline_spec": {
        "root": { "dag": { "tasks": { "one": {}, "two": {} } } }
    } });
    kfp.post("/runs", run.clone()).await.expect(200);
    let recurring = json!({
        "display_name": "every minute", "max_concurrency": "2", "mode": "ENABLE",
        "trigger": { "periodic_schedule": { "interval_second": "60" } },
        "pipeline_spec": run["pipeline_spec"],
    });
    kfp.post("/recurringruns", recurring).await.expect(200);
    kfp.post("/experiments", json!({ "display_name": "" }))
        .await
        .expect(400);
    let metadata = json!({ "data": { "t1": 0.1 + 0.2, "big": 1e300 } });
    compute.create(metadata).await.expect(201);
    let form = reqwest::multipart::Form::new().part(
        "uploadfile",
        reqwest::multipart::Part::bytes(
            &b"root: {dag: {tasks: {}}}\npipelineInfo: {name: p}\n"[..],
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
async fn what_is_held_is_held_again_after_a_stop_with_clock_and_ids() {
    let folder = Folder::new();
    let uninterrupted = Sandbox::builder().empty().start().await.unwrap();
    let mut sandbox = folder.builder().start().await.unwrap();
    for round in 0..4 {
        for sandbox in [&sandbox, &uninterrupted] {
            work(sandbox, round).await;
            sandbox.advance(Duration::from_secs(45));
        }
        let as_after_a_kill = fs::read(folder.file()).unwrap();
        sandbox.shutdown().await;
        if round % 2 == 0 {
            fs::write(folder.file(), as_after_a_kill).unwrap();
        }
        sandbox = folder.builder().start().await.unwrap();
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
async fn the_last_time_that_there_is_can_be_kept() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    sandbox.advance(Duration::MAX);
    work(&sandbox, 0).await;
    let (now, before) = (sandbox.now(), everything(&sandbox).await);
    sandbox.shutdown().await;
    let sandbox = folder.builder().start().await.unwrap();
    assert_eq!(sandbox.now(), now);
    assert_eq!(everything(&sandbox).await, before);
}

#[tokio::test]
async fn the_file_counts_and_not_what_the_sandbox_would_start_with() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    sandbox.shutdown().await;
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let seeded = Sandbox::builder()
        .data_file(folder.file())
        .clock_starts_at(later);
    let sandbox = seeded.start().await.unwrap();
    assert_eq!(Kfp(&sandbox).get("/artifacts").await.expect(200), json!({}));
    assert!(sandbox.now() < later);
}

#[tokio::test]
async fn a_registered_backend_is_known_by_its_key_after_a_stop() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
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
    let sandbox = folder.builder().start().await.unwrap();
    let id = created["id"].as_i64().unwrap();
    let held = Compute(&sandbox)
        .get(&format!("/metadata/{id}"))
        .await
        .expect(200);
    assert_eq!(held, created);
}

#[tokio::test]
async fn credentials_that_were_given_are_not_in_the_file() {
    let folder = Folder::new();
    let builder = folder
        .builder()
        .compute_token("s3cret-a")
        .compute_api_key("s3cret-b");
    let sandbox = builder.kfp_token("s3cret-c").start().await.unwrap();
    work(&sandbox, 0).await;
    assert!(folder.lines().len() > 5);
    assert!(!folder.lines().concat().contains("s3cret"));
}

#[tokio::test]
async fn two_sandboxes_cannot_use_one_file() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    let error = folder.builder().start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let told = error.to_string();
    assert!(told.contains(folder.file().to_str().unwrap()), "{told}");
    assert!(told.contains("in use by another sandbox"), "{told}");
    work(&sandbox, 0).await;
    sandbox.shutdown().await;
    folder.builder().start().await.unwrap();
}

#[tokio::test]
async fn a_line_that_was_not_written_to_its_end_is_dropped() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    let before = everything(&sandbox).await;
    sandbox.shutdown().await;
    let mut file = fs::File::options()
        .append(true)
        .open(folder.file())
        .unwrap();
    file.write_all(br#"{"at":"2025-01-07T09:00:00Z","request":{"method":"PO"#)
        .unwrap();
    let sandbox = folder.builder().start().await.unwrap();
    assert_eq!(everything(&sandbox).await, before);
}

fn changed(lines: &[String], number: usize, to: impl FnOnce(&str) -> String) -> String {
    let mut lines = lines.to_vec();
    lines[number] = to(&lines[number]);
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn what_another_version_left_by_a_clean_stop_is_gone_on_with() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    let before = everything(&sandbox).await;
    sandbox.shutdown().await;
    let version = env!("CARGO_PKG_VERSION");
    let content = changed(&folder.lines(), 0, |it| it.replace(version, "99.0.0"));
    fs::write(folder.file(), content).unwrap();
    let sandbox = folder.builder().start().await.unwrap();
    assert_eq!(everything(&sandbox).await, before);
}

#[tokio::test]
async fn a_file_that_is_none_of_this_version_is_refused_at_its_line_and_left_alone() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    let lines = folder.lines();
    sandbox.shutdown().await;
    let (format, version) = ("\"format\":1", env!("CARGO_PKG_VERSION"));
    for (content, told) in [
        (
            "dear diary\n".to_owned(),
            "line 1: this is no data file of compute-kfp-sandbox: name another file",
        ),
        (
            "no line".to_owned(),
            "line 1: this is no data file of compute-kfp-sandbox: name another file",
        ),
        (
            changed(&lines, 0, |it| it.replace(format, "\"format\":2")),
            "line 1: the file has format 2, and this version reads format 1: use version",
        ),
        (
            changed(&lines, 0, |it| it.replace(version, "99.0.0")),
            "line 3: the file was left behind by version 99.0.0, this is",
        ),
        (lines[0].clone() + "\n", "line 2: the snapshot is missing"),
        (
            changed(&lines, 1, |it| it.replace("\"clock\"", "\"clack\"")),
            "line 2: ",
        ),
        (
            changed(&lines, 1, |it| it.replace("\"artifact_tasks\"", "\"arts\"")),
            "line 2: unknown collection arts",
        ),
        (
            changed(&lines, 4, |_| "garbage".to_owned()),
            "line 5: expected value at line 1 column 1: restore the file from a copy, or delete this line and those after it",
        ),
        (changed(&lines, 3, |_| "\u{0}".to_owned()), "line 4: "),
        (
            changed(&lines, 2, |it| it.replace("\"POST\"", "\"PAST\"")),
            "line 3: there is no operation PAST /apis/",
        ),
    ] {
        fs::write(folder.file(), &content).unwrap();
        let error = folder.builder().start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let error = error.to_string();
        let place = format!("{}, {told}", folder.file().display());
        assert!(error.starts_with(&place), "{error}\n{place}");
        assert!(
            fs::read_to_string(folder.file()).unwrap() == content,
            "{told}"
        );
    }
}

#[tokio::test]
async fn an_empty_file_is_a_new_one() {
    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    let sandbox = folder.builder().start().await.unwrap();
    work(&sandbox, 0).await;
    assert!(folder.lines().len() > 5);
}

#[tokio::test]
async fn a_file_in_a_folder_that_is_missing_is_an_error_that_names_it() {
    let folder = Folder::new();
    let path = folder.0.path().join("missing").join("data");
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

#[tokio::test]
async fn a_file_does_not_grow_with_what_was_deleted() {
    let folder = Folder::new();
    let sandbox = folder.builder().start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let description = "d".repeat(3_000_000);
    for number in 0..8 {
        let experiment =
            json!({ "display_name": format!("e{number}"), "description": description });
        let created = kfp.post("/experiments", experiment).await.expect(200);
        let id = created["experiment_id"].as_str().unwrap();
        kfp.delete(&format!("/experiments/{id}")).await.expect(200);
    }
    let length = fs::metadata(folder.file()).unwrap().len();
    assert!(length < 12_000_000, "{length}");
    let after = kfp
        .post("/experiments", json!({ "display_name": "after" }))
        .await;
    let after = after.expect(200);
    sandbox.shutdown().await;
    let sandbox = folder.builder().start().await.unwrap();
    let held = Kfp(&sandbox).get("/experiments").await.expect(200);
    assert_eq!(held["experiments"], json!([after]));
}
