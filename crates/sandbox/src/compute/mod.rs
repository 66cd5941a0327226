//! The Quantum Inspire Compute API, in the manner of FastAPI.

mod error;
mod metadata;
mod paging;
mod seed;
mod validation;

use std::collections::BTreeSet;

use compute_api_client::operations;

use crate::operation::Operation;
use crate::store::Collection;

pub(crate) use error::ComputeError;
pub(crate) use seed::seed;

/// The backend that the API key belongs to: the seeded two-qubit one, known in an empty sandbox too.
pub const BACKEND_ID: i64 = 7;

pub(crate) struct ComputeStore {
    backends: BTreeSet<i64>,
    metadata: Collection,
}

impl Default for ComputeStore {
    fn default() -> Self {
        Self {
            backends: BTreeSet::from([BACKEND_ID]),
            metadata: Collection::keyed_by(&["id"]),
        }
    }
}

pub(crate) const OPERATIONS: &[Operation<ComputeError>] = &[
    Operation {
        described: &operations::CREATE_METADATA_SELF,
        handle: metadata::create,
    },
    Operation {
        described: &operations::READ_METADATA_BY_BACKEND_ID,
        handle: metadata::list_of_backend,
    },
    Operation {
        described: &operations::READ_METADATA,
        handle: metadata::read,
    },
];
