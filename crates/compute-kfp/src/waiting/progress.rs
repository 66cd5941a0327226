//! Common properties of runs and jobs.

use std::fmt;

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
