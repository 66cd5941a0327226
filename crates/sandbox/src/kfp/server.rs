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

impl KfpServer {
    pub(crate) fn has(self, operation: &Operation) -> bool {
        let is_draft = DRAFTS.contains(&operation);
        let parts = ["/artifact", "/tasks"];
        let is_after_2_17 = parts.iter().any(|part| operation.path.contains(part));
        match self {
            Self::All => true,
            Self::Next => !is_draft,
            Self::Release217 => !is_draft && !is_after_2_17,
        }
    }
}
