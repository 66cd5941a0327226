//! The program, with an environment that is the test's alone.

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

/// A token that no server takes.
pub const WRONG_TOKEN: &str = "wr0ng-t0ken";
/// What the program may never show.
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
    /// With nothing configured.
    pub fn alone() -> Self {
        Self {
            home: TempDir::new().unwrap(),
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

    /// A path below the home folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file below the home folder, and gives its path.
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

    /// Runs the program to its end, without a terminal.
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

/// A program that has ended, and has shown no secret.
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

    /// What a program prints that ends well.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        serde_json::from_str(&self.output).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// What a program says that fails.
    #[track_caller]
    pub fn failure(&self, status: i32) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        serde_json::from_str(&self.errors).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// A program that has not ended yet, and does not outlive its test.
pub struct Going {
    process: Child,
    output: Option<Lines<BufReader<ChildStdout>>>,
}

impl Going {
    /// The next line on standard output, as soon as it comes.
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

    /// From now on nobody reads what it prints.
    pub fn close(&mut self) {
        self.output = None;
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let mut kill = Command::new("kill");
        let kill = kill.args(["-INT", &self.process.id().to_string()]);
        assert!(kill.status().unwrap().success());
    }

    /// Waits for the end, with the lines that were not read before.
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

/// A sandbox that wants tokens, as servers behind a proxy do.
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
