//! Programs that do the same work with clients of their own.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use candidate::{Figures, NOT_OFFERED};
use serde_json::Value;

use crate::Result;
use crate::statistics::Samples;

/// Core on which candidates run; the servers have the other one.
const CANDIDATE_CORE: &str = "0";
/// Core on which servers run.
pub const SERVER_CORE: &str = "1";

/// A program that does what the others do.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// As tables call it.
    pub name: &'static str,
    program: Vec<OsString>,
}

impl Candidate {
    /// A package of `benches/candidates`, built by itself so that it has no other's features.
    pub fn package(name: &'static str, benches: &Path, package: &str) -> Result<Self> {
        Self::package_of(name, benches, benches, package)
    }

    /// A package of the workspace in `folder`, which is another than that of `benches`.
    pub fn package_of(
        name: &'static str,
        benches: &Path,
        folder: &Path,
        package: &str,
    ) -> Result<Self> {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--release", "--package", package])
            .arg("--target-dir")
            .arg(target_folder(benches)?)
            .current_dir(folder)
            .status()?;
        if !status.success() {
            return Err(format!("the candidate `{package}` cannot be built").into());
        }
        let program = target_folder(benches)?.join("release").join(package);
        Ok(Self {
            name,
            program: vec![program.into()],
        })
    }

    /// Another program of a package that [`package`](Self::package) has built.
    pub fn program_of(name: &'static str, benches: &Path, program: &str) -> Result<Self> {
        let program = target_folder(benches)?.join("release").join(program);
        Ok(Self::program(name, [program.into()]))
    }

    /// Another program, with the arguments that stand before those of a task.
    pub fn program(name: &'static str, program: impl IntoIterator<Item = OsString>) -> Self {
        let program = program.into_iter().collect();
        Self { name, program }
    }

    /// The same program under another name, for work that is to be compared with others.
    pub fn named(&self, name: &'static str) -> Self {
        let program = self.program.clone();
        Self { name, program }
    }

    /// Does the work and tells what it took; `None` where the candidate does not offer it.
    pub fn run(&self, arguments: &[&str]) -> Result<Option<Figures>> {
        match self.output(arguments)? {
            Some(output) => Ok(Some(serde_json::from_slice(&output)?)),
            None => Ok(None),
        }
    }

    /// Does the work once and gives the data that it decoded; `None` where it is not offered.
    pub fn shown(&self, arguments: &[&str]) -> Result<Option<Value>> {
        match self.output(&[arguments, &["--show"]].concat())? {
            Some(output) => Ok(Some(serde_json::from_slice(&output)?)),
            None => Ok(None),
        }
    }

    /// The command of a task, on the core of candidates.
    pub fn command(&self, arguments: &[&str]) -> Command {
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

/// Lets candidates take turns, so that what disturbs the machine disturbs all of them alike; one without
/// arguments for a turn leaves it out.
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

/// A command that runs on one core.
pub fn pinned(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]);
    command
}

/// Where cargo puts what it builds of the benchmarks.
pub fn target_folder(benches: &Path) -> Result<&'static Path> {
    static FOLDER: OnceLock<std::path::PathBuf> = OnceLock::new();
    if let Some(folder) = FOLDER.get() {
        return Ok(folder);
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(benches)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let folder = metadata["target_directory"]
        .as_str()
        .ok_or("cargo metadata does not tell the target folder")?;
    Ok(FOLDER.get_or_init(|| folder.into()))
}
