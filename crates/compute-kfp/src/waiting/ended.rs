//! What a wait comes to.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use compute_kfp_runtime::Error;

use super::progress::Progress;

/// A run or a job that has ended, well or not.
///
/// It can be used like the run or job in it, which is as it was read last.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it may have failed: see `succeeded`"]
pub struct Ended<T>(T);

impl<T: Progress> Ended<T> {
    pub(super) fn new(last: T) -> Self {
        Self(last)
    }

    /// Whether it has ended as it should.
    ///
    /// A run has when it `SUCCEEDED`, or was `SKIPPED`, as with a cached result; a job when it is
    /// `completed`. A batch job has when it is `finished`: how its jobs ended is in their own states.
    pub fn succeeded(&self) -> bool {
        self.0.has_succeeded()
    }

    /// The state in which it ended.
    pub fn state(&self) -> &T::State {
        self.0.state()
    }

    /// What the server says about it, such as why it failed.
    pub fn message(&self) -> Option<&str> {
        self.0.message()
    }

    /// The run or job itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Ended<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Cause of the error with which a wait is given up, because of a limit: what was known then.
pub struct Unfinished<T> {
    last: Option<T>,
    fault: Option<Error>,
}

impl<T: Progress> Unfinished<T> {
    pub(super) fn new(last: Option<T>, fault: Option<Error>) -> Self {
        Self { last, fault }
    }

    /// What an error of a wait holds, if it is that of a limit.
    ///
    /// ```
    /// use compute_kfp::compute::types::Job;
    /// use compute_kfp::waiting::Unfinished;
    ///
    /// let error = compute_kfp::Error::configuration("no endpoint is set");
    /// assert!(Unfinished::<Job>::of(&error).is_none());
    /// ```
    pub fn of(error: &Error) -> Option<&Self> {
        error.source()?.downcast_ref()
    }

    /// The run or job as it was read last; `None` where it never was.
    pub fn last(&self) -> Option<&T> {
        self.last.as_ref()
    }

    /// What the last request met, where it failed.
    pub fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }
}

impl<T: Progress> fmt::Display for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last {
            Some(last) => write!(f, "the state was {}", last.state()),
            None => f.write_str("no state was read"),
        }
    }
}

impl<T: Progress> fmt::Debug for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest of a run may hold what its owner would not show.
        f.debug_struct("Unfinished")
            .field("state", &self.last.as_ref().map(Progress::state))
            .field("fault", &self.fault)
            .finish()
    }
}

impl<T: Progress> StdError for Unfinished<T> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.fault.as_ref().map(|fault| fault as _)
    }
}
