//! Costs of other programs, including the programs they start.

use std::process::Command;
use std::time::Instant;

use crate::Result;

/// Cost of a program.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub cpu_s: f64,
    pub wall_s: f64,
}

/// Runs a program, and returns its cost and its output.
pub fn of(command: &mut Command) -> Result<(Cost, Vec<u8>)> {
    let (before, begun) = (children_s()?, Instant::now());
    let output = output(command)?;
    let wall_s = begun.elapsed().as_secs_f64();
    let cpu_s = children_s()? - before;
    Ok((Cost { cpu_s, wall_s }, output))
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output();
    let output = output.map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {said}", command.get_program().display()).into());
    }
    Ok(output.stdout)
}

/// Returns the CPU time of all child processes that have ended, and of theirs.
#[cfg(unix)]
#[expect(
    clippy::cast_precision_loss,
    reason = "there are not so many microseconds"
)]
fn children_s() -> Result<f64> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(us as f64 / 1e6)
}

#[cfg(not(unix))]
fn children_s() -> Result<f64> {
    Err("the benchmarks need Linux".into())
}
