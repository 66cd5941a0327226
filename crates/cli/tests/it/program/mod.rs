//! The program, with its own environment for each test.

#[cfg(unix)]
pub mod terminal;
pub mod world;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use compute_kfp_sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;

/// A token that no server accepts.
pub const WRONG_TOKEN: &str = "wr0ng-t0ken";
/// Secrets that the program must never show.
const SECRETS: [&str; 8] = [
    "sandbox-compute-user-token",
    "sandbox-compute-backend-key",
    "sandbox-kfp-token",
    "sandbox-refresh-token",
    "sandbox-device-code",
    "authservice_session=c00kie",
    "s3cret-passw0rd",
    WRONG_TOKEN,
];

pub struct Program {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    /// Creates a program without settings.
    pub fn alone() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    /// Creates a program with the settings of a sandbox.
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

    /// Returns a path below the home directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file below the home directory and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn command(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compute-kfp"));
        command
            .args(words)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("USERPROFILE", self.home.path())
            .env("XDG_CONFIG_HOME", self.path(".config"))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program until it ends, without a terminal.
    pub fn run(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Ended {
        Ended::of(&mut self.command(words))
    }

    pub fn start(&self, words: impl IntoIterator<Item: AsRef<OsStr>>) -> Going {
        let mut command = self.command(words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Going {
            process,
            output: Some(output.lines()),
        }
    }
}

/// A program that has ended and has not shown a secret.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub output: String,
    pub errors: String,
}

impl Ended {
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let ended = Self {
            status: status.code().unwrap(),
            output: String::from_utf8(stdout).unwrap(),
            errors: String::from_utf8(stderr).unwrap(),
        };
        shows_no_secret(&ended.output);
        shows_no_secret(&ended.errors);
        ended
    }

    /// Returns the output of a program that succeeded, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        serde_json::from_str(&self.output).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Returns the error of a program that failed, as JSON.
    #[track_caller]
    pub fn failure(&self, status: i32) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        serde_json::from_str(&self.errors).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// A running program. It does not outlive its test.
pub struct Going {
    process: Child,
    output: Option<Lines<BufReader<ChildStdout>>>,
}

impl Going {
    /// Returns the next line on standard output as soon as it arrives.
    #[track_caller]
    pub fn line(&mut self) -> Option<String> {
        let line = self.output.as_mut()?.next()?.unwrap();
        shows_no_secret(&line);
        Some(line)
    }

    #[track_caller]
    pub fn json(&mut self) -> Value {
        serde_json::from_str(&self.line().unwrap()).unwrap()
    }

    /// Closes the pipe from the program.
    pub fn close(&mut self) {
        self.output = None;
    }

    /// Sends the signal of Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let mut kill = Command::new("kill");
        let kill = kill.args(["-INT", &self.process.id().to_string()]);
        assert!(kill.status().unwrap().success());
    }

    /// Waits for the program to end, and returns the lines that were not read yet.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let mut output = String::new();
        while let Some(line) = self.line() {
            output += &line;
            output.push('\n');
        }
        let mut errors = String::new();
        let mut stderr = self.process.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        shows_no_secret(&errors);
        Ended {
            status: self.process.wait().unwrap().code().unwrap(),
            output,
            errors,
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a sandbox that requires tokens, like a server behind a proxy.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder().require_kfp_token();
    sandbox.start_blocking().unwrap()
}

pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

#[track_caller]
fn shows_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "`{secret}` is shown:\n{text}");
    }
}
