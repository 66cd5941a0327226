//! A sandbox with jobs and runs, and the program of a user there.

use std::time::Duration;

use compute_kfp::{Content, compute, kfp};
use compute_kfp_sandbox::{NAMESPACE, Sandbox, SandboxBuilder};

use super::{Ended, Program, WRONG_TOKEN, wait_for};

pub const BELL: &str =
    "version 3.0\nqubit[2] q\nbit[2] b\nH q[0]\nCNOT q[0], q[1]\nb = measure q\n";
/// A circuit that fails in the sandbox.
pub const FAILING: &str = "version 3.0\n// error\n";
pub const PACKAGE: &str = "\
pipelineInfo:
  name: calibrate
schemaVersion: 2.1.0
root:
  inputDefinitions:
    parameters:
      fail: {parameterType: BOOLEAN, isOptional: true}
  dag:
    tasks:
      measure: {}
";
/// Time on the sandbox's clock after which a submitted job or run is in progress.
pub const BEGIN: Duration = Duration::from_millis(2500);
/// Time on the sandbox's clock after which every job and run has ended.
pub const END: Duration = Duration::from_secs(60);

pub struct World {
    pub sandbox: Sandbox,
    pub program: Program,
}

impl World {
    /// Creates a world in which time passes only if the test advances it.
    pub fn new() -> Self {
        Self::of(Sandbox::builder())
    }

    /// Creates a world whose clock runs a hundred times as fast.
    pub fn fast() -> Self {
        Self::of(Sandbox::builder().speed(100.0))
    }

    /// Creates a world with a multi-user installation of KFP.
    pub fn multi_user() -> Self {
        Self::of(Sandbox::builder().multi_user())
    }

    fn of(builder: SandboxBuilder) -> Self {
        let sandbox = builder.require_kfp_token().start_blocking().unwrap();
        let program = Program::with(&sandbox);
        Self { sandbox, program }
    }

    #[track_caller]
    pub fn run_with_wrong_tokens(&self, words: &[&str]) -> Ended {
        let mut command = self.program.command(words);
        command.env("COMPUTE_TOKEN", WRONG_TOKEN);
        command.env("KFP_TOKEN", WRONG_TOKEN);
        Ended::of(&mut command)
    }

    /// Enqueues a job and returns its id.
    pub fn job(&self, circuit: &str) -> String {
        let client = compute::Client::builder().endpoint(self.sandbox.url());
        let client = client.bearer_token(self.sandbox.compute_token());
        let client = client.build().unwrap();
        let job = wait_for(client.run_circuit(circuit, "Spin-2").submit());
        job.unwrap().id.to_string()
    }

    /// Creates a run and returns its id.
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
