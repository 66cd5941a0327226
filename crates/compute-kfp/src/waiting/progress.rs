//! What runs and jobs have in common.

use std::fmt;

/// What goes on at a server until it has ended: a run, a job or a batch job.
///
/// ```
/// use compute_kfp::kfp::types::Run;
/// use compute_kfp::waiting::Progress;
///
/// let run = Run::builder().state("CANCELED").build();
/// assert!(run.is_final() && !run.has_succeeded());
/// ```
pub trait Progress: sealed::Sealed + Clone + Send + Sync + Unpin + 'static {
    /// What it can be in; a state that this version does not know is not final.
    type State: Clone + PartialEq + fmt::Display + fmt::Debug + Send + Sync + 'static;

    /// The state that it is in.
    fn state(&self) -> &Self::State;

    /// Whether it has ended, and will not change of itself.
    fn is_final(&self) -> bool;

    /// Whether it has ended as it should.
    fn has_succeeded(&self) -> bool;

    /// What the server says about the state, such as why it failed.
    fn message(&self) -> Option<&str>;
}

pub(crate) mod sealed {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    pub trait Sealed: Serialize + DeserializeOwned {}
}
