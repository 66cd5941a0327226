//! Runs the sandbox until Ctrl-C and prints how to reach it.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use clap::Parser;
use compute_kfp_sandbox::Sandbox;

/// In-memory server for the Quantum Inspire Compute API and Kubeflow Pipelines.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Address to listen on; one that is not a loopback address needs --expose.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Allow a --host that other machines can reach, without encryption and with public credentials.
    #[arg(long)]
    expose: bool,

    /// Start without data.
    #[arg(long)]
    empty: bool,

    /// How many times as fast as the wall clock jobs and runs go on; 0 stops them.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
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

async fn run(arguments: Arguments) -> io::Result<()> {
    let mut builder = Sandbox::builder()
        .host(arguments.host)
        .port(arguments.port)
        .speed(arguments.speed)
        .recording(false);
    if arguments.expose {
        builder = builder.exposed();
    }
    if arguments.empty {
        builder = builder.empty();
    }
    let sandbox = builder.start().await?;
    let announcement = announcement(&sandbox);
    // In this order Ctrl-C is listened to before anybody is told that the sandbox runs.
    tokio::try_join!(biased; sandbox.run_until_ctrl_c(), async { announce(&announcement) })?;
    Ok(())
}

fn announcement(sandbox: &Sandbox) -> String {
    format!(
        "# sandbox listening on {url}, Ctrl-C stops it\n\
         export COMPUTE_ENDPOINT={url}\n\
         export COMPUTE_TOKEN={}\n\
         export COMPUTE_API_KEY={}\n\
         export KF_PIPELINES_ENDPOINT={url}\n\
         export KFP_TOKEN={}\n",
        sandbox.compute_token(),
        sandbox.compute_api_key(),
        sandbox.kfp_token(),
        url = sandbox.url(),
    )
}

fn announce(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

fn report(error: &io::Error) {
    // With standard error closed there is nowhere left to complain.
    let _ = writeln!(io::stderr(), "error: {error}");
}
