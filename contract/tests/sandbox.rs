//! The sandbox, judged by Schemathesis: thousands of generated requests, right and wrong ones.

#![allow(clippy::unwrap_used, reason = "in a test, what fails must stop it")]

use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use compute_kfp_contract::cases::{Api, Variant};
use compute_kfp_sandbox::Sandbox;
use tempfile::TempDir;
use tokio::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis");

async fn is_satisfied_with(api: Api, description: &str) {
    // Time stands still, so that every run meets the same states.
    let sandbox = Sandbox::builder().speed(0.0).recording(false);
    let sandbox = sandbox.start().await.unwrap();
    let folder = TempDir::new().unwrap();
    let file = prepared(&api, description, folder.path()).await;

    let output = in_venv("st")
        .arg("--config-file")
        .arg(format!("{FOLDER}/schemathesis.toml"))
        .args(["--no-color", "run", "--url", sandbox.url(), &file])
        .env("COMPUTE_TOKEN", sandbox.compute_token())
        .env("COMPUTE_API_KEY", sandbox.compute_api_key())
        .env("KFP_TOKEN", sandbox.kfp_token())
        .env("PYTHONUTF8", "1")
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let all = api.cases(Variant::Required, folder.path()).len();
    assert!(said.contains(&format!("Tested: {all}\n")), "{said}");

    let (_, summary) = said.split_once("Test cases:\n").unwrap();
    let cases = summary.lines().next().unwrap().trim();
    // Not by `print!`, which the test harness keeps to itself.
    let told = format!("Schemathesis {}: {all} operations, {cases}\n", api.name);
    std::io::stdout().write_all(told.as_bytes()).unwrap();
}

/// The file with the description as Schemathesis can judge by it.
async fn prepared(api: &Api, description: &str, folder: &Path) -> String {
    let output = in_venv("python")
        .arg(format!("{FOLDER}/prepare.py"))
        .args([api.name, &format!("{FOLDER}/../../specs/{description}")])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let file = folder.join("description.json");
    std::fs::write(&file, output.stdout).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A program of what `make contract` installs.
fn in_venv(program: &str) -> Command {
    let mut command = Command::new(format!("{FOLDER}/.venv/bin/{program}"));
    command.kill_on_drop(true);
    command
}

fn said(output: &Output) -> String {
    let of = |bytes| String::from_utf8_lossy(bytes).into_owned();
    of(&output.stdout) + &of(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_is_satisfied_with_compute() {
    is_satisfied_with(Api::compute().unwrap(), "compute.openapi.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_is_satisfied_with_kfp() {
    is_satisfied_with(Api::kfp().unwrap(), "kfp.swagger.json").await;
}
