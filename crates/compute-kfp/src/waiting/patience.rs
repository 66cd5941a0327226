//! How often to ask, and for how long.

use std::future::Future;
use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind};
use tokio::time::{Instant, sleep_until, timeout_at};

/// The longest wait that a `Retry-After` can ask for between two requests.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub min_interval: Duration,
    pub max_interval: Duration,
    pub timeout: Option<Duration>,
    pub max_outage: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(15),
            timeout: None,
            max_outage: Duration::from_secs(600),
        }
    }
}

/// Methods of a builder that sets `settings`.
macro_rules! setters {
    () => {
        /// Time between two requests at first, and after each change; 1 s unless set.
        pub fn min_interval(mut self, interval: Duration) -> Self {
            self.settings.min_interval = interval;
            self
        }

        /// Time to which the interval grows while nothing changes; 15 s unless set.
        pub fn max_interval(mut self, interval: Duration) -> Self {
            self.settings.max_interval = interval;
            self
        }

        /// Time that all of it may take; there is no limit unless set.
        pub fn timeout(mut self, limit: Duration) -> Self {
            self.settings.timeout = Some(limit);
            self
        }

        /// How long the server may be out of reach, or fail, without an answer in between; 600 s
        /// unless set.
        pub fn max_outage(mut self, limit: Duration) -> Self {
            self.settings.max_outage = limit;
            self
        }
    };
}
pub(crate) use setters;

/// Why there is nothing more to wait for.
pub(super) enum Stop {
    /// The overall limit is over.
    Timeout,
    /// Faults have lasted too long; this is the last one.
    Outage(Error),
    /// It will not pass.
    Refused(Error),
}

pub(super) struct Patience {
    settings: Settings,
    interval: Duration,
    started: Option<Instant>,
    outage_since: Option<Instant>,
    /// What the last request met, where it failed.
    pub fault: Option<Error>,
}

impl Patience {
    pub fn new(settings: Settings) -> Self {
        Self {
            interval: settings.min_interval,
            settings,
            started: None,
            outage_since: None,
            fault: None,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The answer to a call, which is repeated as long as it meets what may pass.
    pub async fn ask<T, C>(&mut self, call: impl Fn() -> C) -> Result<T, Stop>
    where
        C: Future<Output = Result<T, Error>>,
    {
        loop {
            let answer = match self.deadline() {
                Some(deadline) => timeout_at(deadline, call())
                    .await
                    .map_err(|_| Stop::Timeout)?,
                None => call().await,
            };
            let fault = match answer {
                Ok(answer) => {
                    self.outage_since = None;
                    self.fault = None;
                    return Ok(answer);
                }
                Err(error) if may_pass(&error) => error,
                Err(error) => return Err(Stop::Refused(error)),
            };
            let since = *self.outage_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= self.settings.max_outage {
                return Err(Stop::Outage(fault));
            }
            let asked = fault.retry_after().unwrap_or_default();
            self.fault = Some(fault);
            self.pause_for_at_least(asked.min(MAX_RETRY_AFTER)).await?;
        }
    }

    pub async fn pause(&mut self) -> Result<(), Stop> {
        self.pause_for_at_least(Duration::ZERO).await
    }

    /// Something has changed, so that more may change soon.
    pub fn refresh(&mut self) {
        self.interval = self.settings.min_interval;
    }

    async fn pause_for_at_least(&mut self, least: Duration) -> Result<(), Stop> {
        let until = Instant::now().checked_add(self.interval.max(least));
        let longer = self
            .interval
            .saturating_mul(2)
            .max(Duration::from_millis(1));
        let longest = self.settings.max_interval.max(self.settings.min_interval);
        self.interval = longer.min(longest);
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

    fn deadline(&mut self) -> Option<Instant> {
        let started = *self.started.get_or_insert_with(Instant::now);
        started.checked_add(self.settings.timeout?)
    }
}

/// Whether asking again later may help: other than with a single call, also after any failure of the
/// server, since it may be one that is restarted.
fn may_pass(error: &Error) -> bool {
    let not_implemented = error.status().is_some_and(|status| status.as_u16() == 501);
    error.is_retryable() || (error.kind() == ErrorKind::Server && !not_implemented)
}
