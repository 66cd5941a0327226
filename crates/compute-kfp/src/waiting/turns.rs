//! How many of those who wait ask at a time.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Each request that is under way needs a connection, or a stream of one, and memory.
const AT_ONCE: usize = 128;

/// What those who wait with one client share, so that thousands of them do not ask in the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Returns when it is the caller's turn, which lasts as long as what this gives.
    pub async fn next(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.0.acquire().await.ok()
    }
}
