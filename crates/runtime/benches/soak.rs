//! 100,000 calls, 64 at a time, to a server that fails at five visits of a hundred.
//!
//! Fails where a call is lost, a `POST` is done twice, an error tells another story than the server,
//! or memory grows. `make soak` runs it; another number of calls can be given:
//! `cargo bench -p compute-kfp-runtime --bench soak -- 5000`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

#[path = "../tests/faults/load.rs"]
mod load;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/faults/server.rs"]
mod server;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use load::Figures;

const CALLS: usize = 100_000;
/// How much memory may grow after the first fifth of the calls, in KiB.
const MAX_GROWTH: usize = 16 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let calls = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let calls = calls.unwrap_or(CALLS);
    let done = Arc::new(AtomicUsize::new(0));
    let mut memory = Memory::default();
    let run = tokio::spawn(load::run(calls, done.clone()));
    while !run.is_finished() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        memory.sample(done.load(Ordering::Relaxed) >= calls / 5);
    }
    let figures = run.await.unwrap();
    print(&figures);
    println!("{memory}");
    let grown = memory.growth() > MAX_GROWTH;
    if grown {
        println!("memory grew by more than {MAX_GROWTH} KiB");
    }
    if figures.violations.is_empty() && !grown {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(figures: &Figures) {
    let seconds = figures.took.as_secs_f64();
    println!(
        "{} calls in {seconds:.1} s: {} answered, {} requests",
        figures.calls, figures.answered, figures.visits
    );
    for (what, count) in &figures.failed {
        println!("{count:>8} {what}");
    }
    println!("{} violations", figures.violations.len());
    for violation in figures.violations.iter().take(20) {
        println!("  {violation}");
    }
}

/// Memory that this process holds, in KiB; nothing where the system does not tell.
#[derive(Default)]
struct Memory {
    start: Option<usize>,
    /// After the first fifth of the calls.
    warm: Option<usize>,
    peak: Option<usize>,
    end: Option<usize>,
}

impl Memory {
    fn sample(&mut self, is_warm: bool) {
        let now = resident();
        self.start = self.start.or(now);
        if is_warm {
            self.warm = self.warm.or(now);
        }
        self.peak = self.peak.max(now);
        self.end = now;
    }

    fn growth(&self) -> usize {
        let grown = |(warm, peak): (usize, usize)| peak.saturating_sub(warm);
        self.warm.zip(self.peak).map_or(0, grown)
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = [
            ("start", self.start),
            ("after a fifth", self.warm),
            ("peak", self.peak),
            ("end", self.end),
        ];
        f.write_str("memory in KiB:")?;
        for (name, value) in named {
            match value {
                Some(value) => write!(f, " {name} {value};")?,
                None => write!(f, " {name} unknown;")?,
            }
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn resident() -> Option<usize> {
    None
}
