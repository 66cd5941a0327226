//! Machine and versions of a measurement.

use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use crate::{Bench, Result};

/// Crates that the figures depend on.
const CRATES: [&str; 6] = [
    "compute-kfp",
    "progenitor-client",
    "reqwest",
    "rustls",
    "serde_json",
    "tokio",
];

/// Packages of the Python clients.
const PYTHON_CLIENTS: [&str; 2] = ["kfp-server-api", "qi-compute-api-client"];

/// Returns machine and versions, one per line.
pub fn describe(bench: &Bench) -> Result<Vec<String>> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let cores = thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let memory: u64 = memory
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemTotal:")?
                .trim()
                .split(' ')
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or_default();
    let mut lines = vec![
        format!(
            "{cpu}, {cores} cores, {} GiB of memory",
            memory / 1024 / 1024
        ),
        said("uname", &["-sr"])?,
        said("rustc", &["--version"])?,
    ];
    lines.push(bench.nginx.version()?);
    let crates = CRATES
        .iter()
        .map(|name| version_of_crate(&bench.directory, name));
    lines.push(crates.collect::<Result<Vec<_>>>()?.join(", "));
    if !bench.quick {
        // Measures skip them too if they are not installed.
        if bench.python().exists() {
            lines.push(python_clients(bench)?);
        }
        let pinned = bench
            .directory
            .join("candidates/openapi-generator/requirements.txt");
        let pinned = fs::read_to_string(pinned)?;
        let pinned = pinned.lines().find(|line| !line.starts_with('#'));
        lines.extend(pinned.map(|pinned| pinned.replace("==", " ")));
    }
    Ok(lines)
}

/// Returns a crate with its version in the lock file.
fn version_of_crate(directory: &Path, name: &str) -> Result<String> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo
        .args(["pkgid", name])
        .current_dir(directory)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the version of `{name}`: {said}").into());
    }
    let id = String::from_utf8_lossy(&output.stdout);
    let version = id.trim().rsplit(['#', '@']).next().unwrap_or_default();
    Ok(format!("{name} {version}"))
}

fn python_clients(bench: &Bench) -> Result<String> {
    let python = bench.python();
    let python = python.to_str().ok_or("the path is not UTF-8")?;
    let mut versions = vec![said(python, &["--version"])?];
    for client in PYTHON_CLIENTS {
        let program =
            format!("import importlib.metadata; print(importlib.metadata.version({client:?}))");
        versions.push(format!("{client} {}", said(python, &["-c", &program])?));
    }
    Ok(versions.join(", "))
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
