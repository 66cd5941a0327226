//! The sandbox, used by the tools for the real servers: the KFP SDK and its command line, `qi`, and the
//! plug-ins of Qiskit and PennyLane.

use std::path::PathBuf;
use std::process::Output;

use compute_kfp::compute::{self, Login};
use compute_kfp_sandbox::Sandbox;
use tempfile::TempDir;
use tokio::process::Command;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools");

/// A sandbox, and a home directory for logins.
struct Person {
    sandbox: Sandbox,
    home: TempDir,
}

impl Person {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().empty().wall_clock().speed(20.0);
        Self {
            sandbox: sandbox.start().await.unwrap(),
            home: TempDir::new().unwrap(),
        }
    }

    fn login_file(&self) -> PathBuf {
        self.home.path().join(".quantuminspire/config.json")
    }

    async fn log_in(&self) {
        let pending = Login::device(self.sandbox.url())
            .file(self.login_file())
            .start()
            .await
            .unwrap();
        pending.finish().await.unwrap();
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(format!("{DIRECTORY}/.venv/bin/{name}"));
        command
            .env("HOME", self.home.path())
            .env("BROWSER", "true")
            .env("NO_PROXY", "127.0.0.1")
            .kill_on_drop(true);
        command
    }

    async fn run(&self, script: &str, arguments: &[&str]) {
        let mut command = self.program("python");
        command.arg(format!("{DIRECTORY}/{script}")).args(arguments);
        succeeds(&command.output().await.unwrap());
    }
}

#[track_caller]
fn succeeds(output: &Output) {
    let of = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = of(&output.stdout) + &of(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_the_kfp_client_works() {
    let person = Person::new().await;
    let (url, token) = (person.sandbox.url(), person.sandbox.kfp_token());
    person.run("use_kfp.py", &[url, token]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_kfp_works() {
    let person = Person::new().await;
    let (url, token) = (person.sandbox.url(), person.sandbox.kfp_token());
    person.run("use_kfp_cli.py", &[url, token]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_qi_works_with_the_login_of_the_sdk() {
    let person = Person::new().await;
    person.log_in().await;
    person.run("use_qi.py", &[person.sandbox.url()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_qi_serves_the_sdk() {
    let person = Person::new().await;
    let mut login = person.program("qi");
    let login = login.args(["login", person.sandbox.url()]).output();
    succeeds(&login.await.unwrap());
    let login = Login::from_file(person.login_file()).unwrap();
    assert_eq!(login.team_member_id().unwrap(), Some(1));
    let client = compute::Client::builder().login(login).build().unwrap();
    assert_eq!(client.read_members().send().await.unwrap().total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn qiskit_and_pennylane_run_circuits() {
    let person = Person::new().await;
    person.log_in().await;
    person.run("use_frameworks.py", &[]).await;
}
