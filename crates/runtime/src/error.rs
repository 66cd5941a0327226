//! One error for everything that can go wrong with a call.

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

/// At most this much of an answer is kept in an error.
const KEPT_BODY: usize = 64 * 1024;
/// At most this much of an answer is shown in a message.
const SHOWN_BODY: usize = 200;

/// A call that failed.
///
/// Ask [`kind`](Error::kind) what to do about it, and show [`Display`](fmt::Display) to a person:
/// it names the operation, what happened and what the server said. No credential is ever in it.
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
    /// Whether the last attempt may have reached the server.
    sent: bool,
    /// Whether one before it may have.
    sent_before: bool,
    /// Whether it may pass, where neither kind nor status tells.
    passing: Option<bool>,
    attempts: u32,
    response: Option<Received>,
    resume_point: Option<ResumePoint>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What was received of an answer.
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What kind of failure a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server does not know who is calling (401), a login page answered, or there is no
    /// credential to be sent.
    ///
    /// What to do: log in again or correct the credential.
    Authentication,
    /// The caller may not do this (403).
    ///
    /// What to do: ask for the permission, or use another account, project or namespace.
    Permission,
    /// There is no such thing (404, 410).
    ///
    /// What to do: check the identifier and the endpoint.
    NotFound,
    /// The server does not have the operation (405, 501, or a 404 that is about the path and not
    /// about a resource).
    ///
    /// What to do: check which release the server is, and the endpoint.
    Unsupported,
    /// It is at odds with what the server holds (409).
    ///
    /// What to do: read the present state and decide again.
    Conflict,
    /// The request cannot be right (other 4xx), or cannot be sent as it is.
    ///
    /// What to do: correct what the message names.
    InvalidRequest,
    /// Too many requests (429).
    ///
    /// What to do: wait, then try again.
    RateLimited,
    /// The server failed (5xx).
    ///
    /// What to do: try again later; if it stays, tell who runs the server.
    Server,
    /// No answer in the time allowed, or a 408.
    ///
    /// What to do: try again, or allow more time.
    Timeout,
    /// The server could not be reached, or the connection broke.
    ///
    /// What to do: check the endpoint, the network and the proxy.
    Connection,
    /// An answer that is not what the API promises, or is longer than allowed.
    ///
    /// What to do: check that the endpoint is this API and its version; the first bytes are shown.
    Protocol,
    /// The client is set up in a way that cannot work.
    ///
    /// What to do: correct what the message names.
    Configuration,
}

