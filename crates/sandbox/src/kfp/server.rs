use compute_kfp_runtime::operation::Operation;
use kfp_api_client::operations;

/// The KFP server that a sandbox behaves as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KfpServer {
    /// Release 2.17, which has no artifacts, tasks and metrics.
    #[value(name = "2.17")]
    Release217,
    /// The server of the next API, with artifacts and tasks.
    Next,
    /// The server of the next API, and in addition the operations that no server has.
    #[default]
    All,
}

/// Operations that no server has.
static DRAFTS: [&Operation; 7] = [
    &operations::AUTHORIZE,
    &operations::CREATE_VISUALIZATION_V1,
    &operations::GET_FILTER,
    &operations::GET_METRIC,
    &operations::LIST_METRICS,
    &operations::LOG_METRIC,
    &operations::UPDATE_ARTIFACT,
];

/// Operations of the next API that release 2.17 does not have.
static AFTER_2_17: [&Operation; 13] = [
    &operations::BATCH_CREATE_ARTIFACT_TASKS,
    &operations::BATCH_CREATE_ARTIFACTS,
    &operations::BATCH_UPDATE_TASKS,
    &operations::CREATE_ARTIFACT,
    &operations::CREATE_ARTIFACT_TASK,
    &operations::CREATE_TASK,
    &operations::FIND_CACHED_TASK,
    &operations::GET_ARTIFACT,
    &operations::GET_TASK,
    &operations::LIST_ARTIFACT_TASKS,
    &operations::LIST_ARTIFACTS,
    &operations::LIST_TASKS,
    &operations::UPDATE_TASK,
];

impl KfpServer {
    pub(crate) fn has(self, operation: &Operation) -> bool {
        let lacks = |operations: &[&Operation]| operations.contains(&operation);
        match self {
            Self::All => true,
            Self::Next => !lacks(&DRAFTS),
            Self::Release217 => !lacks(&DRAFTS) && !lacks(&AFTER_2_17),
        }
    }
}
