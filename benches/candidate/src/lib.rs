//! Command line and measurements of the candidates.
//!
//! A candidate is a program that does the same work as the others with its own client, one kind of
//! work at a time: `facade run --url http://127.0.0.1:8080 --calls 1000 --at-once 64`. It prints one
//! [`Figures`] as JSON. With `--show` it makes one call and prints the decoded data, which the benchmark
//! compares with what the server sent.

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};

/// Any error ends a candidate.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Exit status of a candidate that does not support the work.
pub const NOT_OFFERED: u8 = 64;

/// Bearer token that candidates send.
pub const TOKEN: &str = "benchmark-token-0123456789abcdef0123456789abcdef";

/// The work of a candidate.
#[derive(Clone, Debug, Parser)]
pub struct Task {
    /// Kind of work, such as `run`.
    pub work: String,
    /// Address of the server, without a slash at the end.
    #[arg(long, default_value = "")]
    pub url: String,
    /// Number of calls.
    #[arg(long, default_value_t = 1)]
    pub calls: u64,
    /// Number of concurrent calls.
    #[arg(long, default_value_t = 1)]
    pub at_once: usize,
    /// Number of calls before the measurement starts.
    #[arg(long, default_value_t = 0)]
    pub warm_up: u64,
    /// Make one call and print the decoded data.
    #[arg(long)]
    pub show: bool,
}

/// Measurements from the end of the warm-up to the end of the last call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Number of calls.
    pub calls: f64,
    /// CPU time of the process, user and system, in nanoseconds.
    pub cpu_ns: f64,
    /// Wall time, in nanoseconds.
    pub wall_ns: f64,
    /// Peak of the process's resident memory, in KiB.
    pub resident_peak_kib: f64,
}

impl Figures {
    /// CPU time of one call, in microseconds.
    pub fn cpu_us_per_call(&self) -> f64 {
        self.cpu_ns / self.calls / 1000.0
    }
}

impl Task {
    /// Reads the task from the command line.
    pub fn from_arguments() -> Self {
        Self::parse()
    }

    /// Makes the calls, `at_once` of them concurrently, and prints the [`Figures`].
    ///
    /// # Errors
    ///
    /// Returns the first error of a call.
    pub async fn repeat<T: Serialize>(&self, call: impl AsyncFn() -> Result<T>) -> Result<()> {
        if self.show {
            return show(&call().await?);
        }
        self.several(self.warm_up, &call).await?;
        let measuring = Measuring::begin()?;
        self.several(self.calls, &call).await?;
        measuring.end(self.calls)
    }

    async fn several<T>(&self, calls: u64, call: &impl AsyncFn() -> Result<T>) -> Result<()> {
        let mut calling = stream::iter(0..calls)
            .map(|_| call())
            .buffer_unordered(self.at_once);
        while let Some(outcome) = calling.next().await {
            std::hint::black_box(outcome?);
        }
        Ok(())
    }

    /// Checks the number of items read.
    ///
    /// # Errors
    ///
    /// Returns an error if it differs from the number of calls.
    pub fn check(&self, seen: u64) -> Result<()> {
        match seen == self.calls {
            true => Ok(()),
            false => Err(format!("expected {} items, got {seen}", self.calls).into()),
        }
    }

    /// Reports that the candidate does not support the work.
    pub fn not_offered(&self) -> ExitCode {
        eprintln!("unsupported work `{}`", self.work);
        ExitCode::from(NOT_OFFERED)
    }
}

fn show(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// A measurement in progress.
pub struct Measuring {
    cpu: Duration,
    wall: Instant,
}

impl Measuring {
    /// Starts the measurement.
    ///
    /// # Errors
    ///
    /// Returns an error if the CPU time cannot be read.
    pub fn begin() -> Result<Self> {
        Ok(Self {
            cpu: cpu_time()?,
            wall: Instant::now(),
        })
    }

    /// Ends the measurement and prints the [`Figures`].
    ///
    /// # Errors
    ///
    /// Returns an error if CPU time or memory cannot be read.
    pub fn end(self, calls: u64) -> Result<()> {
        let cpu = cpu_time()?.saturating_sub(self.cpu);
        let wall = self.wall.elapsed();
        show(&Figures {
            calls: calls as f64,
            cpu_ns: cpu.as_nanos() as f64,
            wall_ns: wall.as_nanos() as f64,
            resident_peak_kib: resident_peak_kib()? as f64,
        })
    }
}

#[cfg(unix)]
fn cpu_time() -> Result<Duration> {
    use nix::time::{ClockId, clock_gettime};

    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

#[cfg(not(unix))]
fn cpu_time() -> Result<Duration> {
    Err("the benchmarks need Linux".into())
}

fn resident_peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let figure = status.lines().find_map(|line| {
        let rest = line.strip_prefix("VmHWM:")?;
        rest.trim().strip_suffix(" kB")?.trim().parse().ok()
    });
    figure.ok_or_else(|| "/proc/self/status has no VmHWM".into())
}
