//! What a careful user writes without an SDK: reqwest, serde_json and chrono, with the same types.

use std::process::ExitCode;

use candidate::{Result, Task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    handwritten::run(&Task::from_arguments()).await
}
