//! The error type for everything that can go wrong with a call.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::operation::Operation;
use crate::response::Response;
use crate::resume_point::ResumePoint;
use crate::retry_after::retry_after;

/// Maximum number of bytes of a response body that an error keeps.
const KEPT_BODY: usize = 64 * 1024;

/// An error of a call.
///
/// Use [`kind`](Error::kind) to decide what to do about it. Show [`Display`](fmt::Display) to a
/// person: it names the operation, what happened and what the server said. It never contains a
/// credential.
///
/// ```
/// use compute_kfp_runtime::{ErrorKind, Transport};
///
/// let error = Transport::builder("ftp://example.org").build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Configuration);
/// assert!(!error.was_sent());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<&'static Operation>,
    message: String,
    /// `true` if the last attempt may have reached the server.
    sent: bool,
    /// `true` if an earlier attempt may have reached the server.
    sent_before: bool,
    /// Overrides whether the failure may be temporary, if neither kind nor status shows it.
    passing: Option<bool>,
    attempts: u32,
    response: Option<Response<Bytes>>,
    resume_point: Option<ResumePoint>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of an error. As JSON it is its name in snake case, such as `not_found`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server does not know the caller (401), a login page came instead of a response, or no
    /// credential is available.
    ///
    /// What to do: log in again or correct the credential.
    Authentication,
    /// The caller is not allowed to do this (403).
    ///
    /// What to do: ask for the permission, or use another account, project or namespace.
    Permission,
    /// The requested object does not exist (404, 410).
    ///
    /// What to do: check the identifier and the endpoint.
    NotFound,
    /// The server does not have the operation (405, 501, or a 404 that is about the path and not
    /// about a resource).
    ///
    /// What to do: check the release of the server, and the endpoint.
    Unsupported,
    /// The request conflicts with the state on the server (409).
    ///
    /// What to do: read the current state and decide again.
    Conflict,
    /// The request is invalid (other 4xx), or cannot be sent.
    ///
    /// What to do: correct what the message names.
    InvalidRequest,
    /// Too many requests (429).
    ///
    /// What to do: wait, then try again.
    RateLimited,
    /// The server failed (5xx).
    ///
    /// What to do: try again later; if the error persists, report it to the operator of the server.
    Server,
    /// There was no response within the time limit, or a 408.
    ///
    /// What to do: try again, or allow more time.
    Timeout,
    /// The server could not be reached, or the connection broke.
    ///
    /// What to do: check the endpoint, the network and the proxy.
    Connection,
    /// The response does not match the API, or is longer than allowed.
    ///
    /// What to do: check that the endpoint is this API in this version. The message shows the first
    /// bytes of the response.
    Protocol,
    /// The settings of the client are invalid or contradictory.
    ///
    /// What to do: correct what the message names.
    Configuration,
}

