//! The binary, with an environment that is the test's alone.

#![allow(
    dead_code,
    missing_docs,
    reason = "each test program uses its part of this"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use compute_kfp_sandbox::Sandbox;
use tempfile::TempDir;

pub struct Program {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub output: String,
    pub errors: String,
}

impl Program {
    /// With nothing configured.
    pub fn alone() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// With everything that leads to a sandbox.
    pub fn with(sandbox: &Sandbox) -> Self {
        Self::alone()
            .variable("COMPUTE_ENDPOINT", sandbox.url())
            .variable("COMPUTE_TOKEN", sandbox.compute_token())
            .variable("COMPUTE_API_KEY", sandbox.compute_api_key())
            .variable("KF_PIPELINES_ENDPOINT", sandbox.url())
            .variable("KFP_TOKEN", sandbox.kfp_token())
    }

    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home folder, and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compute-kfp"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join(".config"))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    pub async fn run<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Ended {
        Ended::of(self.command(words)).await
    }
}

impl Ended {
    pub async fn of(mut command: Command) -> Self {
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.unwrap().unwrap();
        Self {
            status: output.status.code().unwrap_or(-1),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The error that was told as JSON.
    pub fn json_error(&self) -> serde_json::Value {
        serde_json::from_str(&self.errors).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}
