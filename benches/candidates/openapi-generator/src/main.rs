//! The clients that openapi-generator generates from the same specs.

use std::process::ExitCode;

use candidate::{Result, TOKEN, Task};
use compute::apis::jobs_api::read_jobs_jobs_get;
use kfp::apis::run_service_api::{run_service_get_run, run_service_list_runs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = Task::from_arguments();
    let mut kfp = kfp::apis::configuration::Configuration::new();
    kfp.base_path.clone_from(&task.url);
    // The spec of KFP declares a header of any format.
    kfp.api_key = Some(kfp::apis::configuration::ApiKey {
        prefix: Some("Bearer".to_owned()),
        key: TOKEN.to_owned(),
    });
    let mut compute = compute::apis::configuration::Configuration::new();
    compute.base_path.clone_from(&task.url);
    compute.oauth_access_token = Some(TOKEN.to_owned());
    match task.work.as_str() {
        "run" => {
            task.repeat(async || Ok(run_service_get_run(&kfp, "run-1", None, None).await?))
                .await?;
        }
        "runs" => {
            task.repeat(async || {
                let size = Some(200);
                let runs = run_service_list_runs(&kfp, None, None, None, size, None, None, None);
                Ok(runs.await?)
            })
            .await?;
        }
        "jobs" => {
            task.repeat(async || {
                let size = Some(100);
                // One argument for each filter of the operation.
                let jobs = read_jobs_jobs_get(
                    &compute, None, size, None, None, None, None, None, None, None, None, None,
                    None, None, None, None, None, None, None, None, None, None,
                );
                Ok(jobs.await?)
            })
            .await?;
        }
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}
