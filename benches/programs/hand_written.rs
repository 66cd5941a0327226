//! The same operation without the SDK: prints the name of a run, all of which is decoded.

#[allow(dead_code, reason = "a page of runs is not asked for")]
mod int64_text;
#[allow(dead_code, reason = "a page of runs is not asked for")]
mod kfp;

use std::env;
use std::error::Error;

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
    let run: kfp::Run = serde_json::from_slice(&answer.bytes().await?)?;
    println!("{}", run.display_name.ok_or("the run has no name")?);
    Ok(())
}
