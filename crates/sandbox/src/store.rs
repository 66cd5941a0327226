use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::agenda::{Agenda, Event};
use crate::clock::{Clock, later};
use crate::compute::store::ComputeStore;
use crate::kfp::store::KfpStore;
use crate::uuids::Uuids;

/// All data of a sandbox. Its own serialization is the part of snapshots that is not objects.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Store {
    pub(crate) clock: Clock,
    pub(crate) agenda: Agenda,
    pub(crate) uuids: Uuids,
    pub(crate) compute: ComputeStore,
    pub(crate) kfp: KfpStore,
    /// Whether anything has changed since the last write of the data file.
    #[serde(skip)]
    pub(crate) is_changed: bool,
    /// The reason why the data file cannot be written at present.
    #[serde(skip)]
    pub(crate) save_failure: Option<String>,
}

impl Store {
    /// Plans an event for the time when the clock shows `at`, or would show it without ticks in
    /// between.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        let now = (self.clock.passed, self.clock.reading);
        let (passed, reading) = self.agenda.happening.unwrap_or(now);
        let due = later(at, passed - reading);
        self.agenda.add(due, at, event);
    }
}
