//! A list of runs, read one after the other: prints how much memory the process had at most, in KiB.

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
        return Err(format!("{seen} runs came in place of {runs}").into());
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.ok_or("/proc/self/status does not tell VmHWM")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}
