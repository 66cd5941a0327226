//! The sandbox as a command of a program: its arguments, and running it.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::DateTime;
use clap::Args;

use crate::{Fault, KfpServer, Sandbox};

/// In-memory server for the Quantum Inspire Compute API and Kubeflow Pipelines.
///
/// It listens on one port for both APIs and prints the variables that lead to it. A browser finds at
/// / what it holds and every operation; /openapi/ has the API descriptions. Ctrl-C stops it.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
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

    /// Time of the sandbox at its start, such as 2025-01-07T09:00:00Z; "wall" for the present.
    #[arg(long, value_name = "TIME", default_value = "wall", value_parser = clock)]
    clock: ClockStart,

    /// How many times as fast as the wall clock jobs and runs go on; 0 stops them.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,

    /// Start with the data of this JSON file too; can be repeated.
    ///
    /// Its form is {"compute": {"projects": [{"name": "p"}]}, "kfp": {"runs": [{"display_name": "r"}]}}:
    /// each object as its server sends it, ids and times of creation if wanted.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    /// Keep what the sandbox holds in this file, which is created if there is none.
    ///
    /// The file is written every two seconds and at the end; a killed process loses at most what
    /// came since. Once the file holds something, the sandbox continues with that, and --seed and
    /// --empty have no effect. It has the form of --seed. One sandbox at a time uses the file.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Answer as this KFP server: the release 2.17, the one of the next API, or that one with all
    /// operations of the specification.
    #[arg(long, value_enum, value_name = "SERVER", default_value_t)]
    kfp: KfpServer,

    /// Refuse KFP requests without the KFP token.
    #[arg(long, conflicts_with = "multi_user")]
    require_token: bool,

    /// Answer as a multi-user installation of KFP: requests need an identity and a namespace.
    #[arg(long)]
    multi_user: bool,

    /// What is to go wrong, such as 'get_run:status=503,times=2;*:delay=200ms,rate=0.05'.
    #[arg(long, value_name = "FAULTS", long_help = FAULTS_HELP)]
    faults: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum ClockStart {
    Wall,
    At(SystemTime),
}

fn clock(text: &str) -> Result<ClockStart, String> {
    if text == "wall" {
        return Ok(ClockStart::Wall);
    }
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|error| format!("{error}: use wall or a time with an offset"))?;
    Ok(ClockStart::At(time.into()))
}

const FAULTS_HELP: &str = "\
What is to go wrong, such as 'get_run:status=503,times=2;*:delay=200ms,rate=0.05'.

Faults are separated by ;. Each is an operation, by the name of the client's method or by its id in
the API's specification, or * for all; then : and settings separated by ,:
  status=503              answer with this status in place of the operation
  cut=head, cut=body      close the connection without an answer, or in the middle of its body
  delay=200ms, delay=2s   answer later
  content-type=text/html  give the answer this content type
  retry-after=5           add this header, in seconds
  after                   do the operation all the same
  times=2                 meet as many requests and no more
  rate=0.05, seed=7       meet a request with this probability; the same ones for the same seed
The first fault that fits a request meets it.";

impl Arguments {
    /// Starts the sandbox, prints the variables that lead to it, and serves until Ctrl-C.
    ///
    /// ```
    /// use clap::Parser;
    /// use compute_kfp_sandbox::command::Arguments;
    ///
    /// #[derive(Parser)]
    /// struct Program {
    ///     #[command(flatten)]
    ///     sandbox: Arguments,
    /// }
    ///
    /// let program = Program::parse_from(["program", "--port", "0"]);
    /// let served = program.sandbox.run();
    /// # drop(served);
    /// ```
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput) where an argument cannot be right;
    /// otherwise what the operating system refuses.
    pub async fn run(self) -> io::Result<()> {
        let mut builder = Sandbox::builder()
            .host(self.host)
            .port(self.port)
            .recording(false);
        builder = builder.kfp_server(self.kfp);
        if self.require_token {
            builder = builder.require_kfp_token();
        }
        if self.multi_user {
            builder = builder.multi_user();
        }
        builder = match self.clock {
            ClockStart::Wall => builder.wall_clock(),
            ClockStart::At(time) => builder.clock_starts_at(time),
        };
        builder = builder.speed(self.speed);
        if self.expose {
            builder = builder.exposed();
        }
        if self.empty {
            builder = builder.empty();
        }
        for path in &self.seed {
            builder = builder.seed_file(path);
        }
        if let Some(path) = &self.data {
            builder = builder.data_file(path);
        }
        for text in &self.faults {
            for fault in Fault::read_all(text)? {
                builder = builder.fault(fault);
            }
        }
        let sandbox = builder.start().await?;
        let announcement = announcement(&sandbox);
        // In this order Ctrl-C is listened to before anybody is told that the sandbox runs.
        tokio::try_join!(biased; sandbox.run_until_ctrl_c(), async { announce(&announcement) })?;
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
