//! Classification of failures: the errors for what the HTTP client or a response reports.

pub(crate) mod message;

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::endpoint::origin;
use crate::error::{Error, ErrorKind, causes};
use crate::response::Response;
use crate::settings_error::SettingsError;

/// Maximum length of the part of a response that a message shows.
const SHOWN_BODY: usize = 200;

/// Creates the error for a connection on which no data was transferred for too long.
pub(crate) fn silent(allowed: Duration) -> Error {
    let message = format!("no data from the server for {allowed:?}");
    Error::new(ErrorKind::Timeout, message).sent(true)
}

/// Creates the error for a response that is not what was asked for.
pub(crate) fn unfit(what: String) -> Error {
    Error::new(ErrorKind::Protocol, what).sent(true)
}

/// Converts an error of the HTTP client, by the stage that the attempt had reached.
pub(crate) fn http(error: reqwest::Error) -> Error {
    // The address may contain confidential parameters; the operation identifies it.
    let error = error.without_url();
    if let Some(message) = unsendable(&error) {
        return Error::invalid(message).caused_by(error).sent(true);
    }
    let (kind, what, sent) = stage(&error);
    let within = |kind| causes(&error).any(|cause| is_of_kind(cause, kind));
    // TLS rejected a certificate or a protocol, or a compressed response was truncated.
    let passing = if error.is_connect() && within(io::ErrorKind::InvalidData) {
        Some(false)
    } else if error.is_decode() && within(io::ErrorKind::UnexpectedEof) {
        Some(true)
    } else {
        None
    };
    let root = causes(&error).last().map(ToString::to_string);
    let (error, passing) = match SettingsError::of_tls(error) {
        Ok(fault) => {
            let message = format!("{what}: {}", fault.advice());
            (Error::new(kind, message).caused_by(fault), Some(false))
        }
        Err(error) => {
            let message = root.map_or_else(|| what.to_owned(), |root| format!("{what}: {root}"));
            (Error::new(kind, message).caused_by(error), passing)
        }
    };
    error.sent(sent).passing(passing)
}

/// Returns the kind of an error of the HTTP client, what happened, and whether the request may have
/// reached the server.
fn stage(error: &reqwest::Error) -> (ErrorKind, &'static str, bool) {
    use ErrorKind::{Connection, InvalidRequest, Protocol, Timeout};

    let broken = || causes(error).any(|cause| cause.is::<hyper::Error>());
    if error.is_connect() && error.is_timeout() {
        let what = "the server could not be reached within the time limit";
        (Timeout, what, false)
    } else if error.is_timeout() {
        (Timeout, "no response within the time limit", true)
    } else if error.is_connect() {
        (Connection, "the server cannot be reached", false)
    } else if error.is_builder() {
        (InvalidRequest, "the request cannot be sent", false)
    } else if causes(error).any(is_unparsable) {
        let what = "invalid HTTP response";
        (Protocol, what, true)
    } else if error.is_decode() && !broken() {
        (Protocol, "the response cannot be decompressed", true)
    } else {
        // With the body of a response, the request was executed.
        let answered = error.is_body() || error.is_decode();
        let sent = answered || !causes(error).any(was_not_taken);
        (Connection, "the connection broke", sent)
    }
}

/// Creates the error for a response with a status other than success.
pub(crate) fn unsuccessful(from: &Url, response: Response<Bytes>) -> Error {
    match target(from, response.headers()) {
        Some(to) if response.status().is_redirection() => redirected(from, &to, response),
        _ => reported(response),
    }
}

/// Returns the target of a redirect.
pub(crate) fn target(from: &Url, headers: &HeaderMap) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

/// Creates the error for a response that reports a failure.
pub(crate) fn reported(response: Response<Bytes>) -> Error {
    let html = is_html(response.headers(), &response);
    // An API refuses in its own format; a page is how a proxy asks for a login.
    let kind = match kind_of(response.status()) {
        ErrorKind::Permission if html => ErrorKind::Authentication,
        kind => kind,
    };
    let (said, meaning) = match message::of(&response) {
        Some(report) => (report.text, report.kind),
        None if html => {
            let page = excerpt(&response);
            let said = format!("the response is an HTML page: {page}");
            (said, None)
        }
        None if response.is_empty() => ("the server reported no reason".to_owned(), None),
        None => (excerpt(&response), None),
    };
    let kind = meaning.unwrap_or(kind);
    let message = match kind {
        ErrorKind::Unsupported => format!(
            "the server does not have this operation; check its release and the endpoint ({said})"
        ),
        _ => said,
    };
    Error::new(kind, message).with_response(response)
}

/// Creates the error for a successful response that is an HTML page: a proxy asks for a login.
pub(crate) fn login_page(response: Response<Bytes>) -> Error {
    let message = format!(
        "the response is an HTML page, probably the login page of a proxy: {}",
        excerpt(&response)
    );
    Error::new(ErrorKind::Authentication, message).with_response(response)
}

/// Creates the error for a redirect that is not followed.
fn redirected(from: &Url, to: &Url, response: Response<Bytes>) -> Error {
    let (kind, message) = if to.host() == from.host()
        && (from.scheme(), to.scheme()) == ("http", "https")
    {
        let endpoint = origin(to);
        let message = format!("redirected to `{endpoint}`; use it as the endpoint");
        (ErrorKind::Configuration, message)
    } else if origin(to) != origin(from) {
        let host = to.host_str().unwrap_or(to.scheme());
        let message = format!(
            "redirected to `{host}`, probably the login page of a proxy; redirects to other hosts are not followed"
        );
        (ErrorKind::Authentication, message)
    } else if matches!(response.status().as_u16(), 302 | 303) {
        let message = format!(
            "redirected to `{}`, probably the login page of a proxy",
            to.path()
        );
        (ErrorKind::Authentication, message)
    } else {
        let message = format!(
            "redirected to `{}`; this redirect is not followed",
            to.path()
        );
        (ErrorKind::Protocol, message)
    };
    Error::new(kind, message).with_response(response)
}

/// Creates the error for a response that cannot be decoded as the API defines it, or is too large.
pub(crate) fn unreadable(what: &str, response: Response<Bytes>) -> Error {
    let message = match response.is_empty() {
        true => what.to_owned(),
        false => format!("{what}; the response starts with {}", excerpt(&response)),
    };
    Error::new(ErrorKind::Protocol, message).with_response(response)
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

fn is_of_kind(cause: &(dyn StdError + 'static), kind: io::ErrorKind) -> bool {
    let error = cause.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == kind)
}

/// Returns the fault in the content of an upload.
fn unsendable(error: &reqwest::Error) -> Option<&str> {
    causes(error).find_map(|cause| Some(cause.downcast_ref::<Error>()?.message()))
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
        .get(CONTENT_TYPE)
        .is_some_and(|value| begins(value.as_bytes(), "text/html"));
    (declared && begins(body, "<")) || begins(body, "<!doctype html") || begins(body, "<html")
}

/// Returns whether the bytes begin with this string, ignoring case and leading white space.
pub(crate) fn begins(text: &[u8], start: &str) -> bool {
    let text = text.trim_ascii_start().get(..start.len());
    text.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
}

/// Returns the first bytes of a body, as a string on one line.
fn excerpt(body: &[u8]) -> String {
    let cut = body.len() > SHOWN_BODY;
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BODY)]);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("`{}{}`", words.join(" "), if cut { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
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
        let error = reported(Response::new(body.clone().into(), status, headers));
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
