//! The SDK as its users have it.

mod lists;
mod waiting;

use std::path::Path;
use std::process::ExitCode;

use candidate::{Result, TOKEN, Task};
use compute_kfp::{compute, kfp};
// What reads the answer of a call.
use compute_kfp_runtime::__private::read_json;

/// Does the work that it is asked for.
///
/// # Errors
///
/// The work cannot be done.
pub async fn run(task: &Task) -> Result<ExitCode> {
    match task.work.as_str() {
        "run" => {
            let kfp = kfp_client(task)?;
            task.repeat(async || Ok(kfp.get_run("run-1").send().await?.into_inner()))
                .await?;
        }
        "runs" => {
            let kfp = kfp_client(task)?;
            task.repeat(async || Ok(kfp.list_runs().page_size(200).send().await?.into_inner()))
                .await?;
        }
        "jobs" => {
            let compute = compute_client(task)?;
            task.repeat(async || Ok(compute.read_jobs().size(100).send().await?.into_inner()))
                .await?;
        }
        "decode-runs" => {
            let body = task.body()?;
            task.compute(|| Ok(read_json::<kfp::types::ListRunsResponse>(&body)?))?;
        }
        "decode-jobs" => {
            let body = task.body()?;
            task.compute(|| Ok(read_json::<compute::types::PageJob>(&body)?))?;
        }
        "items" => lists::items(task, &kfp_client(task)?).await?,
        "pages" => lists::pages(task, &kfp_client(task)?).await?,
        "held" => lists::held(task, &kfp_client(task)?).await?,
        "runs-ahead" => lists::runs_ahead(task, &kfp_client(task)?, false).await?,
        "runs-ahead-with-work" => lists::runs_ahead(task, &kfp_client(task)?, true).await?,
        "jobs-ahead" => lists::jobs_ahead(task, &compute_client(task)?).await?,
        "upload" => {
            let kfp = kfp_client(task)?;
            task.repeat(async || {
                let upload = kfp.upload_pipeline(Path::new(&task.file));
                Ok(upload.name("benchmark").send().await?.into_inner())
            })
            .await?;
        }
        "waiting" => waiting::runs(task, &kfp_client(task)?, false).await?,
        "waiting-spread" => waiting::runs(task, &kfp_client(task)?, true).await?,
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}

fn kfp_client(task: &Task) -> Result<kfp::Client> {
    Ok(kfp::Client::builder(&task.url)
        .bearer_token(TOKEN)
        .build()?)
}

fn compute_client(task: &Task) -> Result<compute::Client> {
    Ok(compute::Client::builder()
        .endpoint(&task.url)
        .bearer_token(TOKEN)
        .build()?)
}
