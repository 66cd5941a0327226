//! Reads a list of runs one by one, and prints the peak of resident memory in KiB.

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;

use compute_kfp::kfp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(runs)) = (arguments.next(), arguments.next()) else {
        return Err("usage: PROGRAM URL RUNS".into());
    };
    let runs: u64 = runs.parse()?;
    let client = kfp::Client::builder(url).bearer_token("token").build()?;
    let mut items = client.list_runs().page_size(200).max_items(runs).items();
    let mut seen = 0;
    while let Some(run) = items.next().await {
        black_box(run?);
        seen += 1;
    }
    if seen != runs {
        return Err(format!("expected {runs} runs, got {seen}").into());
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.ok_or("/proc/self/status has no VmHWM")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}
