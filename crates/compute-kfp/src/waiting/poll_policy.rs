//! Polling intervals and limits of a wait.

use std::time::Duration;

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

/// Defines the setters of a builder that has a policy in this field.
macro_rules! setters {
    ($($policy:ident).+) => {
        /// Sets the shortest time between two requests [default: 1 s].
        ///
        /// At first and after each change, the time is up to twice as long, at random, so that
        /// concurrent waits do not poll in step.
        pub fn min_interval(mut self, interval: Duration) -> Self {
            self.$($policy).+.min_interval = interval;
            self
        }

        /// Sets the longest time between two requests, unless the server demands more [default: 15 s].
        ///
        /// While nothing changes, the time doubles until it is between half of this and all of it, at
        /// random. It is never shorter than `min_interval`.
        pub fn max_interval(mut self, interval: Duration) -> Self {
            self.$($policy).+.max_interval = interval;
            self
        }

        /// Sets the time limit of the whole wait [default: no limit].
        pub fn timeout(mut self, limit: Duration) -> Self {
            self.$($policy).+.timeout = Some(limit);
            self
        }

        /// Sets how long the server may be unreachable or failing, without a successful response in
        /// between [default: 600 s].
        pub fn max_outage(mut self, limit: Duration) -> Self {
            self.$($policy).+.max_outage = limit;
            self
        }
    };
}
pub(crate) use setters;
