//! Tracing spans of calls and attempts.
//!
//! Their fields have the names of the OpenTelemetry conventions for HTTP clients. They contain the
//! route of an operation, never its parameters, and the kind of an error, never its message.

use http::StatusCode;
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::operation::Operation;

/// Creates the span of a whole call, with all its attempts.
pub(super) fn call(endpoint: &Endpoint, operation: &'static Operation) -> Span {
    info_span!(
        "call",
        otel.name = format_args!("{} {}", operation.method, operation.path),
        otel.kind = "internal",
        otel.status_code = Empty,
        operation = operation.name,
        attempts = Empty,
        http.request.method = operation.method,
        http.response.status_code = Empty,
        url.template = operation.path,
        server.address = endpoint.url.host_str(),
        server.port = endpoint.url.port_or_known_default(),
        error.r#type = Empty,
    )
}

/// Creates the span of one attempt of a call.
pub(super) fn attempt(endpoint: &Endpoint, operation: &'static Operation, number: u32) -> Span {
    let span = info_span!(
        "attempt",
        otel.name = format_args!("{} {}", operation.method, operation.path),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = operation.method,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.template = operation.path,
        url.scheme = endpoint.url.scheme(),
        server.address = endpoint.url.host_str(),
        server.port = endpoint.url.port_or_known_default(),
        error.r#type = Empty,
    );
    if number > 1 {
        span.record("http.request.resend_count", number - 1);
    }
    span
}

/// Records the number of the current attempt in the span of the call.
pub(super) fn sending(attempts: u32) {
    Span::current().record("attempts", attempts);
}

pub(super) fn received(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

pub(super) fn failed(span: &Span, error: &Error) {
    span.record("otel.status_code", "ERROR");
    match error.status() {
        Some(status) => {
            span.record("http.response.status_code", status.as_u16());
            span.record("error.type", status.as_str());
        }
        None => {
            span.record("error.type", tracing::field::debug(error.kind()));
        }
    }
}
