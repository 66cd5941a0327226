//! The same operation without the SDK: prints the name of a run, all of which is decoded.

#![allow(dead_code, reason = "a run is decoded as a whole, whatever is used of it")]

use std::env;
use std::error::Error;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Run {
    experiment_id: Option<String>,
    run_id: Option<String>,
    display_name: Option<String>,
    storage_state: Option<String>,
    description: Option<String>,
    pipeline_version_id: Option<String>,
    pipeline_spec: Option<Map<String, Value>>,
    pipeline_version_reference: Option<PipelineVersionReference>,
    runtime_config: Option<RuntimeConfig>,
    service_account: Option<String>,
    created_at: Option<DateTime<Utc>>,
    scheduled_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    state: Option<String>,
    error: Option<Status>,
    run_details: Option<RunDetails>,
    recurring_run_id: Option<String>,
    #[serde(default)]
    state_history: Vec<RuntimeStatus>,
}

#[derive(Deserialize)]
struct PipelineVersionReference {
    pipeline_id: Option<String>,
    pipeline_version_id: Option<String>,
}

#[derive(Deserialize)]
struct RuntimeConfig {
    #[serde(default)]
    parameters: Map<String, Value>,
    pipeline_root: Option<String>,
}

#[derive(Deserialize)]
struct RunDetails {
    pipeline_context_id: Option<String>,
    pipeline_run_context_id: Option<String>,
    #[serde(default)]
    task_details: Vec<TaskDetail>,
}

#[derive(Deserialize)]
struct TaskDetail {
    run_id: Option<String>,
    task_id: Option<String>,
    display_name: Option<String>,
    create_time: Option<DateTime<Utc>>,
    start_time: Option<DateTime<Utc>>,
    end_time: Option<DateTime<Utc>>,
    state: Option<String>,
    execution_id: Option<String>,
    error: Option<Status>,
    parent_task_id: Option<String>,
    #[serde(default)]
    state_history: Vec<RuntimeStatus>,
    pod_name: Option<String>,
    #[serde(default)]
    child_tasks: Vec<ChildTask>,
}

#[derive(Deserialize)]
struct ChildTask {
    task_id: Option<String>,
    pod_name: Option<String>,
}

#[derive(Deserialize)]
struct RuntimeStatus {
    update_time: Option<DateTime<Utc>>,
    state: Option<String>,
    error: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<i32>,
    message: Option<String>,
    #[serde(default)]
    details: Vec<Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: PROGRAM URL")?;
    let client = reqwest::Client::builder().build()?;
    let answer = client
        .get(format!("{url}/apis/v2beta1/runs/run-1"))
        .bearer_auth("token")
        .send()
        .await?
        .error_for_status()?;
    let run: Run = serde_json::from_slice(&answer.bytes().await?)?;
    println!("{}", run.display_name.ok_or("the run has no name")?);
    Ok(())
}
