//! The binary as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compute-kfp-sandbox"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A running binary that does not outlive its test.
pub struct Running {
    pub process: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut command(arguments))
    }

    /// Runs a command that finally executes the binary.
    pub fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Reads the six lines of the announcement.
    pub fn announcement(&mut self) -> Vec<String> {
        let lines = (&mut self.output).lines().take(6);
        lines.map(|line| line.unwrap()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn exported<'a>(announcement: &'a [String], name: &str) -> &'a str {
    let start = format!("export {name}=");
    announcement
        .iter()
        .find_map(|line| line.strip_prefix(&start))
        .unwrap()
}
