use compute_kfp_runtime::operation::Operation;

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

impl KfpServer {
    pub(super) fn has(self, operation: &Operation) -> bool {
        let unserved = ["/metrics", "/auth", "/filters", "/visualizations"];
        let is_in = |part: &str| operation.path.contains(part);
        let served = !unserved.into_iter().any(is_in) && operation.method != "PUT";
        match self {
            Self::All => true,
            Self::Next => served,
            Self::Release217 => served && !["/artifact", "/tasks"].into_iter().any(is_in),
        }
    }
}
