//! A machine of its own for the program: a home folder and variables.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What no output may hold.
pub const SECRETS: [&str; 8] = [
    "sandbox-compute-user-token",
    "sandbox-compute-backend-key",
    "sandbox-kfp-token",
    "sandbox-refresh-token",
    "sandbox-device-code",
    "wr0ng-t0ken",
    "authservice_session=c00kie",
    "s3cret-passw0rd",
];

pub struct Machine {
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How the program ended, and what it wrote.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Machine {
    pub fn new() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub fn file(self, path: &str, content: &str) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// A path below the home folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compute-kfp"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("USERPROFILE", self.home.path())
            .env("XDG_CONFIG_HOME", self.path(".config"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program without a terminal; whatever it does, it shows no secret.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().unwrap();
        let ended = Ended {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        shows_no_secret(&ended.out);
        shows_no_secret(&ended.err);
        ended
    }

    /// What the program prints as JSON, and its exit status.
    pub fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ended = self.run(arguments);
        let json = serde_json::from_str(&ended.out);
        (
            ended.status,
            json.unwrap_or_else(|error| panic!("{error}: {ended:?}")),
        )
    }
}

#[track_caller]
pub fn shows_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "`{secret}` is shown:\n{text}");
    }
}
