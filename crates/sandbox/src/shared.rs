use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, mem};

use tokio::sync::Semaphore;

use crate::agenda::Event;
use crate::builder::SandboxBuilder;
use crate::compute::jobs;
use crate::data_file::DataFile;
use crate::injection::Faults;
use crate::inspection::ReceivedRequest;
use crate::kfp::{execution, recurring_runs};
use crate::seeding::snapshot;
use crate::store::Store;

/// The state that all requests share.
pub(crate) struct Shared {
    pub(crate) settings: SandboxBuilder,
    pub(crate) faults: Faults,
    pub(crate) received: Mutex<Vec<ReceivedRequest>>,
    pub(crate) store: Mutex<Store>,
    pub(crate) data_file: Option<Mutex<DataFile>>,
    pub(crate) large_bodies: Semaphore,
}

impl Shared {
    /// Returns the data, after all events that are due, and the events that follow from them.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.clock.follow();
        let now = store.clock.passed;
        while let Some(planned) = store.agenda.next_due(now) {
            let (store, at) = (&mut *store, planned.at);
            store.is_changed = true;
            store.agenda.happening = Some((planned.due, at));
            match planned.event {
                Event::BatchJob(id) => jobs::reserve(store, id, at),
                Event::Job(id, part) => jobs::go(store, id, part, at),
                Event::Run {
                    run_id,
                    attempt,
                    step,
                } => execution::take_step(store, &run_id, attempt, &step, at),
                Event::RecurringRun(id) => recurring_runs::go_on(store, &id, at),
            }
            store.agenda.happening = None;
        }
        store
    }

    pub(crate) fn received(&self) -> MutexGuard<'_, Vec<ReceivedRequest>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the data file if anything has changed since the last write, and returns whether it did.
    pub(crate) fn save(&self) -> io::Result<bool> {
        let Some(file) = &self.data_file else {
            return Ok(false);
        };
        // Locked first, so that a later state never comes before an earlier one.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = {
            let mut store = self.store();
            if !mem::take(&mut store.is_changed) {
                return Ok(false);
            }
            snapshot(&store)
        };
        let saved = snapshot.map_err(io::Error::other);
        let saved = saved.and_then(|snapshot| file.replace(&snapshot));
        let mut store = self.store();
        store.is_changed |= saved.is_err();
        store.save_failure = saved.as_ref().err().map(ToString::to_string);
        saved.map(|()| true)
    }
}
