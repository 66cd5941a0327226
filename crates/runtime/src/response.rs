//! The result of a call: a value, with the status and headers of its response.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::{Error, request_id};
use crate::operation::Operation;
use crate::transport::next_chunk;

/// A decoded value, with the status and headers of its response.
///
/// It can be used like the value itself; [`into_inner`](ResponseValue::into_inner) returns the
/// owned value.
///
/// ```
/// use compute_kfp_runtime::ResponseValue;
///
/// let response = ResponseValue::new(
///     vec![1, 2, 3],
///     http::StatusCode::OK,
///     http::HeaderMap::new(),
/// );
/// assert_eq!(response.len(), 3);
/// assert_eq!(response.into_inner(), [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct ResponseValue<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> ResponseValue<T> {
    /// Creates a response by hand, for tests.
    pub fn new(value: T, status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            value,
            status,
            headers,
        }
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the server's ID for the request, which helps its operators to find it.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// Converts into the value, without status and headers.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Converts into the value, the status and the headers.
    pub fn into_parts(self) -> (T, StatusCode, HeaderMap) {
        (self.value, self.status, self.headers)
    }

    /// Applies `change` to the value, and keeps the status and headers.
    ///
    /// ```
    /// # use compute_kfp_runtime::ResponseValue;
    /// # let response = ResponseValue::new(vec![1, 2, 3], http::StatusCode::OK, http::HeaderMap::new());
    /// let longest = response.map(|values| values.into_iter().max());
    /// assert_eq!(*longest, Some(3));
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseValue<U> {
        ResponseValue {
            value: change(self.value),
            status: self.status,
            headers: self.headers,
        }
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for ResponseValue<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Omits headers: a server may echo a secret in them.
impl<T: fmt::Debug> fmt::Debug for ResponseValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseValue")
            .field("status", &self.status)
            .field("value", &self.value)
            .finish()
    }
}

/// A response body that is not decoded, as a stream of pieces.
///
/// Drop it to cancel the download.
///
/// ```no_run
/// # async fn example(mut log: compute_kfp_runtime::ByteStream) -> compute_kfp_runtime::Result<()> {
/// while let Some(piece) = log.chunk().await? {
///     print!("{}", String::from_utf8_lossy(&piece));
/// }
/// # Ok(())
/// # }
/// ```
pub struct ByteStream {
    response: reqwest::Response,
    operation: &'static Operation,
    longest_silence: Duration,
}

impl ByteStream {
    pub(crate) fn new(
        response: reqwest::Response,
        operation: &'static Operation,
        longest_silence: Duration,
    ) -> Self {
        Self {
            response,
            operation,
            longest_silence,
        }
    }

    /// Returns the next piece, or `None` at the end. The pieces have the sizes in which the network
    /// delivers them.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Connection`](crate::ErrorKind::Connection) if the connection
    /// broke before the end, or of kind [`Timeout`](crate::ErrorKind::Timeout) if no data arrived
    /// for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = next_chunk(&mut self.response, self.longest_silence).await;
        piece.map_err(|error| error.during(self.operation))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("operation", &self.operation.name)
            .finish_non_exhaustive()
    }
}
