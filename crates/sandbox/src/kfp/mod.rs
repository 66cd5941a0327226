//! Kubeflow Pipelines v2beta1, in the manner of grpc-gateway.

mod artifact_tasks;
mod artifacts;
mod error;
mod filter;
mod listing;
mod message;
mod messages;
mod metrics;
mod parameters;
mod seed;
mod time;

use kfp_api_client::operations;

use crate::operation::Operation;
use crate::store::Collection;

pub(crate) use error::KfpError;
pub(crate) use seed::seed;

/// The namespace that most of the seeded artifacts are in.
pub const NAMESPACE: &str = "quantum-calibration";

pub(crate) struct KfpStore {
    artifacts: Collection,
    artifact_tasks: Collection,
    metrics: Collection,
}

impl Default for KfpStore {
    fn default() -> Self {
        Self {
            artifacts: Collection::keyed_by(&["artifact_id"]),
            artifact_tasks: Collection::keyed_by(&["id"]),
            metrics: Collection::keyed_by(&["task_id", "name"]),
        }
    }
}

pub(crate) const OPERATIONS: &[Operation<KfpError>] = &[
    Operation {
        described: &operations::LIST_ARTIFACTS,
        handle: artifacts::list,
    },
    Operation {
        described: &operations::CREATE_ARTIFACT,
        handle: artifacts::create,
    },
    Operation {
        described: &operations::BATCH_CREATE_ARTIFACTS,
        handle: artifacts::batch_create,
    },
    Operation {
        described: &operations::GET_ARTIFACT,
        handle: artifacts::get,
    },
    Operation {
        described: &operations::UPDATE_ARTIFACT,
        handle: artifacts::update,
    },
    Operation {
        described: &operations::LIST_ARTIFACT_TASKS,
        handle: artifact_tasks::list,
    },
    Operation {
        described: &operations::CREATE_ARTIFACT_TASK,
        handle: artifact_tasks::create,
    },
    Operation {
        described: &operations::BATCH_CREATE_ARTIFACT_TASKS,
        handle: artifact_tasks::batch_create,
    },
    Operation {
        described: &operations::LIST_METRICS,
        handle: metrics::list,
    },
    Operation {
        described: &operations::LOG_METRIC,
        handle: metrics::log,
    },
    Operation {
        described: &operations::GET_METRIC,
        handle: metrics::get,
    },
];
