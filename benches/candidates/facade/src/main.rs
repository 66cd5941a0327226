//! The SDK, as its users call it.

mod lists;

use std::process::ExitCode;

use candidate::{Result, TOKEN, Task};
use compute_kfp::{compute, kfp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = &Task::from_arguments();
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
        "items" => lists::items(task, &kfp_client(task)?).await?,
        "pages" => lists::pages(task, &kfp_client(task)?).await?,
        "jobs-ahead" => lists::jobs_ahead(task, &compute_client(task)?).await?,
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
