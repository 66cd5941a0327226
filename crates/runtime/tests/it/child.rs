//! One test of this program in a process of its own, whose environment can be set.

use std::env;
use std::process::Command;

/// Returns the command that runs only this test, with its module.
pub fn only(test: &str) -> Command {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "--nocapture", test]);
    child
}

/// Runs the process to its end; returns what it printed.
pub fn run(mut child: Command) -> String {
    let output = child.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let passed = output.status.success() && printed.contains("1 passed");
    assert!(passed, "{printed}");
    printed
}
