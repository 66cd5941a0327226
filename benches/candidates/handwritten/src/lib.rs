//! What a careful user writes without an SDK: reqwest, serde_json and chrono, with the same types.

mod compute;
mod int64_text;
mod kfp;

use std::process::ExitCode;
use std::time::Duration;

use candidate::{Measuring, Result, TOKEN, Task};
use reqwest::Client;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Does the work that it is asked for.
///
/// # Errors
///
/// The work cannot be done.
pub async fn run(task: &Task) -> Result<ExitCode> {
    match task.work.as_str() {
        "run" => call::<kfp::Run>(task, "/apis/v2beta1/runs/run-1").await?,
        "runs" => call::<kfp::ListRunsResponse>(task, "/apis/v2beta1/runs?page_size=200").await?,
        "jobs" => call::<compute::PageJob>(task, "/jobs?size=100").await?,
        "run-body" => body(task, &client()?).await?,
        "run-body-lean" => body(task, &lean_client()?).await?,
        "items" => items(task).await?,
        "decode-runs" => decode::<kfp::ListRunsResponse>(task)?,
        "decode-jobs" => decode::<compute::PageJob>(task)?,
        "scan-runs" | "scan-jobs" if !task.show => {
            let body = task.body()?;
            task.compute(|| {
                serde_json::from_slice::<IgnoredAny>(&body)?;
                Ok(())
            })?;
        }
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn call<T: DeserializeOwned + serde::Serialize>(task: &Task, path: &str) -> Result<()> {
    let client = client()?;
    let url = format!("{}{path}", task.url);
    task.repeat(async || get::<T>(&client, &url).await).await
}

/// As many runs as there are to be calls, page by page.
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

/// The same answer as that of `run`, read but not decoded.
async fn body(task: &Task, client: &Client) -> Result<()> {
    let url = format!("{}/apis/v2beta1/runs/run-1", task.url);
    task.repeat(async || {
        let answer = client.get(&url).bearer_auth(TOKEN).send().await?;
        Ok(answer.error_for_status()?.bytes().await?.len())
    })
    .await
}

/// A client with all turned off that a single call needs not.
fn lean_client() -> Result<Client> {
    Ok(Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .build()?)
}

fn client() -> Result<Client> {
    Ok(Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(60))
        .build()?)
}

async fn get<T: DeserializeOwned>(client: &Client, url: &str) -> Result<T> {
    let answer = client.get(url).bearer_auth(TOKEN).send().await?;
    let body = answer.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}

fn decode<T: DeserializeOwned + serde::Serialize>(task: &Task) -> Result<()> {
    let body = task.body()?;
    task.compute(|| Ok(serde_json::from_slice::<T>(&body)?))
}
