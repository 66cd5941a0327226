//! The error type for everything that can go wrong with a call.

mod message;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::content::Unsendable;
use crate::endpoint::origin;
use crate::operation::Operation;
use crate::paging::ResumePoint;
use crate::retry;
use crate::setup_fault::SetupFault;

/// Maximum number of bytes of a response body that an error keeps.
const KEPT_BODY: usize = 64 * 1024;
/// Maximum length of the part of a response that a message shows.
const SHOWN_BODY: usize = 200;

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
    response: Option<Received>,
    resume_point: Option<ResumePoint>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The part of a response that was received.
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The kind of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// let error = Error::authentication("the token helper is not installed");
    /// assert_eq!(error.kind(), ErrorKind::Authentication);
    /// ```
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
        let mut error = Self::new(kind, message).caused_by(cause);
        error.0.passing = Some(passes);
        error
    }

    /// Creates an error about the settings of a client, for layers above this crate.
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// let error = Error::configuration("no endpoint is set");
    /// assert_eq!(error.kind(), ErrorKind::Configuration);
    /// ```
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// The time limit of a whole call was exceeded.
    pub(crate) fn late(allowed: Duration, sent: bool) -> Self {
        let mut late = Self::new(
            ErrorKind::Timeout,
            format!("the call was not over after {allowed:?}"),
        );
        late.0.sent = sent;
        late
    }

    /// The time limit of one attempt was exceeded.
    pub(crate) fn slow(allowed: Duration) -> Self {
        let mut slow = Self::new(
            ErrorKind::Timeout,
            format!("the answer was not complete after {allowed:?}"),
        );
        slow.0.sent = true;
        slow
    }

    /// No data was transferred for too long.
    pub(crate) fn silent(allowed: Duration) -> Self {
        let mut silent = Self::new(
            ErrorKind::Timeout,
            format!("nothing came from the server for {allowed:?}"),
        );
        silent.0.sent = true;
        silent
    }

    pub(crate) fn during(mut self, operation: &'static Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds the cause of the error, for [`source`](StdError::source).
    ///
    /// The cause must not contain a secret: `Debug` shows it.
    ///
    /// ```
    /// use std::error::Error as _;
    ///
    /// use compute_kfp_runtime::Error;
    ///
    /// let error = Error::authentication("the token helper failed").caused_by("exit status 1");
    /// assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("exit status 1"));
    /// ```
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Creates an error for responses that do not form a list.
    pub(crate) fn unreadable_list(what: String) -> Self {
        let mut error = Self::new(ErrorKind::Protocol, what);
        error.0.sent = true;
        error
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

    /// Marks the response as truncated: another attempt may return all of it.
    pub(crate) fn cut_off(mut self) -> Self {
        self.0.passing = Some(true);
        self
    }

    /// Converts an error of the HTTP client, by the stage that the attempt had reached.
    pub(crate) fn http(error: reqwest::Error) -> Self {
        // The address may hold what a caller passed; the operation says where it went.
        let error = error.without_url();
        if let Some(unsendable) = unsendable(&error) {
            let mut failure = Self::invalid(unsendable.to_string()).caused_by(error);
            failure.0.sent = true;
            return failure;
        }
        let broken = || causes(&error).any(|cause| cause.is::<hyper::Error>());
        let (kind, what, sent) = if error.is_connect() && error.is_timeout() {
            (
                ErrorKind::Timeout,
                "the server could not be reached in the time allowed",
                false,
            )
        } else if error.is_timeout() {
            (ErrorKind::Timeout, "no answer in the time allowed", true)
        } else if error.is_connect() {
            (ErrorKind::Connection, "the server cannot be reached", false)
        } else if error.is_builder() {
            (
                ErrorKind::InvalidRequest,
                "the request cannot be sent",
                false,
            )
        } else if causes(&error).any(is_unparsable) {
            (
                ErrorKind::Protocol,
                "the answer is not HTTP as this client reads it",
                true,
            )
        } else if error.is_decode() && !broken() {
            (
                ErrorKind::Protocol,
                "the answer cannot be decompressed",
                true,
            )
        } else {
            // With the body of an answer, the request was executed.
            let answered = error.is_body() || error.is_decode();
            let sent = answered || !causes(&error).any(was_not_taken);
            (ErrorKind::Connection, "the connection broke", sent)
        };
        let root = causes(&error).last().map(ToString::to_string);
        let passing = if error.is_connect() && causes(&error).any(is_bad_data) {
            Some(false)
        } else if error.is_decode() && causes(&error).any(is_early_end) {
            Some(true)
        } else {
            None
        };
        let (mut failure, passing) = match SetupFault::of_tls(error) {
            Ok(fault) => {
                let failure = Self::new(kind, format!("{what}: {}", fault.advice()));
                (failure.caused_by(fault), Some(false))
            }
            Err(error) => {
                let message =
                    root.map_or_else(|| what.to_owned(), |root| format!("{what}: {root}"));
                (Self::new(kind, message).caused_by(error), passing)
            }
        };
        failure.0.sent = sent;
        failure.0.passing = passing;
        failure
    }

    /// Creates the error for a response that reports a failure.
    pub(crate) fn answered(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let html = is_html(&headers, &body);
        // An API refuses in its own format; a page is how a proxy asks for a login.
        let kind = match kind_of(status) {
            ErrorKind::Permission if html => ErrorKind::Authentication,
            kind => kind,
        };
        let (said, meaning) = match message::of(status, &headers, &body) {
            Some(report) => (report.text, report.kind),
            None if html => {
                let page = excerpt(&body);
                (
                    format!("an HTML page came instead of an answer: {page}"),
                    None,
                )
            }
            None if body.is_empty() => ("the server gave no reason".to_owned(), None),
            None => (excerpt(&body), None),
        };
        let kind = meaning.unwrap_or(kind);
        let message = match kind {
            ErrorKind::Unsupported => format!(
                "the server does not have this operation: it is another release of the API, or the \
                 endpoint is not where the API is ({said})"
            ),
            _ => said,
        };
        Self::new(kind, message).with_response(status, headers, body)
    }

    /// Creates the error for a successful response that is an HTML page: a proxy asks for a login.
    pub(crate) fn login_page(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let message = format!(
            "an HTML page came instead of an answer, as a proxy sends it to ask for a login: {}",
            excerpt(&body)
        );
        Self::new(ErrorKind::Authentication, message).with_response(status, headers, body)
    }

    /// Creates the error for a redirect that is not followed.
    pub(crate) fn redirected(
        from: &Url,
        to: &Url,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let (kind, message) = if to.host() == from.host()
            && (from.scheme(), to.scheme()) == ("http", "https")
        {
            let endpoint = origin(to);
            let message =
                format!("the server is to be reached at `{endpoint}`; give that as the endpoint");
            (ErrorKind::Configuration, message)
        } else if origin(to) != origin(from) {
            let host = to.host_str().unwrap_or(to.scheme());
            let message = format!(
                "redirected to `{host}`, as a proxy does to ask for a login; redirects to other hosts are not followed"
            );
            (ErrorKind::Authentication, message)
        } else if matches!(status.as_u16(), 302 | 303) {
            let message = format!(
                "redirected to `{}`, as a proxy does to ask for a login",
                to.path()
            );
            (ErrorKind::Authentication, message)
        } else {
            let message = format!(
                "redirected to `{}`, where this request is not sent again",
                to.path()
            );
            (ErrorKind::Protocol, message)
        };
        Self::new(kind, message).with_response(status, headers, body)
    }

    /// Creates the error for a response with more bytes than the client may hold.
    pub(crate) fn too_large(limit: usize, status: StatusCode, headers: HeaderMap) -> Self {
        let message = format!(
            "the answer has more than {limit} bytes; raise `max_response_bytes` or ask for less"
        );
        Self::new(ErrorKind::Protocol, message).with_response(status, headers, Bytes::new())
    }

    /// Creates the error for a response with more objects than the client may hold.
    pub(crate) fn too_many_objects(limit: usize, status: StatusCode, headers: HeaderMap) -> Self {
        let message = format!(
            "the response has more than {limit} objects; raise `max_response_objects` or ask for less"
        );
        Self::new(ErrorKind::Protocol, message).with_response(status, headers, Bytes::new())
    }

    /// Creates the error for a response that cannot be decoded as the API defines it.
    pub(crate) fn unreadable(
        what: &str,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let message = match body.is_empty() {
            true => what.to_owned(),
            false => format!("{what}; the answer starts with {}", excerpt(&body)),
        };
        Self::new(ErrorKind::Protocol, message).with_response(status, headers, body)
    }

    fn with_response(mut self, status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        // A copy, so that an error does not keep a large answer alive.
        let body = if body.len() > KEPT_BODY {
            Bytes::copy_from_slice(&body[..KEPT_BODY])
        } else {
            body
        };
        self.0.sent = true;
        self.0.response = Some(Received {
            status,
            headers,
            body,
        });
        self
    }

    /// Returns the kind of the error; each kind documents what to do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the server lacks the operation, because it is another release or the
    /// endpoint is wrong.
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// assert!(Error::new(ErrorKind::Unsupported, "no such operation").is_unsupported());
    /// assert!(!Error::new(ErrorKind::NotFound, "no such run").is_unsupported());
    /// ```
    pub fn is_unsupported(&self) -> bool {
        self.0.kind == ErrorKind::Unsupported
    }

    /// Adds a sentence to the message, for layers above this crate.
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::NotFound, "no such run").with_note("list the runs");
    /// assert_eq!(error.message(), "no such run; list the runs");
    /// ```
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
    ///
    /// ```
    /// use compute_kfp_runtime::{Error, ErrorKind};
    ///
    /// assert!(Error::new(ErrorKind::Connection, "the tunnel is down").is_retryable());
    /// assert!(!Error::configuration("no endpoint is set").is_retryable());
    /// ```
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
        let operation = self.0.operation;
        operation.is_some_and(|operation| retry::is_idempotent(operation.method))
    }

    /// Returns the number of attempts to send the call; 0 if there was none.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the wait that the server asks for, if any (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(self.headers()?)
    }

    /// Returns the point from which a list can be resumed, if this is the error of a list.
    ///
    /// Every item before this point was yielded, and none after it.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        self.0.resume_point.as_ref()
    }

    /// Returns the status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(|response| response.status)
    }

    /// Returns the headers of the response, if there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.response.as_ref().map(|response| &response.headers)
    }

    /// Returns the server's ID for the request, which helps its operators to find it.
    pub fn request_id(&self) -> Option<&str> {
        request_id(self.headers()?)
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
        self.0
            .response
            .as_ref()
            .map_or(&[], |response| &response.body)
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

/// Returns the server's ID for a request, from the headers of the response.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "x-correlation-id", "traceparent"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

fn is_unparsable(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref().is_some_and(hyper::Error::is_parse)
}

/// Returns whether the request certainly did not leave the client, or the server refused to process
/// it.
fn was_not_taken(cause: &(dyn StdError + 'static)) -> bool {
    let canceled = cause.downcast_ref().is_some_and(hyper::Error::is_canceled);
    let refused = cause.downcast_ref().is_some_and(|error: &h2::Error| {
        error.is_remote()
            && (error.reason() == Some(h2::Reason::REFUSED_STREAM)
                || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
    });
    canceled || refused
}

/// Returns whether TLS rejected a certificate or a protocol.
fn is_bad_data(cause: &(dyn StdError + 'static)) -> bool {
    let Some(error) = cause.downcast_ref::<io::Error>() else {
        return false;
    };
    // An `io::Error` does not name the one within it as its source.
    let within = error
        .get_ref()
        .map(|within| within as &(dyn StdError + 'static));
    error.kind() == io::ErrorKind::InvalidData || within.is_some_and(is_bad_data)
}

/// Returns whether a compressed response was truncated.
fn is_early_end(cause: &(dyn StdError + 'static)) -> bool {
    cause
        .downcast_ref()
        .is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof)
}

/// Returns the fault in the content of an upload. An `io::Error` does not name it as its source.
fn unsendable(error: &reqwest::Error) -> Option<&Unsendable> {
    causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref())
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Permission,
        404 | 410 => ErrorKind::NotFound,
        405 | 501 => ErrorKind::Unsupported,
        409 => ErrorKind::Conflict,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidRequest,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Protocol,
    }
}

/// Returns whether a body is an HTML page. An empty body is not, whatever its type.
pub(crate) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| begins(value.as_bytes(), "text/html"));
    (declared && begins(body, "<")) || begins(body, "<!doctype html") || begins(body, "<html")
}

/// Returns whether the bytes begin with this string, ignoring case and leading white space.
fn begins(text: &[u8], start: &str) -> bool {
    let text = text.trim_ascii_start().get(..start.len());
    text.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
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

/// Returns the first bytes of a body, as a string on one line.
fn excerpt(body: &[u8]) -> String {
    let cut = body.len() > SHOWN_BODY;
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BODY)]);
    let mut shown = String::new();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    for word in words.filter(|word| !word.is_empty()) {
        shown.push_str(if shown.is_empty() { "" } else { " " });
        shown.push_str(word);
    }
    format!("`{shown}{}`", if cut { "…" } else { "" })
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

    /// Returns the name of the property in JSON.
    pub fn property(&self) -> &str {
        self.property
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// JSON with the property names of common error formats, at any position and of any type.
    fn report() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let name = prop_oneof![
                Just("code"),
                Just("message"),
                Just("details"),
                Just("detail"),
                Just("loc"),
                Just("msg"),
                Just("error"),
                Just("error_description"),
                Just("error_message"),
                Just("error_details"),
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name.prop_map(str::to_owned), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn check(status: u16, kind: &str, body: Vec<u8>) {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(kind).unwrap())]);
        let error = Error::answered(status, headers, body.clone().into());
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.body(), body);
        assert!(!error.message().is_empty());
        let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        assert!(error.to_string().chars().all(harmless));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_an_error(
            status in 100..=999_u16,
            kind in prop_oneof!["text/plain", "text/html", "application/json", "\\PC{0,8}"],
            body in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            check(status, &kind, body);
        }

        #[test]
        fn any_json_is_an_error(status in 400..=599_u16, report in report()) {
            check(status, "application/json", report.to_string().into_bytes());
        }
    }
}
