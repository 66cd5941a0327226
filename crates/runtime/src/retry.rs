//! Retries of failed calls.

use std::sync::Arc;
use std::time::Duration;

use tower::retry::budget::{Budget as _, TpsBudget};

use crate::backoff;
use crate::error::Error;

/// Period for which a call counts as recent in the budget.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// A retry policy: the number of attempts, the waits between them, and a budget.
///
/// By default, a transport retries a call when that is safe:
///
/// - `GET`, `HEAD`, `PUT` and `DELETE` if the connection failed or broke, the time limit was
///   exceeded, the response was truncated, or its status is 408, 429, 502, 503 or 504;
/// - `POST` and `PATCH` only if the server certainly did nothing: it could not be reached, it
///   responded with 429, or it responded with 503 and a `Retry-After`.
///
/// The wait between two attempts is random, between zero and a bound that doubles each time (full
/// jitter), or the time in `Retry-After`, whichever is longer. A call that could not end within its
/// [`timeout`](crate::TransportBuilder::timeout) is not retried.
///
/// A budget prevents many failing calls from causing a retry storm. Retries may amount to a share
/// of the calls of the last ten seconds, and a few per second in any case. Clones of a policy share
/// its budget.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::{RetryPolicy, Transport};
///
/// let patient = RetryPolicy::default()
///     .max_attempts(8)
///     .backoff(Duration::from_millis(200), Duration::from_secs(30));
/// let transport = Transport::builder("https://example.org").retry(patient).build()?;
/// let impatient = Transport::builder("https://example.org").retry(RetryPolicy::never()).build()?;
/// # drop((transport, impatient));
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    max_attempts: u32,
    first_backoff: Duration,
    max_backoff: Duration,
    max_retry_after: Duration,
    budget: Arc<TpsBudget>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            first_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(60),
            budget: budget(10, 0.2),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries: every call is sent once, whatever its outcome.
    ///
    /// A call that is sent again with a renewed credential after a 401 does not count as a retry;
    /// that still happens.
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of attempts, including the first [default: 4, minimum: 1].
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the bound of the wait before the second attempt, and the maximum to which it doubles
    /// [default: 0.1 s and 10 s].
    pub fn backoff(mut self, first: Duration, max: Duration) -> Self {
        self.first_backoff = first;
        self.max_backoff = max;
        self
    }

    /// Sets the longest wait that the server can demand with `Retry-After` [default: 60 s].
    ///
    /// If it demands more, the call is retried after this time.
    pub fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Sets a new budget: this number of retries per second in any case, plus `share` of the calls
    /// of the last ten seconds [default: 10 and 0.2].
    pub fn budget(mut self, per_second: u16, share: f32) -> Self {
        self.budget = budget(per_second, share);
        self
    }

    /// Deposits the share of one call in the budget.
    pub(crate) fn deposit(&self) {
        self.budget.deposit();
    }

    /// Withdraws one retry from the budget; returns `false` if none is left.
    pub(crate) fn withdraw(&self) -> bool {
        self.budget.withdraw()
    }

    /// Returns the wait before the retry of a call that failed with `error`; `None` if it must not
    /// be retried.
    pub(crate) fn wait(&self, attempts: u32, error: &Error) -> Option<Duration> {
        if attempts >= self.max_attempts || !error.is_retryable() {
            return None;
        }
        let asked = error.retry_after().unwrap_or_default();
        Some(self.jittered(attempts).max(asked.min(self.max_retry_after)))
    }

    fn jittered(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1);
        let bound = backoff::doubled(self.first_backoff, doublings, self.max_backoff);
        backoff::random(Duration::ZERO, bound)
    }
}

fn budget(per_second: u16, share: f32) -> Arc<TpsBudget> {
    let share = if share.is_nan() { 0.0 } else { share };
    let share = share.clamp(0.0, 1000.0);
    // Below a thousandth the bucket's whole numbers would overflow or lose it.
    let share = if share < 0.001 { 0.0 } else { share };
    let budget = TpsBudget::new(BUDGET_WINDOW, per_second.into(), share);
    Arc::new(budget)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_wait_stays_below_its_bound(
            attempts: u32, first: Duration, max: Duration,
        ) {
            let policy = RetryPolicy::default().backoff(first, max);
            prop_assert!(policy.jittered(attempts) <= max);
        }

        #[test]
        fn any_budget_can_be_set(per_second: u16, share: f32) {
            RetryPolicy::default().budget(per_second, share).deposit();
        }
    }

    #[test]
    fn the_bound_doubles_up_to_its_maximum() {
        let policy = RetryPolicy::default().backoff(Duration::from_secs(1), Duration::from_secs(5));
        for (attempts, bound) in [(1, 1), (2, 2), (3, 4), (4, 5), (99, 5)] {
            let bound = Duration::from_secs(bound);
            let waits: Vec<_> = (0..500).map(|_| policy.jittered(attempts)).collect();
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait > bound / 2));
            assert!(waits.iter().any(|wait| *wait < bound / 2));
        }
    }
}