impl Error {
    /// Creates an error of a credential, a middleware or a layer above this crate; nothing was
    /// sent.
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Connection, "the tunnel is down");
    /// assert_eq!(error.message(), "the tunnel is down");
    /// assert!(!error.was_sent());
    /// ```
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            message: harmless(message.into()),
            sent: false,
            sent_before: false,
            passing: None,
            attempts: 0,
            response: None,
            resume_point: None,
            source: None,
        }))
    }

    /// Creates an error of a credential or a middleware outside this crate.
    pub fn authentication(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Authentication, message)
    }

    /// Creates an error for a credential that could not be obtained because of another error.
    ///
    /// A network failure on the way to a login server keeps its kind. The call is then retried, or
    /// the failure waited out, as if its own server had failed. Every other error becomes one of
    /// kind [`Authentication`](ErrorKind::Authentication).
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// let down = Error::new(ErrorKind::Connection, "the login server cannot be reached");
    /// let error = Error::of_credential("no token", down);
    /// assert_eq!(error.kind(), ErrorKind::Connection);
    /// assert!(error.is_retryable());
    /// ```
    pub fn of_credential(
        message: impl Into<String>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let cause = cause.into();
        let known = cause.downcast_ref::<Self>();
        let known = known.or_else(|| cause.downcast_ref::<Arc<Self>>().map(|it| &**it));
        let passes = known.is_some_and(Self::is_passing);
        let kind = match known {
            Some(known) if passes => known.0.kind,
            _ => ErrorKind::Authentication,
        };
        Self::new(kind, message)
            .caused_by(cause)
            .passing(Some(passes))
    }

    /// Creates an error about the settings of a client, for layers above this crate.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// Marks that the request may have reached the server.
    pub(crate) fn sent(mut self, sent: bool) -> Self {
        self.0.sent = sent;
        self
    }

    /// Overrides whether the failure may be temporary, as it is if a response was truncated.
    pub(crate) fn passing(mut self, passing: Option<bool>) -> Self {
        self.0.passing = passing;
        self
    }

    /// Adds the response that reported the error.
    pub(crate) fn with_response(self, response: Response<Bytes>) -> Self {
        let mut error = self.sent(true);
        // A copy, so that an error does not keep a large body alive.
        error.0.response = Some(response.map(|body| match body.get(..KEPT_BODY) {
            Some(start) => Bytes::copy_from_slice(start),
            None => body,
        }));
        error
    }

    pub(crate) fn during(mut self, operation: &'static Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds the cause of the error, for [`source`](StdError::source).
    ///
    /// The cause must not contain a secret: `Debug` shows it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the point from which the list can be resumed.
    pub(crate) fn resumed_at(mut self, point: ResumePoint) -> Self {
        self.0.resume_point = Some(point);
        self
    }

    /// Adds the number of attempts, and whether an attempt before the last may have reached the
    /// server.
    pub(crate) fn after(mut self, attempts: u32, sent_before: bool) -> Self {
        self.0.attempts = attempts;
        self.0.sent_before = sent_before;
        self
    }

    /// Returns the kind of the error; each kind documents what to do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Adds a sentence to the message, for layers above this crate.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.0.message = harmless(format!("{}; {note}", self.0.message));
        self
    }

    /// Returns whether the request may have reached the server, in any attempt.
    ///
    /// `false` is certain: nothing happened on the server, and any call can safely be retried.
    pub fn was_sent(&self) -> bool {
        self.0.sent || self.0.sent_before
    }

    /// Returns whether the same call may succeed if it is retried, and a retry cannot execute it
    /// twice.
    ///
    /// A [`RetryPolicy`](crate::RetryPolicy) uses this, so a call that ended with such an error was
    /// usually retried already; see [`attempts`](Self::attempts). It shows whether trying again
    /// later is worthwhile.
    pub fn is_retryable(&self) -> bool {
        self.is_passing() && (self.surely_not_executed() || self.is_idempotent())
    }

    /// Returns whether the failure may be temporary.
    fn is_passing(&self) -> bool {
        self.0.passing.unwrap_or_else(|| match self.status() {
            Some(status) => matches!(status.as_u16(), 408 | 429 | 502..=504),
            None => matches!(self.0.kind, ErrorKind::Connection | ErrorKind::Timeout),
        })
    }

    fn surely_not_executed(&self) -> bool {
        match self.status().map(|status| status.as_u16()) {
            Some(429) => true,
            Some(503) => self.retry_after().is_some(),
            _ => !self.0.sent,
        }
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.0.operation.is_some_and(Operation::is_idempotent)
    }

    /// Returns the number of attempts to send the call; 0 if there was none.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the wait that the server asks for, if any (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers()?)
    }

    /// Returns the point from which a list can be resumed, if this is the error of a list.
    ///
    /// Every item before this point was yielded, and none after it.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        self.0.resume_point.as_ref()
    }

    /// Returns the status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(Response::status)
    }

    /// Returns the headers of the response, if there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.response.as_ref().map(Response::headers)
    }

    /// Returns the server's ID for the request, which helps its operators to find it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.response.as_ref()?.request_id()
    }

    /// Returns the operation that was called, if the error belongs to one.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// Returns a message for a person: the server's own words if it sent any.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the response body as far as it was kept (64 KiB at most); empty if there was none.
    pub fn body(&self) -> &[u8] {
        self.0.response.as_deref().map_or(&[], |body| body)
    }

    /// Decodes the response body as the API's own error model, if it is one.
    ///
    /// ```no_run
    /// # fn example(error: compute_kfp_runtime::Error) {
    /// #[derive(serde::Deserialize)]
    /// struct Detail {
    ///     detail: String,
    /// }
    ///
    /// if let Some(model) = error.body_as::<Detail>() {
    ///     println!("{}", model.detail);
    /// }
    /// # }
    /// ```
    pub fn body_as<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body()).ok()
    }
}

/// Returns the causes of an error, the nearest first. An `io::Error` does not name the error within it
/// as its source.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let next = |cause: &'a (dyn StdError + 'static)| match cause.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|within| within as _),
        None => cause.source(),
    };
    std::iter::successors(next(error), move |cause| next(*cause))
}

/// Escapes control characters, which a terminal obeys: a message may quote anything.
fn harmless(message: String) -> String {
    let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if !message.contains(steers) {
        return message;
    }
    let mut harmless = String::with_capacity(message.len());
    for letter in message.chars() {
        match steers(letter) {
            true => harmless.extend(letter.escape_debug()),
            false => harmless.push(letter),
        }
    }
    harmless
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{}: ", operation.name)?;
        }
        if let Some(status) = self.status() {
            write!(f, "{}: ", status.as_u16())?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field(
                "operation",
                &self.0.operation.map(|operation| operation.name),
            )
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .field("message", &self.0.message)
            .field("sent", &self.was_sent())
            .field("attempts", &self.0.attempts)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A value that a builder cannot build because a required property is missing.
///
/// Operations accept builders as bodies. There it becomes an error of kind
/// [`InvalidRequest`](ErrorKind::InvalidRequest), and nothing is sent.
///
/// ```
/// let error = compute_kfp_runtime::BuildError::missing("JobIn", "file_id");
/// assert_eq!(error.to_string(), "`file_id` of `JobIn` is required and was not set");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    type_name: &'static str,
    property: &'static str,
}

impl BuildError {
    /// Creates the error for a property of this type that was not set.
    pub fn missing(type_name: &'static str, property: &'static str) -> Self {
        Self {
            type_name,
            property,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            type_name,
            property,
        } = self;
        write!(
            f,
            "`{property}` of `{type_name}` is required and was not set"
        )
    }
}

impl StdError for BuildError {}

impl From<std::convert::Infallible> for BuildError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
