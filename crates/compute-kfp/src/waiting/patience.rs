//! Polling intervals and limits of a wait.

use std::future::Future;
use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind, backoff};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Maximum time between two requests that a `Retry-After` can demand.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct PollPolicy {
    pub min_interval: Duration,
    pub max_interval: Duration,
    pub timeout: Option<Duration>,
    pub max_outage: Duration,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(15),
            timeout: None,
            max_outage: Duration::from_secs(600),
        }
    }
}

/// Defines the setters of a builder that has `settings`.
macro_rules! setters {
    () => {
        /// Sets the shortest time between two requests [default: 1 s].
        ///
        /// At first and after each change, the time is up to twice as long, at random, so that
        /// concurrent waits do not poll in step.
        pub fn min_interval(mut self, interval: Duration) -> Self {
            self.policy.min_interval = interval;
            self
        }

        /// Sets the longest time between two requests, unless the server demands more [default: 15 s].
        ///
        /// While nothing changes, the time doubles until it is between half of this and all of it, at
        /// random. It is never shorter than `min_interval`.
        pub fn max_interval(mut self, interval: Duration) -> Self {
            self.policy.max_interval = interval;
            self
        }

        /// Sets the time limit of the whole wait [default: no limit].
        pub fn timeout(mut self, limit: Duration) -> Self {
            self.policy.timeout = Some(limit);
            self
        }

        /// Sets how long the server may be unreachable or failing, without a successful response in
        /// between [default: 600 s].
        pub fn max_outage(mut self, limit: Duration) -> Self {
            self.policy.max_outage = limit;
            self
        }
    };
}
pub(crate) use setters;

/// The reason why a wait stops.
pub(super) enum Stop {
    /// The overall limit is reached.
    Timeout,
    /// Faults have lasted too long. This is the last one.
    Outage(Error),
    /// The fault is permanent.
    Refused(Error),
}

pub(super) struct Patience {
    policy: PollPolicy,
    /// Number of pauses since the last change.
    pauses: u32,
    started: Option<Instant>,
    outage_since: Option<Instant>,
    /// The fault of the last request, if it failed.
    pub fault: Option<Error>,
}

impl Patience {
    pub fn new(policy: PollPolicy) -> Self {
        Self {
            policy,
            pauses: 0,
            started: None,
            outage_since: None,
            fault: None,
        }
    }

    pub fn policy(&self) -> &PollPolicy {
        &self.policy
    }

    /// Returns the response to a call, which is retried after transient faults.
    pub async fn ask<T, C>(&mut self, call: impl Fn() -> C) -> Result<T, Stop>
    where
        C: Future<Output = Result<T, Error>>,
    {
        loop {
            if let Some(response) = self.attempt(call()).await? {
                return Ok(response);
            }
        }
    }

