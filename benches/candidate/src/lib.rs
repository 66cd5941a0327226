//! What the candidates of the benchmarks share: their command line, and how work is measured.
//!
//! A candidate is a program that does the same work as the others with a client of its own. It is
//! asked for one kind of work at a time, as in
//! `facade run --url http://127.0.0.1:8080 --calls 1000 --at-once 64`, and prints one [`Figures`] as
//! JSON. With `--show` it does the work once and prints the data that it decoded, so that the
//! benchmark can tell whether all candidates decode the same.

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::stream::{self, StreamExt as _};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What goes wrong in a candidate ends it.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Status of a candidate that does not offer the work it was asked for.
pub const NOT_OFFERED: u8 = 64;

/// The token that candidates are to send as `Bearer`.
pub const TOKEN: &str = "benchmark-token-0123456789abcdef0123456789abcdef";

/// The work a candidate is asked for.
#[derive(Clone, Debug, Parser)]
pub struct Task {
    /// Kind of work, such as `run`.
    pub work: String,
    /// Address of the server, without a slash at the end.
    #[arg(long, default_value = "")]
    pub url: String,
    /// File with the answer, for work that needs no server.
    #[arg(long, default_value = "")]
    pub file: String,
    /// How often to do it.
    #[arg(long, default_value_t = 1)]
    pub calls: u64,
    /// How many at the same time.
    #[arg(long, default_value_t = 1)]
    pub at_once: usize,
    /// How often to do it before measuring begins.
    #[arg(long, default_value_t = 0)]
    pub warm_up: u64,
    /// Does it once and prints the decoded data.
    #[arg(long)]
    pub show: bool,
}

/// What was measured, from behind the warm-up to the end of the last call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// How often the work was done.
    pub calls: f64,
    /// CPU time of the process, user and system, in nanoseconds.
    pub cpu_ns: f64,
    /// Time on the clock, in nanoseconds.
    pub wall_ns: f64,
    /// Resident memory before the measured calls, in KiB.
    pub resident_before_kib: f64,
    /// Most resident memory that the process ever had, in KiB.
    pub resident_peak_kib: f64,
    /// How often memory was allocated or grown, where it is counted; see [`count_allocations`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocations: Option<f64>,
}

impl Figures {
    /// CPU time of one call, in microseconds.
    pub fn cpu_us_per_call(&self) -> f64 {
        self.cpu_ns / self.calls / 1000.0
    }
}

/// Whether there is a profiler: without one there is nothing to ask.
static COUNTS: AtomicBool = AtomicBool::new(false);

/// Counts allocations until the profiler is dropped, in a program whose allocator is `dhat::Alloc`.
///
/// That takes time, so that the same work is timed by another program.
pub fn count_allocations() -> dhat::Profiler {
    COUNTS.store(true, Ordering::Relaxed);
    dhat::Profiler::builder().testing().build()
}

fn allocations() -> Option<u64> {
    let counts = COUNTS.load(Ordering::Relaxed);
    counts.then(|| dhat::HeapStats::get().total_blocks)
}

impl Task {
    /// The task of the command line.
    pub fn from_arguments() -> Self {
        Self::parse()
    }

    /// The text of the file that the task names.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn body(&self) -> Result<Vec<u8>> {
        fs::read(&self.file).map_err(|error| format!("{}: {error}", self.file).into())
    }

    /// Calls something that takes time, `at_once` of them at the same time.
    ///
    /// # Errors
    ///
    /// The first error of a call.
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

    /// Calls something that only computes.
    ///
    /// # Errors
    ///
    /// The first error of a call.
    pub fn compute<T: Serialize>(&self, call: impl Fn() -> Result<T>) -> Result<()> {
        if self.show {
            return show(&call()?);
        }
        for _ in 0..self.warm_up {
            std::hint::black_box(call()?);
        }
        let measuring = Measuring::begin()?;
        for _ in 0..self.calls {
            std::hint::black_box(call()?);
        }
        measuring.end(self.calls)
    }

    /// Makes sure that as much was seen as there are to be calls.
    ///
    /// # Errors
    ///
    /// It was less or more.
    pub fn check(&self, seen: u64) -> Result<()> {
        match seen == self.calls {
            true => Ok(()),
            false => Err(format!("{seen} came in place of {}", self.calls).into()),
        }
    }

    /// Says that the candidate does not offer the work.
    pub fn not_offered(&self) -> ExitCode {
        eprintln!("this candidate does not offer `{}`", self.work);
        ExitCode::from(NOT_OFFERED)
    }
}

fn show(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// A measurement that has begun.
pub struct Measuring {
    resident_before_kib: u64,
    allocations: Option<u64>,
    cpu: Duration,
    wall: Instant,
}

impl Measuring {
    /// Begins now.
    ///
    /// # Errors
    ///
    /// The operating system does not tell how much memory the process has.
    pub fn begin() -> Result<Self> {
        Ok(Self {
            resident_before_kib: memory("VmRSS")?,
            allocations: allocations(),
            cpu: cpu_time()?,
            wall: Instant::now(),
        })
    }

    /// Measures times from here on; the memory before is what it was at the beginning.
    ///
    /// # Errors
    ///
    /// The operating system does not tell the CPU time.
    pub fn restart_clock(&mut self) -> Result<()> {
        self.cpu = cpu_time()?;
        self.wall = Instant::now();
        Ok(())
    }

    /// Ends now, and prints the [`Figures`].
    ///
    /// # Errors
    ///
    /// The operating system does not tell how much memory the process has.
    pub fn end(self, calls: u64) -> Result<()> {
        let cpu = cpu_time()?.saturating_sub(self.cpu);
        let wall = self.wall.elapsed();
        let before = self.allocations.unwrap_or_default();
        show(&Figures {
            calls: calls as f64,
            cpu_ns: cpu.as_nanos() as f64,
            wall_ns: wall.as_nanos() as f64,
            resident_before_kib: self.resident_before_kib as f64,
            resident_peak_kib: memory("VmHWM")? as f64,
            allocations: allocations().map(|now| now.saturating_sub(before) as f64),
        })
    }
}

fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// A figure of the process's memory, in KiB, as Linux tells it.
fn memory(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let figure = status.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?.strip_prefix(':')?;
        rest.trim().strip_suffix(" kB")?.trim().parse().ok()
    });
    figure.ok_or_else(|| format!("/proc/self/status does not tell {name}").into())
}
