//! Streams of events while a run or job is in progress.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use compute_kfp_runtime::Error;
use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

/// The events of a run or a job in progress, as a [`Stream`].
///
/// Nothing is requested before it is polled. It ends when the run or job has ended, or with an error.
#[must_use = "nothing is sent before it is polled"]
pub struct Following<T>(BoxStream<'static, Result<T, Error>>);

impl<T> Following<T> {
    pub(crate) fn new(stream: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// Returns the next event, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Wait::send`](super::Wait::send). Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        self.0.next().await
    }
}

impl<T> Stream for Following<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for Following<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").finish_non_exhaustive()
    }
}
