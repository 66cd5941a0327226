//! A hand-written client: reqwest, serde_json and chrono, with the same types.

mod compute;
mod int64_text;
mod kfp;

use std::process::ExitCode;
use std::time::Duration;

use candidate::{Measuring, Result, TOKEN, Task};
use reqwest::Client;
use serde::de::DeserializeOwned;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = &Task::from_arguments();
    match task.work.as_str() {
        "run" => call::<kfp::Run>(task, "/apis/v2beta1/runs/run-1").await?,
        "runs" => call::<kfp::ListRunsResponse>(task, "/apis/v2beta1/runs?page_size=200").await?,
        "jobs" => call::<compute::PageJob>(task, "/jobs?size=100").await?,
        "items" => items(task).await?,
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn call<T: DeserializeOwned + serde::Serialize>(task: &Task, path: &str) -> Result<()> {
    let client = client()?;
    let url = format!("{}{path}", task.url);
    task.repeat(async || get::<T>(&client, &url).await).await
}

/// Reads as many runs as the task has calls, page by page.
async fn items(task: &Task) -> Result<()> {
    let client = client()?;
    let first = format!("{}/apis/v2beta1/runs?page_size=200", task.url);
    let measuring = Measuring::begin()?;
    let (mut seen, mut url) = (0, first.clone());
    while seen < task.calls {
        let page = get::<kfp::ListRunsResponse>(&client, &url).await?;
        for run in page.runs.into_iter().flatten() {
            std::hint::black_box(run);
            seen += 1;
        }
        match page.next_page_token.filter(|token| !token.is_empty()) {
            Some(token) => url = format!("{first}&page_token={token}"),
            None => break,
        }
    }
    task.check(seen)?;
    measuring.end(seen)
}

fn client() -> Result<Client> {
    Ok(Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(60))
        .build()?)
}

async fn get<T: DeserializeOwned>(client: &Client, url: &str) -> Result<T> {
    let response = client.get(url).bearer_auth(TOKEN).send().await?;
    let body = response.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}
