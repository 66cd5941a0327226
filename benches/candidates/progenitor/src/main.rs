//! The clients that stock progenitor generates from the same specs.

use std::process::ExitCode;

use candidate::{Result, TOKEN, Task};
use reqwest::header::{AUTHORIZATION, HeaderMap};

/// The generated client of Quantum Inspire Compute.
#[allow(
    clippy::all,
    clippy::unwrap_used,
    missing_docs,
    unused,
    reason = "progenitor wrote it"
)]
mod compute {
    include!(concat!(env!("OUT_DIR"), "/compute.rs"));
}

/// The generated client of Kubeflow Pipelines.
#[allow(
    clippy::all,
    clippy::unwrap_used,
    missing_docs,
    unused,
    reason = "progenitor wrote it"
)]
mod kfp {
    include!(concat!(env!("OUT_DIR"), "/kfp.rs"));
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = Task::from_arguments();
    let kfp = kfp::Client::new_with_client(&task.url, http()?);
    let compute = compute::Client::new_with_client(&task.url, http()?);
    match task.work.as_str() {
        "run" => {
            task.repeat(async || {
                let run = kfp.run_service_get_run().run_id("run-1");
                Ok(run.send().await?.into_inner())
            })
            .await?;
        }
        "runs" => {
            task.repeat(async || {
                let runs = kfp.run_service_list_runs().page_size(200);
                Ok(runs.send().await?.into_inner())
            })
            .await?;
        }
        "jobs" => {
            let size = std::num::NonZeroU64::MIN.saturating_add(99);
            task.repeat(async || {
                let jobs = compute.read_jobs_jobs_get().size(size);
                Ok(jobs.send().await?.into_inner())
            })
            .await?;
        }
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}

/// The HTTP client, as users of progenitor build it to send a token.
fn http() -> Result<reqwest::Client> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {TOKEN}").parse()?);
    Ok(reqwest::Client::builder()
        .default_headers(headers)
        .build()?)
}
