//! A limit on the concurrent requests of waits.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Maximum number of requests. Each one needs a connection, or a stream of one, and memory.
const MAX_REQUESTS: usize = 128;

/// A limit shared by the waits of one client, so that thousands of them do not poll in the same moment.
#[derive(Clone, Debug)]
pub(crate) struct RequestLimit(Arc<Semaphore>);

impl Default for RequestLimit {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_REQUESTS)))
    }
}

impl RequestLimit {
    /// Waits until another request may be sent, and counts it until the returned permit is dropped.
    pub async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.acquire().await.ok()
    }
}
