//! The sandbox, checked by Schemathesis with thousands of valid and invalid requests, and by the
//! official Python clients.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use compute_kfp_contract::cases::Api;
use compute_kfp_contract::variant::Variant;
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis");

async fn is_satisfied_with(api: Api, spec: &str) {
    // The clock stands still, so that every run sees the same states.
    let sandbox = Sandbox::builder().speed(0.0).recording(false);
    let sandbox = sandbox.require_kfp_token().start().await.unwrap();
    let directory = TempDir::new().unwrap();
    let file = prepared(&api, spec, directory.path()).await;

    if api.name == "kfp" {
        furnish(&sandbox).await;
    }
    let config = configured(&api, &sandbox, directory.path()).await;

    let output = in_venv("st")
        .args(["--config-file", &config, "--no-color"])
        .args(["run", "--url", sandbox.url(), &file])
        .env("COMPUTE_TOKEN", sandbox.compute_token())
        .env("COMPUTE_API_KEY", sandbox.compute_api_key())
        .env("KFP_TOKEN", sandbox.kfp_token())
        .env("PYTHONUTF8", "1")
        .current_dir(directory.path())
        .output()
        .await
        .unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let all = api.cases(Variant::Required, directory.path()).len();
    assert!(said.contains(&format!("Tested: {all}\n")), "{said}");

    let (_, summary) = said.split_once("Test cases:\n").unwrap();
    let cases = summary.lines().next().unwrap().trim();
    // Not by `print!`, which the test harness captures.
    let told = format!("Schemathesis {}: {all} operations, {cases}\n", api.name);
    std::io::stdout().write_all(told.as_bytes()).unwrap();
}

/// Writes the spec in the form that Schemathesis can use.
async fn prepared(api: &Api, spec: &str, directory: &Path) -> String {
    let output = in_venv("python")
        .arg(format!("{DIRECTORY}/prepare.py"))
        .args([api.name, &format!("{DIRECTORY}/../../specs/{spec}")])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let file = directory.join("spec.json");
    std::fs::write(&file, output.stdout).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Adds objects that the sandbox lacks at its start: experiments, pipelines, runs, recurring runs.
async fn furnish(sandbox: &Sandbox) {
    let workflow = json!({
        "pipelineInfo": { "name": "calibrate" },
        "root": { "dag": { "tasks": {} } },
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.0.0",
    });
    let trigger = json!({ "periodic_schedule": { "interval_second": "3600" } });
    let http = reqwest::Client::new();
    for number in 1..=4 {
        let name = format!("calibration-{number}");
        let things = [
            ("experiments", json!({ "display_name": name })),
            ("pipelines", json!({ "display_name": name })),
            (
                "runs",
                json!({ "display_name": name, "pipeline_spec": workflow }),
            ),
            (
                "recurringruns",
                json!({
                    "display_name": name,
                    "pipeline_spec": workflow,
                    "trigger": trigger,
                    "mode": "ENABLE",
                    "max_concurrency": "1",
                }),
            ),
        ];
        for (collection, thing) in things {
            let answer = http
                .post(format!("{}/apis/v2beta1/{collection}", sandbox.url()))
                .bearer_auth(sandbox.kfp_token())
                .body(thing.to_string())
                .header("content-type", "application/json")
                .send()
                .await
                .unwrap();
            let status = answer.status();
            let body = answer.bytes().await.unwrap();
            let body = String::from_utf8_lossy(&body);
            assert!(status.is_success(), "{collection}: {status}: {body}");
        }
    }
}

/// Writes the configuration with the sandbox's identifiers, so that half of the requests are for
/// existing objects.
async fn configured(api: &Api, sandbox: &Sandbox, directory: &Path) -> String {
    let token = match api.name {
        "compute" => sandbox.compute_token(),
        _ => sandbox.kfp_token(),
    };
    let http = reqwest::Client::new();
    let mut held = BTreeMap::new();
    for (path, item) in api.document["paths"].as_object().unwrap() {
        if item.get("get").is_none() || path.contains('{') {
            continue;
        }
        let list = http.get(format!("{}{path}", sandbox.url()));
        let answer = list.bearer_auth(token).send().await.unwrap();
        // Some want more than a path.
        if answer.status().is_success() {
            let list = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            collect_identifiers(&list, &mut held);
        }
    }
    assert!(!held.is_empty());

    let mut config = std::fs::read_to_string(format!("{DIRECTORY}/schemathesis.toml")).unwrap();
    for (name, values) in &held {
        let values = Value::Array(values.clone());
        write!(config, "\n[dictionaries.{name}]\nvalues = {values}\n").unwrap();
    }
    config += "\n[parameters]\n";
    for name in held.keys() {
        let half = format!("{{ dictionary = \"{name}\", probability = 0.5 }}");
        writeln!(config, "\"path.{name}\" = {half}").unwrap();
    }
    let file = directory.join("schemathesis.toml");
    std::fs::write(&file, config).unwrap();
    file.to_str().unwrap().to_owned()
}

fn collect_identifiers(value: &Value, held: &mut BTreeMap<String, Vec<Value>>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_identifier = name == "id" || name.ends_with("_id");
                if is_identifier && (value.is_string() || value.is_number()) {
                    let values = held.entry(name.clone()).or_default();
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                }
                collect_identifiers(value, held);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_identifiers(item, held);
            }
        }
        _ => {}
    }
}

/// Returns a program that `make contract` installs.
fn in_venv(program: &str) -> Command {
    let mut command = Command::new(format!("{DIRECTORY}/.venv/bin/{program}"));
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

#[tokio::test(flavor = "multi_thread")]
async fn the_python_clients_work_with_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/witness");
    let output = Command::new(format!("{directory}/.venv/bin/python"))
        .arg(format!("{directory}/use_sandbox.py"))
        .args([sandbox.url(), sandbox.compute_token(), sandbox.kfp_token()])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
