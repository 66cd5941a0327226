use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, mem};

use tokio::sync::Semaphore;

use crate::builder::SandboxBuilder;
use crate::data_file::DataFile;
use crate::injection::Faults;
use crate::inspection::ReceivedRequest;
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
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
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
            store.catch_up();
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
