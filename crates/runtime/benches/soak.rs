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

#[path = "../tests/it/faults/load.rs"]
mod load;
mod memory;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/faults/server.rs"]
mod server;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use load::Figures;
use memory::Memory;

const CALLS: usize = 100_000;
/// Maximum growth of memory after the first fifth of the calls, in KiB.
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
