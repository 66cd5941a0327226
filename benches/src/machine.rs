//! What the figures were measured on and with.

use std::process::Command;
use std::{fs, thread};

use crate::Result;

/// Machine and versions, a line of a list each.
pub fn describe() -> Result<Vec<String>> {
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
    lines.extend(said("python3", &["--version"]).ok());
    Ok(lines)
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
