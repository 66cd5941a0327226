//! A limit on the concurrent requests of waits.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Maximum number of requests. Each one needs a connection, or a stream of one, and memory.
const AT_ONCE: usize = 128;

/// A limit shared by the waits of one client, so that thousands of them do not poll in the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Waits for the caller's turn. The turn lasts until the returned permit is dropped.
    pub async fn next(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.0.acquire().await.ok()
    }
}
