#![allow(
    dead_code,
    missing_docs,
    reason = "each test file uses its part of this"
)]

pub mod terminal;

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use compute_kfp::{Content, compute, kfp};
use compute_kfp_sandbox::{NAMESPACE, Sandbox, SandboxBuilder};
use serde_json::Value;
use tempfile::TempDir;

pub const BELL: &str =
    "version 3.0\nqubit[2] q\nbit[2] b\nH q[0]\nCNOT q[0], q[1]\nb = measure q\n";
/// The sandbox lets it fail.
pub const FAILING: &str = "version 3.0\n// error\n";
pub const PACKAGE: &str = "\
pipelineInfo:
  name: calibrate
root:
  dag:
    tasks:
      measure: {}
";
/// Enough on the sandbox's clock for what was handed in to be going on, and not to have ended.
pub const BEGIN: Duration = Duration::from_secs(3);
/// Enough on the sandbox's clock for anything to have ended.
pub const END: Duration = Duration::from_secs(60);

/// A sandbox, and a user with a home of their own.
pub struct World {
    pub sandbox: Sandbox,
    home: TempDir,
}

impl World {
    /// Nothing goes on unless the test lets time pass.
    pub fn new() -> Self {
        Self::of(Sandbox::builder())
    }

    /// A second passes in a hundredth of one.
    pub fn fast() -> Self {
        Self::of(Sandbox::builder().speed(100.0))
    }

    fn of(builder: SandboxBuilder) -> Self {
        Self {
            sandbox: builder.start_blocking().unwrap(),
            home: TempDir::new().unwrap(),
        }
    }

    /// The program as this user starts it, with the right credentials.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compute-kfp"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("COMPUTE_ENDPOINT", self.sandbox.url())
            .env("COMPUTE_TOKEN", self.sandbox.compute_token())
            .env("COMPUTE_API_KEY", self.sandbox.compute_api_key())
            .env("KF_PIPELINES_ENDPOINT", self.sandbox.url())
            .env("KFP_TOKEN", self.sandbox.kfp_token());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        Done::of(&mut self.command(arguments))
    }

    pub fn run_with_wrong_tokens(&self, arguments: &[&str]) -> Done {
        let mut command = self.command(arguments);
        command.env("COMPUTE_TOKEN", "wrong");
        command.env("KFP_TOKEN", "wrong");
        Done::of(&mut command)
    }

    pub fn start(&self, arguments: &[&str]) -> Going {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Going {
            process,
            output: Some(output.lines()),
        }
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.home.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The id of a job that was just enqueued.
    pub fn job(&self, circuit: &str) -> String {
        let client = compute::Client::builder().endpoint(self.sandbox.url());
        let client = client.bearer_token(self.sandbox.compute_token());
        let client = client.build().unwrap();
        let job = wait_for(client.run_circuit(circuit, "Spin-2").submit());
        job.unwrap().id.to_string()
    }

    /// The id of a run that was just created.
    pub fn pipeline_run(&self, failing: bool) -> String {
        let package = Content::from(PACKAGE.to_owned()).named("calibrate.yaml");
        let client = self.kfp();
        let run = client.run_pipeline("calibrate").package(package);
        let run = run.parameter("fail", failing);
        wait_for(run.send()).unwrap().run_id.unwrap()
    }

    pub fn kfp(&self) -> kfp::Client {
        let client = kfp::Client::builder(self.sandbox.url());
        let client = client.bearer_token(self.sandbox.kfp_token());
        client.namespace(NAMESPACE).build().unwrap()
    }
}

pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

/// A program that has ended.
#[derive(Debug)]
pub struct Done {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a program prints that ends well.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// What a program says that fails.
    #[track_caller]
    pub fn failure(&self, status: i32) -> Value {
        assert_eq!(self.status, Some(status), "{self:?}");
        serde_json::from_str(&self.stderr).unwrap()
    }
}

/// A program that has not ended yet, and does not outlive its test.
pub struct Going {
    process: Child,
    output: Option<Lines<BufReader<ChildStdout>>>,
}

impl Going {
    /// The next line on standard output, as soon as it comes.
    pub fn line(&mut self) -> Option<String> {
        self.output.as_mut()?.next().map(|line| line.unwrap())
    }

    pub fn json(&mut self) -> Value {
        serde_json::from_str(&self.line().unwrap()).unwrap()
    }

    /// From now on nobody reads what it prints.
    pub fn close(&mut self) {
        self.output = None;
    }

    pub fn end(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
