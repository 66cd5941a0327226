//! Programs that do the same work with different clients.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use candidate::{Figures, NOT_OFFERED};
use serde_json::Value;

use crate::Result;
use crate::statistics::Samples;

/// Core of the candidates.
const CANDIDATE_CORE: &str = "0";
/// Core of the server.
pub const SERVER_CORE: &str = "1";

/// A program with one client.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Name in tables.
    pub name: &'static str,
    program: Vec<OsString>,
}

impl Candidate {
    /// Builds a package of `benches/candidates`, alone, so that other candidates add no features.
    pub fn package(name: &'static str, benches: &Path, package: &str) -> Result<Self> {
        Self::package_of(name, benches, benches, package)
    }

    /// Builds a package of the workspace in `directory`.
    pub fn package_of(
        name: &'static str,
        benches: &Path,
        directory: &Path,
        package: &str,
    ) -> Result<Self> {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--release", "--package", package])
            .arg("--target-dir")
            .arg(target_directory(benches)?)
            .current_dir(directory)
            .status()?;
        if !status.success() {
            return Err(format!("cannot build the candidate `{package}`").into());
        }
        let program = target_directory(benches)?.join("release").join(package);
        Ok(Self {
            name,
            program: vec![program.into()],
        })
    }

    /// Uses any program, with arguments that precede those of a task.
    pub fn program(name: &'static str, program: impl IntoIterator<Item = OsString>) -> Self {
        let program = program.into_iter().collect();
        Self { name, program }
    }

    /// Returns the same program under another name.
    pub fn named(&self, name: &'static str) -> Self {
        let program = self.program.clone();
        Self { name, program }
    }

    /// Does the work. Returns `None` if the candidate does not support it.
    pub fn run(&self, arguments: &[&str]) -> Result<Option<Figures>> {
        match self.output(arguments)? {
            Some(output) => Ok(Some(serde_json::from_slice(&output)?)),
            None => Ok(None),
        }
    }

    /// Makes one call and returns the decoded data, or `None` if the candidate does not support it.
    pub fn shown(&self, arguments: &[&str]) -> Result<Option<Value>> {
        match self.output(&[arguments, &["--show"]].concat())? {
            Some(output) => Ok(Some(serde_json::from_slice(&output)?)),
            None => Ok(None),
        }
    }

    /// Returns the command of a task, on the core of candidates.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = pinned(CANDIDATE_CORE);
        command.args(&self.program).args(arguments);
        command
    }

    fn output(&self, arguments: &[&str]) -> Result<Option<Vec<u8>>> {
        let output = self.command(arguments).output()?;
        if output.status.code() == Some(NOT_OFFERED.into()) {
            return Ok(None);
        }
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} {arguments:?}: {said}", self.name).into());
        }
        Ok(Some(output.stdout))
    }
}

/// Lets candidates take turns, so that a disturbance of the machine affects all of them. A candidate
/// without arguments for a turn skips it.
pub fn take_turns(
    candidates: &[Candidate],
    turns: usize,
    arguments: impl Fn(&Candidate, usize) -> Option<Vec<String>>,
    figure: impl Fn(&Figures) -> f64,
) -> Result<Vec<(Candidate, Samples)>> {
    let mut all: Vec<_> = candidates
        .iter()
        .map(|candidate| (candidate.clone(), Samples::default()))
        .collect();
    for turn in 0..turns {
        for (candidate, samples) in &mut all {
            let Some(arguments) = arguments(candidate, turn) else {
                continue;
            };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            if let Some(figures) = candidate.run(&arguments)? {
                samples.push(figure(&figures));
            }
        }
    }
    all.retain(|(_, samples)| samples.greatest() > 0.0);
    Ok(all)
}

/// Returns a command that runs on one core.
pub fn pinned(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]);
    command
}

/// Returns the target directory of the benchmarks.
pub fn target_directory(benches: &Path) -> Result<&'static Path> {
    static DIRECTORY: OnceLock<std::path::PathBuf> = OnceLock::new();
    if let Some(directory) = DIRECTORY.get() {
        return Ok(directory);
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(benches)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let directory = metadata["target_directory"]
        .as_str()
        .ok_or("cargo metadata names no target directory")?;
    Ok(DIRECTORY.get_or_init(|| directory.into()))
}
