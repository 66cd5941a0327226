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
    match Program::parse().sandbox.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            report(&error);
            ExitCode::from(2)
        }
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn report(error: &io::Error) {
    // If standard error is closed, the message is lost.
    let _ = writeln!(io::stderr(), "error: {error}");
}
