//! Streams of values that arrive one after the other.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::error::Error;

/// Values that arrive one after the other, as a [`Stream`].
///
/// Nothing is requested before it is polled. Drop it to cancel its request. An error ends it, among them:
///
/// - a value that cannot be decoded, or that is longer than
///   [`max_response_bytes`](crate::TransportBuilder::max_response_bytes);
/// - a broken connection, of kind [`Connection`](crate::ErrorKind::Connection), or one on which nothing
///   arrived for [`read_timeout`](crate::TransportBuilder::read_timeout), of kind
///   [`Timeout`](crate::ErrorKind::Timeout).
///
/// ```
/// # async fn example() -> compute_kfp_runtime::Result<()> {
/// use compute_kfp_runtime::ValueStream;
/// use futures_util::stream;
///
/// let mut values = ValueStream::new(stream::iter([Ok(1), Ok(2)]));
/// while let Some(value) = values.next().await {
///     println!("{}", value?);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is requested before it is polled"]
pub struct ValueStream<T> {
    /// `None` after the end.
    values: Option<BoxStream<'static, Result<T, Error>>>,
}

impl<T> ValueStream<T> {
    /// Creates a stream from another one, of which nothing is used after an error.
    pub fn new(values: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self {
            values: Some(Box::pin(values)),
        }
    }

    /// Returns the next value, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the error that ends the stream.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        StreamExt::next(self).await
    }
}

impl<T> Stream for ValueStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(values) = &mut self.values else {
            return Poll::Ready(None);
        };
        let value = ready!(values.as_mut().poll_next(context));
        if !matches!(value, Some(Ok(_))) {
            self.values = None;
        }
        Poll::Ready(value)
    }
}

impl<T> fmt::Debug for ValueStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueStream")
            .field("has_ended", &self.values.is_none())
            .finish_non_exhaustive()
    }
}
