//! Events of KFP as time passes.

use serde::{Deserialize, Serialize};

/// An event that happens on its own as time passes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Run(RunStep),
    /// Runs of the recurring run with this id may be due.
    Recurring(String),
    /// A run has ended, so that another one of its recurring run can start.
    EndOfRun {
        recurring_run_id: String,
    },
}

/// An event of a run. Steps of an abandoned attempt have no effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunStep {
    pub(super) run_id: String,
    pub(super) attempt: u64,
    pub(super) kind: StepKind,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum StepKind {
    Begin,
    FirstTask,
    EndOfTask { task_id: String },
    EndOfCancellation,
}
