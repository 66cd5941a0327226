use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use compute_api_client::operations;
use compute_kfp_runtime::operation::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collection::{Collection, Collections};
use crate::object::Object;

/// The backend that the API key belongs to: the seeded two-qubit one. An empty sandbox has it too.
pub const BACKEND_ID: i64 = 7;

/// Field that holds the key of a registered backend. Only its registration returns it.
pub(super) const BACKEND_KEY: &str = "authentication_hash";

/// Nanoseconds between two lines that are logged together.
const APART: i64 = 1000;

/// The objects, which snapshots store separately, and all other state.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ComputeStore {
    #[serde(skip)]
    pub(crate) collections: Collections,
    pub(super) ids: BTreeMap<String, i64>,
    /// The lines that each job has logged, in order.
    logs: BTreeMap<i64, Vec<Line>>,
    /// Batch jobs that a backend claimed and runs itself.
    pub(super) claimed: BTreeSet<i64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    /// Nanoseconds since 1970.
    pub(super) timestamp: i64,
    pub(super) text: String,
}

impl Default for ComputeStore {
    fn default() -> Self {
        let operations = operations::OPERATIONS.iter();
        let kinds = operations.map(|operation| (kind_of(operation), &["id"][..]));
        Self {
            collections: Collections::of(kinds),
            ids: BTreeMap::new(),
            logs: BTreeMap::new(),
            claimed: BTreeSet::new(),
        }
    }
}

impl ComputeStore {
    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.collections.iter().map(|(kind, _)| kind)
    }

    pub(super) fn all(&self, kind: &str) -> &Collection {
        self.collections.get(kind)
    }

    pub(super) fn put(&mut self, kind: &str, object: Object) {
        self.collections.get_mut(kind).put(object);
    }

    pub(super) fn find(&self, kind: &str, id: impl ToString) -> Option<&Object> {
        self.all(kind).get(&id.to_string())
    }

    /// Returns a new id. Ids are not reused after a deletion.
    pub(super) fn next_id(&mut self, kind: &str) -> i64 {
        let id = self.ids.entry(kind.to_owned()).or_default();
        *id = id.saturating_add(1);
        *id
    }

    /// Returns the object that a field of another one refers to.
    pub(super) fn referred(&self, object: &Object, field: &str, kind: &str) -> Option<&Object> {
        self.find(kind, object.get(field)?)
    }

    pub(super) fn jobs_of(&self, batch: &Object) -> Vec<Object> {
        let ids = batch.get("job_ids").and_then(Value::as_array);
        let ids = ids.into_iter().flatten();
        ids.filter_map(|id| self.find("jobs", id).cloned())
            .collect()
    }

    pub(super) fn batch_of(&self, job: &Object) -> Option<Object> {
        self.referred(job, "batch_job_id", "batch_jobs").cloned()
    }

    pub(super) fn type_of(&self, batch: &Object) -> Option<&Object> {
        self.referred(batch, "backend_type_id", "backend_types")
    }

    /// Returns the first backend of the type that an object names.
    pub(super) fn backend_for(&self, object: &Object) -> Option<&Object> {
        let kind = object.get("backend_type_id");
        let mut backends = self.all("backends").iter();
        backends.find(|backend| backend.get("backend_type_id") == kind)
    }

    pub(super) fn algorithm_of(&self, job: &Object) -> Option<&Object> {
        let file = self.referred(job, "file_id", "files")?;
        let commit = self.referred(file, "commit_id", "commits")?;
        self.referred(commit, "algorithm_id", "algorithms")
    }

    pub(crate) fn backend_of_key(&self, key: &str) -> Option<&Object> {
        let has_key = |backend: &&Object| backend.get(BACKEND_KEY).is_some_and(|held| held == key);
        self.all("backends").iter().find(has_key)
    }

    /// Adds lines to the log of a job, each a microsecond after the previous one.
    pub(super) fn log(
        &mut self,
        job: i64,
        at: DateTime<Utc>,
        texts: impl IntoIterator<Item = String>,
    ) {
        let lines = self.logs.entry(job).or_default();
        let mut timestamp = at.timestamp_nanos_opt().unwrap_or(i64::MAX);
        for text in texts {
            let after_last = lines
                .last()
                .map(|last| last.timestamp.saturating_add(APART));
            timestamp = after_last.map_or(timestamp, |after| after.max(timestamp));
            lines.push(Line { timestamp, text });
        }
    }

    pub(super) fn log_of(&self, job: i64) -> impl Iterator<Item = &Line> {
        self.logs.get(&job).into_iter().flatten()
    }
}

/// Returns the first segment of an operation's path, which is the kind of its objects.
pub(super) fn kind_of(operation: &Operation) -> &'static str {
    operation.path.split('/').nth(1).unwrap_or_default()
}

pub(super) fn id_of(object: &Object) -> i64 {
    object.get("id").and_then(Value::as_i64).unwrap_or_default()
}
