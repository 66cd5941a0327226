//! Waits between attempts: they double up to a maximum, with jitter.

use std::time::Duration;

/// Returns `first` doubled this many times, and `max` at most.
pub fn doubled(first: Duration, times: u32, max: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(max)
}

/// Returns a random duration from `least` to `most`, so that concurrent waits do not end in step.
pub fn random(least: Duration, most: Duration) -> Duration {
    let room = most.saturating_sub(least).as_secs_f64();
    let random = Duration::try_from_secs_f64(room * fastrand::f64()).unwrap_or_default();
    least.saturating_add(random).min(most.max(least))
}
