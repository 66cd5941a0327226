//! The faults that every method is tried with, and the rule each is under.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use compute_kfp_runtime::ErrorKind;

use super::server::{Step, answer, head, json};
use compute_kfp_test_server::Response;

/// Maximum size of a response for the client of the matrix, in bytes.
pub const MAX_RESPONSE: usize = 100_000;

pub struct Fault {
    pub name: &'static str,
    /// Behaviour of the server; `None` if nothing listens.
    pub step: Option<Step>,
    /// Error of a call while the fault persists; `None` if the response is accepted nevertheless.
    pub kind: Option<ErrorKind>,
    pub again: Again,
    /// `true` if only a time limit of the client ends it.
    pub endless: bool,
}

/// Which methods are sent again after a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Again {
    None,
    Idempotent,
    All,
    /// All, once, with a renewed credential.
    Renewed,
    /// The idempotent, once, with a renewed credential.
    RenewedIdempotent,
}

fn fault(name: &'static str, step: Step, kind: ErrorKind, again: Again) -> Fault {
    Fault {
        name,
        step: Some(step),
        kind: Some(kind),
        again,
        endless: false,
    }
}

fn endless(name: &'static str, step: Step) -> Fault {
    Fault {
        endless: true,
        ..fault(name, step, ErrorKind::Timeout, Again::Idempotent)
    }
}

/// A status that reports a failure before the server did anything.
fn refusal(name: &'static str, status: u16, kind: ErrorKind, again: Again) -> Fault {
    refusal_with(name, status, "", kind, again)
}

fn refusal_with(
    name: &'static str,
    status: u16,
    headers: &str,
    kind: ErrorKind,
    again: Again,
) -> Fault {
    let answer = json(status, headers, r#"{"detail":"not now"}"#);
    fault(name, Step::refused(answer), kind, again)
}

/// A status that reports a failure of a server that acted nevertheless.
fn failure(name: &'static str, status: u16, again: Again) -> Fault {
    let answer = json(status, "", r#"{"detail":"failed"}"#);
    let step = Step::done(answer);
    fault(name, step, ErrorKind::Server, again)
}

/// A response with status 200 that does not match the API.
fn wrong(name: &'static str, kind: ErrorKind, content_type: &str, body: impl AsRef<[u8]>) -> Fault {
    let answer = answer(200, &format!("content-type: {content_type}"), body);
    let step = Step::done(answer);
    fault(name, step, kind, Again::None)
}

/// Every fault; `elsewhere` is the address of another server.
pub fn all(elsewhere: &str) -> Vec<Fault> {
    use Again::{All, Idempotent};
    use ErrorKind::{Authentication, Connection, Protocol, RateLimited, Server, Timeout};

    const JSON: &str = "application/json";
    let announced = head(200, "content-type: application/json\ncontent-length: 500");
    let chunked = head(
        200,
        "content-type: application/json\ntransfer-encoding: chunked",
    );
    let begun = |head: &Bytes, beginning: &str| Bytes::from([head, beginning.as_bytes()].concat());
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(1));
    let many = (0..5000).map(|index| format!("x-{index}: y\n"));
    let many = head(
        200,
        &format!("content-length: 2\n{}", many.collect::<String>()),
    );
    let elsewhere = format!("location: {elsewhere}/items/0");

    vec![
        Fault {
            name: "connection refused",
            step: None,
            kind: Some(Connection),
            again: All,
            endless: false,
        },
        fault(
            "connection reset before the response; the server had not acted",
            Step::refused(Response::raw("").then_reset()),
            Connection,
            Idempotent,
        ),
        fault(
            "connection reset before the response; the server had acted",
            Step::done(Response::raw("").then_reset()),
            Connection,
            Idempotent,
        ),
        fault(
            "connection closed before the response",
            Step::done(Response::raw("").then_close()),
            Connection,
            Idempotent,
        ),
        fault(
            "connection reset after the response headers",
            Step::done(Response::raw(announced.clone()).then_reset()),
            Connection,
            Idempotent,
        ),
        fault(
            "body cut off before its announced length",
            Step::done(Response::raw(begun(&announced, r#"{"number""#)).then_close()),
            Connection,
            Idempotent,
        ),
        fault(
            "chunked body cut off before its end",
            Step::done(Response::raw(begun(&chunked, "9\r\n{\"number\"\r\n")).then_close()),
            Connection,
            Idempotent,
        ),
        endless(
            "no response; the server had not acted",
            Step::refused(Response::raw("").then_stall()),
        ),
        endless(
            "no response; the server had acted",
            Step::done(Response::raw("").then_stall()),
        ),
        endless(
            "body that stops in the middle",
            Step::done(Response::raw(begun(&announced, r#"{"number""#)).then_stall()),
        ),
        endless(
            "body that comes byte by byte",
            Step::done(
                Response::raw(chunked.clone())
                    .then_repeat(Bytes::from_static(b"1\r\n \r\n"), Duration::from_millis(20)),
            ),
        ),
        refusal("408", 408, Timeout, Idempotent),
        refusal("429", 429, RateLimited, All),
        refusal_with(
            "429 with `Retry-After` in seconds",
            429,
            "retry-after: 1",
            RateLimited,
            All,
        ),
        refusal_with(
            "429 with `Retry-After` as a date",
            429,
            &format!("retry-after: {soon}"),
            RateLimited,
            All,
        ),
        failure("500", 500, Again::None),
        failure("502", 502, Idempotent),
        failure("503", 503, Idempotent),
        refusal_with("503 with `Retry-After`", 503, "retry-after: 0", Server, All),
        failure("504", 504, Idempotent),
        refusal("401", 401, Authentication, Again::Renewed),
        Fault {
            again: Again::RenewedIdempotent,
            ..wrong(
                "HTML page with status 200",
                Authentication,
                "text/html",
                "<!DOCTYPE html><title>Log in</title>",
            )
        },
        refusal_with(
            "redirect to another host",
            307,
            &elsewhere,
            Authentication,
            Again::RenewedIdempotent,
        ),
        fault(
            "body announced to be longer than allowed",
            Step::done(
                Response::raw(head(200, &format!("content-length: {}", MAX_RESPONSE + 1)))
                    .then_stall(),
            ),
            Protocol,
            Again::None,
        ),
        fault(
            "body longer than allowed, not announced",
            Step::done(Response::raw(chunked).then_repeat(
                Bytes::from(format!("{:x}\r\n{}\r\n", 4096, " ".repeat(4096))),
                Duration::ZERO,
            )),
            Protocol,
            Again::None,
        ),
        Fault {
            again: Idempotent,
            ..wrong("JSON that ends too early", Protocol, JSON, r#"{"number":"#)
        },
        Fault {
            kind: None,
            ..wrong(
                "JSON with another content type",
                Protocol,
                "image/png",
                r#"{"number":0}"#,
            )
        },
        wrong("text instead of JSON", Protocol, "text/plain", "hello"),
        wrong(
            "JSON of another shape",
            Protocol,
            JSON,
            r#"{"number":"one"}"#,
        ),
        wrong(
            "body that is not UTF-8",
            Protocol,
            JSON,
            b"{\"number\xff\":0}",
        ),
        fault(
            "5000 headers",
            Step::done(Response::raw(begun(&many, "{}")).then_close()),
            Protocol,
            Again::None,
        ),
        fault(
            "no HTTP",
            Step::done(Response::raw(Bytes::from_static(b"SSH-2.0-OpenSSH_9.6\r\n")).then_close()),
            Protocol,
            Again::None,
        ),
    ]
}
