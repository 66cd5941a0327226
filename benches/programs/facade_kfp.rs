//! Calls one operation with the SDK, and prints the name of a run.

use std::env;
use std::error::Error;

use compute_kfp::kfp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: PROGRAM URL")?;
    let client = kfp::Client::builder(url).bearer_token("token").build()?;
    let run = client.get_run("run-1").send().await?.into_inner();
    println!("{}", run.display_name.ok_or("the run has no name")?);
    Ok(())
}
