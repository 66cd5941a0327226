//! Calls one operation with the SDK, and prints the number of jobs.

use std::env;
use std::error::Error;

use compute_kfp::compute;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: PROGRAM URL")?;
    let client = compute::Client::builder()
        .endpoint(url)
        .bearer_token("token")
        .build()?;
    let jobs = client.read_jobs().send().await?.into_inner();
    println!("{}", jobs.items.len());
    Ok(())
}
