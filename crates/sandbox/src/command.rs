//! The sandbox as a command of a program.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use chrono::DateTime;
use clap::Args;

use crate::builder::ClockStart;
use crate::seeding::Seed;
use crate::{Fault, KfpServer, Sandbox, SandboxBuilder};

/// In-memory server for the Quantum Inspire Compute API and Kubeflow Pipelines.
///
/// It serves both APIs on one port and prints the environment variables for clients. In a browser, /
/// shows the current data and all operations, and /openapi/ lists the specs. Ctrl-C stops it.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Port to listen on; 0 selects a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Address to listen on; any but a loopback address needs --expose
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Allow a --host that other machines can reach, without encryption and with public credentials
    #[arg(long)]
    expose: bool,

    /// Start without data
    #[arg(long)]
    empty: bool,

    /// Time at the start, such as 2025-01-07T09:00:00Z, or "wall" for the present
    #[arg(long, value_name = "TIME", default_value = "wall", value_parser = clock)]
    clock: ClockStart,

    /// Speed of jobs and runs relative to the wall clock; 0 stops them
    #[arg(long, default_value_t = 1.0)]
    speed: f64,

    /// JSON file with more initial data; can be repeated
    ///
    /// The format is {"compute": {"projects": [{"name": "p"}]}, "kfp": {"runs": [{"display_name": "r"}]}}.
    /// Each object has the format in which its server sends it. Ids and creation times are optional.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    /// File that stores all data; created if it does not exist
    ///
    /// The file is written at most every two seconds and at exit. A killed process loses at most the
    /// last two seconds. If the file has content, the sandbox continues with it, and --seed and --empty
    /// have no effect. The format is that of --seed. Only one sandbox at a time can use the file.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// KFP server to behave as: release 2.17, the server of the next API, or that server with all
    /// operations of the spec
    #[arg(long, value_enum, value_name = "SERVER", default_value_t)]
    kfp: KfpServer,

    /// Reject KFP requests without the KFP token
    #[arg(long, conflicts_with = "multi_user")]
    require_token: bool,

    /// Behave as a multi-user installation of KFP: requests need an identity and a namespace
    #[arg(long)]
    multi_user: bool,

    /// Deliberate faults, such as 'get_run:status=503,times=2;*:delay=200ms,rate=0.05'
    #[arg(long, value_name = "FAULTS", long_help = FAULTS_HELP)]
    faults: Vec<String>,
}

fn clock(text: &str) -> Result<ClockStart, String> {
    if text == "wall" {
        return Ok(ClockStart::Wall);
    }
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|error| format!("{error}: use \"wall\" or a time with an offset"))?;
    Ok(ClockStart::At(time.into()))
}

const FAULTS_HELP: &str = concat!(
    "Deliberate faults, such as 'get_run:status=503,times=2;*:delay=200ms,rate=0.05'\n\n",
    include_str!("fault_text.txt")
);

impl Arguments {
    /// Starts the sandbox, prints the environment variables for clients, and serves until Ctrl-C.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`InvalidInput`](io::ErrorKind::InvalidInput) if an argument is invalid,
    /// and otherwise the error of the operating system.
    pub async fn run(self) -> io::Result<()> {
        let mut builder = SandboxBuilder {
            host: self.host,
            exposed: self.expose,
            port: self.port,
            seeded: !self.empty,
            recording: false,
            clock_start: self.clock,
            kfp_server: self.kfp,
            multi_user: self.multi_user,
            data_file: self.data,
            seeds: self.seed.into_iter().map(Seed::File).collect(),
            ..Sandbox::builder().speed(self.speed)
        };
        builder.credentials.kfp_token_required = self.require_token;
        for text in &self.faults {
            builder.faults.extend(Fault::read_all(text)?);
        }
        let sandbox = builder.start().await?;
        let announcement = announcement(&sandbox);
        let served = async {
            let interrupted = tokio::signal::ctrl_c().await;
            interrupted.and(sandbox.stop().await)
        };
        // In this order, Ctrl-C is handled before the sandbox is announced.
        tokio::try_join!(biased; served, async { announce(&announcement) })?;
        Ok(())
    }
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
