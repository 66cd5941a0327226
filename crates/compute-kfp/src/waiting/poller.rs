//! Polling of a run or a job.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind, backoff};
use futures_core::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::ended::{Progress, Unfinished};
use super::poll_policy::PollPolicy;

/// Maximum time between two requests that a `Retry-After` can demand.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Maximum number of concurrent requests of the waits of one client. Each one needs a connection, or a
/// stream of one, and memory.
const MAX_REQUESTS: usize = 128;

/// A limit shared by the waits of one client, so that thousands of them do not poll in the same moment.
pub(crate) type RequestLimit = Arc<Semaphore>;

pub(crate) fn request_limit() -> RequestLimit {
    Arc::new(Semaphore::new(MAX_REQUESTS))
}

/// A function that reads a run or a job. The value is boxed, so that waits reserve no space for it.
type Read<T> = dyn Fn() -> BoxFuture<'static, Result<Box<T>, Error>> + Send + Sync;

pub(crate) struct Poller<T: Progress> {
    pub what: String,
    pub policy: PollPolicy,
    read: Box<Read<T>>,
    last: Option<Last<T>>,
    /// Number of pauses since the last change.
    pauses: u32,
    started: Option<Instant>,
    /// The time of the first fault and the last fault, if the last request failed.
    outage: Option<(Instant, Error)>,
}

/// A run or a job as JSON. For 10,000 runs of 1.9 kB with their pipeline spec, it takes 20 MB of memory,
/// and the values take 345 MB. Without a spec, runs of 0.5 kB take 5 MB, and the values 13 MB.
struct Last<T: Progress> {
    state: T::State,
    json: Box<[u8]>,
}

impl<T: Progress> Poller<T> {
    /// Creates a poller that calls `read` with a client when the limit on requests allows it.
    pub fn new<C, F>(
        what: String,
        client: &C,
        request_limit: &RequestLimit,
        read: impl Fn(C) -> F + Send + Sync + 'static,
    ) -> Self
    where
        C: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (client, request_limit) = (client.clone(), request_limit.clone());
        let read = Arc::new(read);
        Self {
            what,
            policy: PollPolicy::default(),
            read: Box::new(move || {
                let (client, request_limit) = (client.clone(), request_limit.clone());
                let read = read.clone();
                Box::pin(async move {
                    // The semaphore is never closed.
                    let _permit = request_limit.acquire().await;
                    // Boxed, so that a wait for the permit reserves no space for it.
                    Box::pin(read(client)).await.map(Box::new)
                })
            }),
            last: None,
            pauses: 0,
            started: None,
            outage: None,
        }
    }

    /// Returns the state that was read last.
    pub fn state(&self) -> Option<&T::State> {
        self.last.as_ref().map(|last| &last.state)
    }

    /// Reads, after a pause unless it is the first time.
    pub async fn next(&mut self) -> Result<T, Error> {
        if self.last.is_some() {
            self.pause_for_at_least(Duration::ZERO).await?;
        }
        let now = loop {
            let read = (self.read)();
            // Boxed, so that a pause between two requests reserves no space for it.
            if let Some(now) = Box::pin(self.attempt(read)).await? {
                break *now;
            }
        };
        self.last = Some(Last {
            state: now.state().clone(),
            // What was read from JSON can be written as JSON.
            json: serde_json::to_vec(&now).unwrap_or_default().into(),
        });
        Ok(now)
    }

    /// Returns the response to a call, or `None`, after a pause, if it met a transient fault.
    pub async fn attempt<A>(
        &mut self,
        call: impl Future<Output = Result<A, Error>>,
    ) -> Result<Option<A>, Error> {
        let Ok(response) = timeout(self.left(), call).await else {
            return Err(self.timed_out());
        };
        let fault = match response {
            Ok(response) => {
                self.outage = None;
                return Ok(Some(response));
            }
            Err(error) if may_pass(&error) => error,
            Err(error) => return Err(error),
        };
        let since = self
            .outage
            .take()
            .map_or(Instant::now(), |(since, _)| since);
        let asked = fault.retry_after().unwrap_or_default();
        let (_, fault) = self.outage.insert((since, fault));
        if since.elapsed() >= self.policy.max_outage {
            let (what, limit) = (&self.what, self.policy.max_outage);
            let message = format!(
                "gave up waiting for {what} after {limit:?} without a response; allow more with `max_outage`: {fault}"
            );
            let kind = fault.kind();
            return Err(self.unfinished(kind, message));
        }
        self.pause_for_at_least(asked.min(MAX_RETRY_AFTER)).await?;
        Ok(None)
    }

    /// Makes the next pause short after a change, since more changes may follow soon.
    pub fn refresh(&mut self) {
        self.pauses = 0;
    }

    async fn pause_for_at_least(&mut self, least: Duration) -> Result<(), Error> {
        let pause = self.jittered().max(least);
        self.pauses = self.pauses.saturating_add(1);
        let left = self.left();
        sleep(pause.min(left)).await;
        match pause < left {
            true => Ok(()),
            false => Err(self.timed_out()),
        }
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

    /// Returns the time until the overall limit.
    fn left(&mut self) -> Duration {
        let started = *self.started.get_or_insert_with(Instant::now);
        let limit = self.policy.timeout.unwrap_or(Duration::MAX);
        limit.saturating_sub(started.elapsed())
    }

    fn timed_out(&mut self) -> Error {
        let (what, limit) = (&self.what, self.policy.timeout.unwrap_or_default());
        let message = match &self.last {
            Some(last) => format!(
                "{what} was still {} after {limit:?}; allow more with `timeout`",
                last.state
            ),
            None => format!("cannot read the state of {what} in {limit:?}"),
        };
        self.unfinished(ErrorKind::Timeout, message)
    }

    fn unfinished(&mut self, kind: ErrorKind, message: String) -> Error {
        let last = self.last.take();
        let last = last.and_then(|last| serde_json::from_slice::<T>(&last.json).ok());
        let fault = self.outage.take().map(|(_, fault)| fault);
        Error::new(kind, message).caused_by(Unfinished { last, fault })
    }
}