impl Error {
    /// An error of a credential, a middleware or a layer above this crate; nothing was sent.
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
            message: message.into(),
            sent: false,
            sent_before: false,
            passing: None,
            attempts: 0,
            response: None,
            resume_point: None,
            source: None,
        }))
    }

    /// An error of a credential or a middleware outside this crate.
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

    /// An error of a credential that could not be had, because of another one.
    ///
    /// A fault of the network on the way to a login server stays one, so that the call is sent again
    /// or waited out as if its own server had failed; all else is of kind
    /// [`Authentication`](ErrorKind::Authentication).
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

    /// An error of how a client is set up, for layers above this crate.
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

    /// The time for a whole call was up.
    pub(crate) fn late(allowed: Duration, sent: bool) -> Self {
        let mut late = Self::new(
            ErrorKind::Timeout,
            format!("the call was not over after {allowed:?}"),
        );
        late.0.sent = sent;
        late
    }

    /// The time for one attempt was up.
    pub(crate) fn slow(allowed: Duration) -> Self {
        let mut slow = Self::new(
            ErrorKind::Timeout,
            format!("the answer was not complete after {allowed:?}"),
        );
        slow.0.sent = true;
        slow
    }

    /// Nothing moved for too long.
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

    /// The same error with what caused it, for [`source`](StdError::source).
    ///
    /// Nothing secret may be in the cause: it is shown by `Debug`.
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

    /// Answers that do not make up a list.
    pub(crate) fn unreadable_list(what: String) -> Self {
        let mut error = Self::new(ErrorKind::Protocol, what);
        error.0.sent = true;
        error
    }

    /// An error of a list, which can be gone on with from there.
    pub(crate) fn resumed_at(mut self, point: ResumePoint) -> Self {
        self.0.resume_point = Some(point);
        self
    }

    /// Notes what came before the attempt that failed.
    pub(crate) fn after(mut self, attempts: u32, sent_before: bool) -> Self {
        self.0.attempts = attempts;
        self.0.sent_before = sent_before;
        self
    }

    /// The answer ended before its end: another attempt may get all of it.
    pub(crate) fn cut_off(mut self) -> Self {
        self.0.passing = Some(true);
        self
    }

    /// An error of the HTTP client, told apart by what had happened until then.
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

    /// An answer that reports a failure.
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

    /// A successful answer that is a page for people: a proxy asks for a login.
    pub(crate) fn login_page(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let message = format!(
            "an HTML page came instead of an answer, as a proxy sends it to ask for a login: {}",
            excerpt(&body)
        );
        Self::new(ErrorKind::Authentication, message).with_response(status, headers, body)
    }

    /// A redirect that is not followed.
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

    /// An answer that is longer than the client is allowed to hold.
    pub(crate) fn too_large(limit: usize, status: StatusCode, headers: HeaderMap) -> Self {
        let message = format!(
            "the answer has more than {limit} bytes; raise `max_response_bytes` or ask for less"
        );
        Self::new(ErrorKind::Protocol, message).with_response(status, headers, Bytes::new())
    }

    /// A response with more objects than the client is allowed to hold.
    pub(crate) fn too_many_objects(limit: usize, status: StatusCode, headers: HeaderMap) -> Self {
        let message = format!(
            "the response has more than {limit} objects; raise `max_response_objects` or ask for less"
        );
        Self::new(ErrorKind::Protocol, message).with_response(status, headers, Bytes::new())
    }

    /// An answer that cannot be read as what the API promises.
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

    /// What kind of failure it is; each says what to do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the server does not have the operation: it is another release, or the endpoint
    /// is wrong.
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
        self.0.message = format!("{}; {note}", self.0.message);
        self
    }

    /// Whether the request may have reached the server, in any attempt.
    ///
    /// `false` is certain: nothing happened, and the call can be repeated whatever it does.
    pub fn was_sent(&self) -> bool {
        self.0.sent || self.0.sent_before
    }

    /// Whether the same call may succeed if it is repeated, and can be repeated without doing
    /// something twice.
    ///
    /// This is what a [`RetryPolicy`](crate::RetryPolicy) goes by, so a call that ended with such an
    /// error was as a rule already repeated; see [`attempts`](Self::attempts). It tells whether
    /// coming back later is worthwhile.
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

    /// Whether it may pass by itself.
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

    /// How often the call was sent, or tried to be; 0 where it came to no attempt.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the server asks to be left alone, where it does (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(self.headers()?)
    }

    /// Where a list that failed goes on, if this is the error of a list.
    ///
    /// Everything before it was given, and nothing behind it.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        self.0.resume_point.as_ref()
    }

    /// Status of the answer, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.response.as_ref().map(|response| response.status)
    }

    /// Headers of the answer, where there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.response.as_ref().map(|response| &response.headers)
    }

    /// The server's name for the request, for those who run it.
    pub fn request_id(&self) -> Option<&str> {
        request_id(self.headers()?)
    }

    /// The operation that was called, where the error belongs to one.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// What happened, for a person: the server's own words where it gave any.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The answer's body, as far as it was kept (64 KiB at most); empty where there was none.
    pub fn body(&self) -> &[u8] {
        self.0
            .response
            .as_ref()
            .map_or(&[], |response| &response.body)
    }

    /// The answer's body as the API's own error model, where it is one.
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

/// What a server calls the request that these headers answer.
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

/// Whether the request certainly stayed with the client, or the server refused to look at it.
fn was_not_taken(cause: &(dyn StdError + 'static)) -> bool {
    let canceled = cause.downcast_ref().is_some_and(hyper::Error::is_canceled);
    let refused = cause.downcast_ref().is_some_and(|error: &h2::Error| {
        error.is_remote()
            && (error.reason() == Some(h2::Reason::REFUSED_STREAM)
                || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
    });
    canceled || refused
}

/// How TLS reports a certificate or a protocol that it does not accept.
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

/// How a compressed answer that lacks its end is reported.
fn is_early_end(cause: &(dyn StdError + 'static)) -> bool {
    cause
        .downcast_ref()
        .is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof)
}

/// What was wrong with the content of an upload; an `io::Error` does not name it as its source.
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

/// Whether a body is a page for people; an empty one is not, whatever its type.
pub(crate) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| begins(value.as_bytes(), "text/html"));
    (declared && begins(body, "<")) || begins(body, "<!doctype html") || begins(body, "<html")
}

/// Whether a text begins with this, whatever is upper case, and whatever space stands before it.
fn begins(text: &[u8], start: &str) -> bool {
    let text = text.trim_ascii_start().get(..start.len());
    text.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
}

/// The first bytes of a body, as text on one line.
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

/// A value that a builder cannot build, because a required property was not set.
///
/// Operations take builders as bodies; there it becomes an error of kind
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
    /// The property of that type was not set.
    pub fn missing(type_name: &'static str, property: &'static str) -> Self {
        Self {
            type_name,
            property,
        }
    }

    /// Name of the property in JSON.
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

    /// JSON with the names that the shapes of errors use, at any place and of any type.
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
