//! Runs the sandbox until Ctrl-C, and prints its address and credentials.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use compute_kfp_sandbox::command::Arguments;

#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    sandbox: Arguments,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = Program::parse().sandbox.run().await else {
        return ExitCode::SUCCESS;
    };
    // If standard error is closed, the message is lost.
    let _ = writeln!(io::stderr(), "error: {error}");
    match error.kind() {
        io::ErrorKind::InvalidInput => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}
