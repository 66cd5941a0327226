//! Waits between attempts: they double up to a maximum, with jitter.

use std::time::Duration;

/// Returns `first` doubled this many times, and `max` at most.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::backoff::doubled;
///
/// let second = Duration::from_secs(1);
/// assert_eq!(doubled(second, 2, 60 * second), 4 * second);
/// assert_eq!(doubled(second, u32::MAX, 60 * second), 60 * second);
/// ```
pub fn doubled(first: Duration, times: u32, max: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(max)
}

/// Returns a random duration from `least` to `most`, so that concurrent waits do not end in step.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::backoff::random;
///
/// let second = Duration::from_secs(1);
/// assert!((second..=2 * second).contains(&random(second, 2 * second)));
/// ```
pub fn random(least: Duration, most: Duration) -> Duration {
    let room = most.saturating_sub(least).as_secs_f64();
    let random = Duration::try_from_secs_f64(room * fastrand::f64()).unwrap_or_default();
    least.saturating_add(random).min(most.max(least))
}
