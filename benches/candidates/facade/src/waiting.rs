//! Waiting for many runs at a time.

use std::time::Duration;

use candidate::{Measuring, Result, Task};
use compute_kfp::kfp;
use tokio::task::JoinSet;
use tokio::time::sleep;

const INTERVAL: Duration = Duration::from_secs(5);
/// In how many intervals all is as it stays.
const SETTLING: u32 = 2;
/// How many intervals are measured.
const MEASURED: u32 = 3;

/// Waits for as many runs as there are to be calls. They go on, so that it is given up in the end.
/// The first requests come at once, or are spread over an interval.
pub async fn runs(task: &Task, kfp: &kfp::Client, spread: bool) -> Result<()> {
    let mut measuring = Measuring::begin()?;
    let mut waiting = JoinSet::new();
    for number in 0..task.calls {
        let wait = kfp
            .wait_for_run(format!("3d9a1c1e-58a4-4a59-8f2c-6b1f0a{number:06}"))
            .min_interval(INTERVAL)
            .max_interval(INTERVAL);
        let until_start = match spread {
            true => INTERVAL.mul_f64(number as f64 / task.calls as f64),
            false => Duration::ZERO,
        };
        waiting.spawn(async move {
            sleep(until_start).await;
            wait.send().await
        });
    }
    sleep(INTERVAL * SETTLING).await;
    measuring.restart_clock()?;
    sleep(INTERVAL * MEASURED).await;
    if let Some(ended) = waiting.try_join_next() {
        return Err(match ended? {
            Ok(run) => format!("a run that goes on was said to be {}", run.state()).into(),
            Err(error) => error.into(),
        });
    }
    measuring.end(task.calls)
}