    /// Returns the response to a call, or `None`, after a pause, if it met a transient fault.
    pub async fn attempt<T>(
        &mut self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, Stop> {
        let response = match self.deadline() {
            Some(deadline) => timeout_at(deadline, call)
                .await
                .map_err(|_| Stop::Timeout)?,
            None => call.await,
        };
        let fault = match response {
            Ok(response) => {
                self.outage_since = None;
                self.fault = None;
                return Ok(Some(response));
            }
            Err(error) if may_pass(&error) => error,
            Err(error) => return Err(Stop::Refused(error)),
        };
        let since = *self.outage_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.policy.max_outage {
            return Err(Stop::Outage(fault));
        }
        let asked = fault.retry_after().unwrap_or_default();
        self.fault = Some(fault);
        self.pause_for_at_least(asked.min(MAX_RETRY_AFTER)).await?;
        Ok(None)
    }

    pub async fn pause(&mut self) -> Result<(), Stop> {
        self.pause_for_at_least(Duration::ZERO).await
    }

    /// Makes the next pause short after a change, since more changes may follow soon.
    pub fn refresh(&mut self) {
        self.pauses = 0;
    }

    async fn pause_for_at_least(&mut self, least: Duration) -> Result<(), Stop> {
        let until = Instant::now().checked_add(self.jittered().max(least));
        self.pauses = self.pauses.saturating_add(1);
        match (until, self.deadline()) {
            (Some(until), Some(deadline)) if until < deadline => sleep_until(until).await,
            (Some(until), None) => sleep_until(until).await,
            (_, Some(deadline)) => {
                sleep_until(deadline).await;
                return Err(Stop::Timeout);
            }
            (None, None) => std::future::pending().await,
        }
        Ok(())
    }

    /// Returns a random time: between half of the growing interval and all of it. The first is twice
    /// the shortest one.
    fn jittered(&self) -> Duration {
        let shortest = self.policy.min_interval;
        let first = shortest.max(Duration::from_millis(1)).saturating_mul(2);
        let longest = self.policy.max_interval.max(shortest);
        let most = backoff::doubled(first, self.pauses, longest);
        backoff::random((most / 2).max(shortest), most)
    }

    fn deadline(&mut self) -> Option<Instant> {
        let started = *self.started.get_or_insert_with(Instant::now);
        started.checked_add(self.policy.timeout?)
    }
}

/// Returns whether a later call may succeed. Unlike for a single call, this includes any failure of the
/// server, since it may be restarting.
fn may_pass(error: &Error) -> bool {
    error.is_retryable() || error.kind() == ErrorKind::Server
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn every(interval: Duration) -> PollPolicy {
        PollPolicy {
            min_interval: interval,
            max_interval: interval,
            ..PollPolicy::default()
        }
    }

    /// Checks that each of some pauses is as long as expected, in seconds.
    async fn check_pauses(patience: &mut Patience, expected: &[(f64, f64)]) {
        for (least, most) in expected {
            let before = Instant::now();
            assert!(patience.pause().await.is_ok());
            let pause = before.elapsed();
            // A timer is exact to the millisecond.
            let range = *least..=*most + 0.002;
            assert!(range.contains(&pause.as_secs_f64()), "{pause:?} {range:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_the_longest_and_start_again_after_a_change() {
        let mut patience = Patience::new(PollPolicy {
            max_interval: 5 * SECOND,
            ..PollPolicy::default()
        });
        let growing = [(1.0, 2.0), (2.0, 4.0), (2.5, 5.0), (2.5, 5.0)];
        check_pauses(&mut patience, &growing).await;
        patience.refresh();
        check_pauses(&mut patience, &growing[..2]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_longest_interval_below_the_shortest_is_ignored() {
        let mut patience = Patience::new(PollPolicy {
            min_interval: 3 * SECOND,
            max_interval: SECOND,
            ..PollPolicy::default()
        });
        check_pauses(&mut patience, &[(3.0, 3.0); 3]).await;
    }

    #[test]
    fn concurrent_waits_do_not_poll_in_step() {
        let mut pauses: Vec<_> = (0..1000)
            .map(|_| Patience::new(PollPolicy::default()).jittered())
            .collect();
        pauses.sort();
        pauses.dedup();
        assert!(pauses.len() > 900, "{}", pauses.len());
        assert!(pauses[0] < SECOND * 5 / 4 && pauses[pauses.len() - 1] > SECOND * 7 / 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_pause_is_between_the_shortest_and_the_longest(
            min_interval: Duration, max_interval: Duration, pauses: u32,
        ) {
            let mut patience = Patience::new(PollPolicy {
                min_interval,
                max_interval,
                ..PollPolicy::default()
            });
            patience.pauses = pauses;
            let pause = patience.jittered();
            prop_assert!(pause >= min_interval && pause <= max_interval.max(min_interval));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn faults_are_retried_after_a_pause() {
        let started = Instant::now();
        let asked_at = std::sync::Mutex::new(Vec::new());
        let mut patience = Patience::new(every(SECOND));
        let response = patience.ask(async || {
            let mut asked_at = asked_at.lock().unwrap();
            asked_at.push(started.elapsed().as_secs());
            match asked_at.len() {
                4 => Ok("there"),
                _ => Err(Error::new(ErrorKind::Connection, "refused")),
            }
        });
        assert!(matches!(response.await, Ok("there")));
        assert!(patience.fault.is_none());
        assert_eq!(*asked_at.lock().unwrap(), [0, 1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_duration_of_an_outage_is_reset_by_a_response() {
        let mut patience = Patience::new(PollPolicy {
            max_outage: 10 * SECOND,
            ..every(SECOND)
        });
        let lost = async || Err::<(), _>(Error::new(ErrorKind::Connection, "refused"));
        for _ in 0..3 {
            let started = Instant::now();
            let late = async || match started.elapsed() < 7 * SECOND {
                true => lost().await,
                false => Ok(()),
            };
            assert!(patience.ask(late).await.is_ok());
            patience.refresh();
        }
        let started = Instant::now();
        assert!(matches!(patience.ask(lost).await, Err(Stop::Outage(_))));
        assert_eq!(started.elapsed(), 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_counts_from_the_first_request_and_ends_a_pause() {
        let mut patience = Patience::new(PollPolicy {
            timeout: Some(20 * SECOND),
            ..every(12 * SECOND)
        });
        tokio::time::sleep(100 * SECOND).await;
        let started = Instant::now();
        assert!(patience.ask(async || Ok(())).await.is_ok());
        assert!(patience.pause().await.is_ok());
        assert!(matches!(patience.pause().await, Err(Stop::Timeout)));
        assert_eq!(started.elapsed(), 20 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_durations_are_accepted() {
        for (interval, timeout) in [
            (Duration::ZERO, Some(Duration::MAX)),
            (Duration::MAX, Some(SECOND)),
            (Duration::ZERO, None),
        ] {
            let mut patience = Patience::new(PollPolicy {
                min_interval: interval,
                max_interval: interval,
                timeout,
                max_outage: Duration::MAX,
            });
            assert!(patience.ask(async || Ok(())).await.is_ok());
            let paused = patience.pause().await;
            assert_eq!(paused.is_ok(), interval == Duration::ZERO);
        }
    }
}
