use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::collection::{Collection, Collections, Rank};
use crate::kfp::resource::{RESOURCES, Resource};
use crate::kfp::server::KfpServer;

#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KfpStore {
    #[serde(skip)]
    pub(crate) collections: Collections,
    pub(super) progress: BTreeMap<String, Progress>,
    /// The list that was read last, so that its next page is not filtered and sorted again: what
    /// identifies it, and the sort values and keys of its objects.
    #[serde(skip)]
    pub(super) chosen: RefCell<(String, Vec<(Rank, String)>)>,
    #[serde(skip)]
    pub(crate) short_pages: bool,
    #[serde(skip)]
    pub(crate) server: KfpServer,
    #[serde(skip)]
    pub(crate) multi_user: bool,
}

/// The progress of a recurring run.
#[derive(Serialize, Deserialize)]
pub(super) struct Progress {
    /// Time up to which everything due was handled.
    pub(super) handled_until: DateTime<Utc>,
    pub(super) started: u64,
}

impl Default for KfpStore {
    fn default() -> Self {
        let kinds = RESOURCES.map(|resource| (resource.kind, resource.key_fields));
        Self {
            collections: Collections::of(kinds.into_iter()),
            progress: BTreeMap::new(),
            chosen: RefCell::default(),
            short_pages: false,
            server: KfpServer::All,
            multi_user: false,
        }
    }
}

impl KfpStore {
    pub(super) fn of(&self, resource: &Resource) -> &Collection {
        self.collections.get(resource.kind)
    }

    pub(super) fn of_mut(&mut self, resource: &Resource) -> &mut Collection {
        self.collections.get_mut(resource.kind)
    }
}
