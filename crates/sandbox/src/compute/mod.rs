//! The Quantum Inspire Compute API, with the behaviour of FastAPI.

mod backends;
mod catalogue;
mod compilation;
mod error;
mod given;
mod job_logs;
mod jobs;
mod paging;
mod queue;
mod reservations;
mod resources;
mod results;
mod rules;
mod schema;
mod time;
mod validation;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use compute_api_client::operations;
use compute_kfp_runtime::operation::Operation as Description;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::operation::{Handle, Operation};

pub(crate) use catalogue::{add as add_catalogue, seed};
pub(crate) use error::ComputeError;
pub(crate) use given::add_seed;
pub(crate) use jobs::{Step, take_step};

/// The backend that the API key belongs to: the seeded two-qubit one. An empty sandbox has it too.
pub const BACKEND_ID: i64 = 7;

/// The resources of each name, which snapshots store separately, and all other state.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ComputeStore {
    #[serde(skip)]
    resources: BTreeMap<&'static str, Collection>,
    ids: BTreeMap<String, i64>,
    #[serde(skip)]
    nothing: Collection,
    logs: job_logs::Logs,
    /// Batch jobs that a backend claimed and runs itself.
    claimed: BTreeSet<i64>,
}

impl Default for ComputeStore {
    fn default() -> Self {
        let names = operations::OPERATIONS
            .iter()
            .map(|operation| resources::name_of(operation));
        Self {
            resources: names
                .map(|name| (name, Collection::keyed_by(&["id"])))
                .collect(),
            ids: BTreeMap::new(),
            nothing: Collection::keyed_by(&["id"]),
            logs: job_logs::Logs::default(),
            claimed: BTreeSet::new(),
        }
    }
}

impl ComputeStore {
    /// Returns the kinds of objects, by the first segment of their paths.
    pub(crate) fn collections(&self) -> impl Iterator<Item = (&'static str, &Collection)> {
        self.resources.iter().map(|(name, held)| (*name, held))
    }

    /// Returns the collection with this name.
    pub(crate) fn collection_mut(&mut self, name: &str) -> Option<&mut Collection> {
        self.resources.get_mut(name)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.resources.keys().copied()
    }

    fn resources(&self, name: &str) -> &Collection {
        self.resources.get(name).unwrap_or(&self.nothing)
    }

    fn resources_mut(&mut self, name: &'static str) -> &mut Collection {
        self.resources
            .entry(name)
            .or_insert_with(|| Collection::keyed_by(&["id"]))
    }

    /// Returns a new id. Ids are not reused after a deletion.
    fn next_id(&mut self, name: &'static str) -> i64 {
        let id = self.ids.entry(name.to_owned()).or_default();
        *id = id.saturating_add(1);
        *id
    }

    fn continue_ids_after(&mut self, name: &str, id: i64) {
        let last = self.ids.entry(name.to_owned()).or_default();
        *last = id.max(*last);
    }
}

/// Every operation and its handler: a specific rule, or the one that its path and method suggest.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation<ComputeError>>> = LazyLock::new(|| {
    let operations = operations::OPERATIONS.iter().copied();
    let served = operations.filter_map(|described| {
        let handle = rules::of(described).or_else(|| suggested(described))?;
        Some(Operation { described, handle })
    });
    served.collect()
});

fn suggested(operation: &Description) -> Option<Handle<ComputeError>> {
    let path = operation.path.trim_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    Some(match (operation.method, segments.as_slice()) {
        ("POST", [_]) => resources::create,
        ("GET", [_]) if operation.paging.is_some() => resources::list,
        ("GET", [_, view]) if operation.paging.is_some() && !view.starts_with('{') => {
            resources::list
        }
        ("GET", [_, "{id}"]) => resources::read,
        ("PUT", [_, "{id}"]) => resources::replace,
        ("PATCH", [_, "{id}"]) => resources::change,
        ("DELETE", [_, "{id}"]) => resources::delete,
        ("GET", [_, _, _]) if operation.paging.is_some() => resources::list,
        ("DELETE", [_, _, _]) => resources::delete_all_of,
        _ => return None,
    })
}
