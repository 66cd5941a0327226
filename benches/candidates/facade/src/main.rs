//! The SDK as its users have it.

use std::process::ExitCode;

use candidate::{Result, Task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    facade::run(&Task::from_arguments()).await
}