/// Returns whether a later call may succeed. Unlike for a single call, this includes any failure of the
/// server, since it may be restarting.
fn may_pass(error: &Error) -> bool {
    error.is_retryable() || error.kind() == ErrorKind::Server
}

#[cfg(test)]
#[cfg(feature = "compute")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compute::types::Job;

    const SECOND: Duration = Duration::from_secs(1);

    fn every(interval: Duration) -> PollPolicy {
        PollPolicy {
            min_interval: interval,
            max_interval: interval,
            ..PollPolicy::default()
        }
    }

    fn poller(policy: PollPolicy) -> Poller<Job> {
        let never = |()| std::future::pending();
        let mut poller = Poller::new("job 1".to_owned(), &(), &request_limit(), never);
        poller.policy = policy;
        poller
    }

    /// Returns the response to a call, which is made again after transient faults.
    async fn asked<A, C>(poller: &mut Poller<Job>, call: impl Fn() -> C) -> Result<A, Error>
    where
        C: Future<Output = Result<A, Error>>,
    {
        loop {
            if let Some(response) = poller.attempt(call()).await? {
                return Ok(response);
            }
        }
    }

    /// Checks that each of some pauses is as long as expected, in seconds.
    async fn check_pauses(poller: &mut Poller<Job>, expected: &[(f64, f64)]) {
        for (least, most) in expected {
            let before = Instant::now();
            assert!(poller.pause_for_at_least(Duration::ZERO).await.is_ok());
            let pause = before.elapsed();
            // A timer is exact to the millisecond.
            let range = *least..=*most + 0.002;
            assert!(range.contains(&pause.as_secs_f64()), "{pause:?} {range:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_the_longest_and_start_again_after_a_change() {
        let mut poller = poller(PollPolicy {
            max_interval: 5 * SECOND,
            ..PollPolicy::default()
        });
        let growing = [(1.0, 2.0), (2.0, 4.0), (2.5, 5.0), (2.5, 5.0)];
        check_pauses(&mut poller, &growing).await;
        poller.refresh();
        check_pauses(&mut poller, &growing[..2]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_longest_interval_below_the_shortest_is_ignored() {
        let mut poller = poller(PollPolicy {
            min_interval: 3 * SECOND,
            max_interval: SECOND,
            ..PollPolicy::default()
        });
        check_pauses(&mut poller, &[(3.0, 3.0); 3]).await;
    }

    #[test]
    fn concurrent_waits_do_not_poll_in_step() {
        let mut pauses: Vec<_> = (0..1000)
            .map(|_| poller(PollPolicy::default()).jittered())
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
            let mut poller = poller(PollPolicy {
                min_interval,
                max_interval,
                ..PollPolicy::default()
            });
            poller.pauses = pauses;
            let pause = poller.jittered();
            prop_assert!(pause >= min_interval && pause <= max_interval.max(min_interval));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn faults_are_retried_after_a_pause() {
        let started = Instant::now();
        let asked_at = std::sync::Mutex::new(Vec::new());
        let mut poller = poller(every(SECOND));
        let response = asked(&mut poller, async || {
            let mut asked_at = asked_at.lock().unwrap();
            asked_at.push(started.elapsed().as_secs());
            match asked_at.len() {
                4 => Ok("there"),
                _ => Err(Error::new(ErrorKind::Connection, "refused")),
            }
        });
        assert!(matches!(response.await, Ok("there")));
        assert!(poller.outage.is_none());
        assert_eq!(*asked_at.lock().unwrap(), [0, 1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_duration_of_an_outage_is_reset_by_a_response() {
        let mut poller = poller(PollPolicy {
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
            assert!(asked(&mut poller, late).await.is_ok());
            poller.refresh();
        }
        let started = Instant::now();
        let error = asked(&mut poller, lost).await.unwrap_err();
        assert!(
            error.message().starts_with("gave up waiting for job 1"),
            "{error}"
        );
        assert_eq!(started.elapsed(), 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_counts_from_the_first_request_and_ends_a_pause() {
        let mut poller = poller(PollPolicy {
            timeout: Some(20 * SECOND),
            ..every(12 * SECOND)
        });
        tokio::time::sleep(100 * SECOND).await;
        let started = Instant::now();
        assert!(asked(&mut poller, async || Ok(())).await.is_ok());
        assert!(poller.pause_for_at_least(Duration::ZERO).await.is_ok());
        let error = poller.pause_for_at_least(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(started.elapsed(), 20 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_durations_are_accepted() {
        for (interval, timeout) in [
            (Duration::ZERO, Some(Duration::MAX)),
            (Duration::MAX, Some(SECOND)),
            (Duration::ZERO, None),
        ] {
            let mut poller = poller(PollPolicy {
                min_interval: interval,
                max_interval: interval,
                timeout,
                max_outage: Duration::MAX,
            });
            assert!(asked(&mut poller, async || Ok(())).await.is_ok());
            let paused = poller.pause_for_at_least(Duration::ZERO).await;
            assert_eq!(paused.is_ok(), interval == Duration::ZERO);
        }
    }
}
