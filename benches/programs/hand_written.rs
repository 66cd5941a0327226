//! Calls the same operation without the SDK: decodes a whole run, and prints its name.

#[allow(dead_code, reason = "the types of lists are not used")]
mod int64_text;
#[allow(dead_code, reason = "the types of lists are not used")]
mod kfp;

use std::env;
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: PROGRAM URL")?;
    let client = reqwest::Client::builder().build()?;
    let response = client
        .get(format!("{url}/apis/v2beta1/runs/run-1"))
        .bearer_auth("token")
        .send()
        .await?
        .error_for_status()?;
    let run: kfp::Run = serde_json::from_slice(&response.bytes().await?)?;
    println!("{}", run.display_name.ok_or("the run has no name")?);
    Ok(())
}
