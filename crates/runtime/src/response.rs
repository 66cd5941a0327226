//! Responses: a decoded value or a raw body, with the status and headers.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use url::Url;

/// A response: a value with a status and headers.
///
/// Calls return the decoded value; middleware sees the [`ResponseBody`]. A response can be used like
/// the value itself; [`into_inner`](Response::into_inner) returns the owned value.
///
/// ```
/// use compute_kfp_runtime::Response;
///
/// let response = Response::new(
///     vec![1, 2, 3],
///     http::StatusCode::OK,
///     http::HeaderMap::new(),
/// );
/// assert_eq!(response.len(), 3);
/// assert_eq!(response.into_inner(), [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> Response<T> {
    /// Creates a response that does not come from a server, for a cache or a test.
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
        let names = ["x-request-id", "x-correlation-id", "traceparent"];
        let mut values = names.iter().filter_map(|name| self.headers.get(*name));
        values.find_map(|value| value.to_str().ok())
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
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
    /// # use compute_kfp_runtime::Response;
    /// # let response = Response::new(vec![1, 2, 3], http::StatusCode::OK, http::HeaderMap::new());
    /// let longest = response.map(|values| values.into_iter().max());
    /// assert_eq!(*longest, Some(3));
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            value: change(self.value),
            status: self.status,
            headers: self.headers,
        }
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Omits headers: a server may echo a secret in them.
impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("value", &self.value)
            .finish()
    }
}

/// The body of a response before it is decoded.
///
/// ```
/// use compute_kfp_runtime::{Response, ResponseBody};
/// use http::{HeaderMap, StatusCode};
///
/// let body = ResponseBody::from("{}");
/// let cached = Response::new(body, StatusCode::OK, HeaderMap::new());
/// assert_eq!(cached.bytes(), Some(&b"{}"[..]));
/// ```
pub struct ResponseBody {
    /// The part that has been read: for a failure its beginning.
    pub(crate) read: Bytes,
    /// The part that the caller reads.
    pub(crate) unread: Option<Box<reqwest::Response>>,
    /// Address that a failure came from.
    pub(crate) url: Option<Box<Url>>,
}

impl ResponseBody {
    /// Returns the body if it has been read; `None` if the caller reads it piece by piece.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.unread.is_none().then_some(&*self.read)
    }
}

impl<B: Into<Bytes>> From<B> for ResponseBody {
    fn from(bytes: B) -> Self {
        Self {
            read: bytes.into(),
            unread: None,
            url: None,
        }
    }
}

/// Omits the content: a server may echo a secret in it.
impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
