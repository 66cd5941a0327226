//! Runs and jobs that are waited for, and the outcome of a wait.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use compute_kfp_runtime::Error;

/// An object that is in progress on a server until it ends: a run, a job or a batch job.
///
/// ```
/// use compute_kfp::kfp::types::Run;
/// use compute_kfp::waiting::Progress;
///
/// let run = Run::builder().state("CANCELED").build();
/// assert!(run.is_final() && !run.has_succeeded());
/// ```
pub trait Progress: sealed::Sealed + Clone + Send + Sync + Unpin + 'static {
    /// Its states. A state that this version does not know is not final.
    type State: Clone + PartialEq + fmt::Display + fmt::Debug + Send + Sync + 'static;

    /// Returns its state.
    fn state(&self) -> &Self::State;

    /// Returns whether it has ended. A final state does not change on its own.
    fn is_final(&self) -> bool;

    /// Returns whether it has ended successfully.
    fn has_succeeded(&self) -> bool;

    /// Returns the server's message about the state, such as the reason of a failure.
    fn message(&self) -> Option<&str>;
}

pub(crate) mod sealed {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    pub trait Sealed: Serialize + DeserializeOwned {}
}

/// A run or a job that has ended, successfully or not.
///
/// It dereferences to the run or job as it was read last.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it may have failed: see `succeeded`"]
pub struct Ended<T>(pub(super) T);

impl<T: Progress> Ended<T> {
    /// Returns whether it has ended successfully.
    ///
    /// A run succeeds in the state `SUCCEEDED` or `SKIPPED`, as with a cached result. A job succeeds in
    /// `completed`. A batch job succeeds in `finished`; the jobs in it have their own states.
    pub fn succeeded(&self) -> bool {
        self.0.has_succeeded()
    }

    /// Returns the state in which it ended.
    pub fn state(&self) -> &T::State {
        self.0.state()
    }

    /// Returns the server's message about it, such as the reason of a failure.
    pub fn message(&self) -> Option<&str> {
        self.0.message()
    }

    /// Returns the run or job itself.
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

/// Cause of the error of a wait that reached a limit. It holds the last known state.
pub struct Unfinished<T> {
    pub(super) last: Option<T>,
    pub(super) fault: Option<Error>,
}

impl<T: Progress> Unfinished<T> {
    /// Returns the cause of an error of a wait, if a limit was reached.
    pub fn of(error: &Error) -> Option<&Self> {
        error.source()?.downcast_ref()
    }

    /// Returns the run or job as it was read last, or `None` if it never was.
    pub fn last(&self) -> Option<&T> {
        self.last.as_ref()
    }

    /// Returns the error of the last request, if it failed.
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
        // The rest of a run may hold secrets.
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
