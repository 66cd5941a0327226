//! What other programs cost: CPU time of them and of all that they start.

use std::error::Error;
use std::io;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::Result;

/// What running a program took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub cpu_s: f64,
    pub wall_s: f64,
}

/// Runs a program to its end, and gives what it took and what it wrote.
pub fn of(command: &mut Command) -> Result<(Cost, Vec<u8>)> {
    measured(|| output(command))
}

/// Runs a program to its end with this one's input and outputs, and gives what it took and how it ended.
pub fn of_status(command: &mut Command) -> Result<(Cost, ExitStatus)> {
    measured(|| {
        command
            .status()
            .map_err(|error| not_started(command, &error))
    })
}

/// Runs programs at once, all to their ends, and gives what they took together.
pub fn of_all(commands: &mut [Command]) -> Result<Cost> {
    let all = || {
        thread::scope(|scope| {
            let running: Vec<_> = commands
                .iter_mut()
                .map(|command| scope.spawn(|| output(command).map_err(|error| error.to_string())))
                .collect();
            for program in running {
                program.join().map_err(|_| "it panicked")??;
            }
            Ok(())
        })
    };
    Ok(measured(all)?.0)
}

fn measured<T>(run: impl FnOnce() -> Result<T>) -> Result<(Cost, T)> {
    let (before, begun) = (children_s()?, Instant::now());
    let result = run()?;
    let wall_s = begun.elapsed().as_secs_f64();
    let cpu_s = children_s()? - before;
    Ok((Cost { cpu_s, wall_s }, result))
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output();
    let output = output.map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {said}", command.get_program().display()).into());
    }
    Ok(output.stdout)
}

fn not_started(command: &Command, error: &io::Error) -> Box<dyn Error> {
    format!("{}: {error}", command.get_program().display()).into()
}

/// CPU time of all programs that this one has waited for, and of theirs.
#[expect(
    clippy::cast_precision_loss,
    reason = "there are not so many microseconds"
)]
fn children_s() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(us as f64 / 1e6)
}
