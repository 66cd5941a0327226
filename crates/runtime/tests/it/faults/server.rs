//! A loopback server with scripted failures, which counts requests and executions.
//!
//! Every call has a number, the last part of its path: `/items/7`. What a number was asked for is a
//! visit; where the server acts on it, an execution.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use compute_kfp_runtime::operation::{Location, Operation, Parameter, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Request, Transport, TransportBuilder};
use compute_kfp_test_server::{Response, TestServer};
use serde::{Deserialize, Serialize};

pub struct Server {
    http: TestServer,
    tallies: Arc<[Tally]>,
}

/// The reaction of the server to one request.
#[derive(Clone)]
pub struct Step {
    /// `true` if it acts on the request before it responds.
    pub acts: bool,
    /// The response; `None` is the one without a fault.
    pub response: Option<Response>,
}

/// A request as it came.
pub struct Visit {
    pub number: usize,
    /// Which visit of this number it is; the first is 1.
    pub count: u32,
    pub body: Bytes,
}

#[derive(Default)]
struct Tally {
    visits: AtomicU32,
    executions: AtomicU32,
}

/// Returns the response of a call without a fault: its number.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub number: usize,
}

impl Server {
    /// One for calls with numbers below `calls`, which does with each visit as `plan` says.
    pub fn start(calls: usize, plan: impl Fn(&Visit) -> Step + Send + Sync + 'static) -> Self {
        let tallies: Arc<[Tally]> = (0..calls).map(|_| Tally::default()).collect();
        let counted = tallies.clone();
        let http = TestServer::forgetting(move |request| {
            let number: usize = request.path().rsplit('/').next().unwrap().parse().unwrap();
            let tally = &counted[number];
            let step = plan(&Visit {
                number,
                count: tally.visits.fetch_add(1, Ordering::SeqCst) + 1,
                body: request.body.clone().into(),
            });
            if step.acts {
                tally.executions.fetch_add(1, Ordering::SeqCst);
            }
            step.response.unwrap_or_else(|| item(number))
        });
        Self { http, tallies }
    }

    /// One that fails with `step` at the first `faults` visits of each number, then succeeds.
    pub fn failing(faults: u32, step: Step) -> Self {
        Self::start(64, move |visit| {
            if visit.count <= faults {
                step.clone()
            } else {
                Step::succeed()
            }
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    pub fn url(&self) -> &str {
        self.http.url()
    }

    pub fn transport(&self) -> TransportBuilder {
        Transport::builder(self.url())
    }

    pub fn connections(&self) -> usize {
        self.http.connections()
    }

    pub fn visits(&self, number: usize) -> u32 {
        self.tallies[number].visits.load(Ordering::SeqCst)
    }

    pub fn executions(&self, number: usize) -> u32 {
        self.tallies[number].executions.load(Ordering::SeqCst)
    }

    /// Waits for a visit that nobody waited for yet.
    pub async fn visit(&self) {
        self.http.arrival().await;
    }

    /// Waits for the end of a connection that nobody waited for yet.
    pub async fn departure(&self) {
        self.http.departure().await;
    }
}

impl Step {
    /// Acts and responds without a fault.
    pub fn succeed() -> Self {
        Self {
            acts: true,
            response: None,
        }
    }

    /// Acts, then responds with this.
    pub fn done(response: Response) -> Self {
        Self {
            acts: true,
            response: Some(response),
        }
    }

    /// Responds with this and does not act.
    pub fn refused(response: Response) -> Self {
        Self {
            acts: false,
            response: Some(response),
        }
    }
}

/// Returns the response to the call of that number.
pub fn item(number: usize) -> Response {
    Response::json(200, serde_json::to_string(&Item { number }).unwrap())
}

/// Returns a response with further headers, one per line, and `Content-Length`.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Response {
    Response::new(status, headers, body)
}

pub fn json(status: u16, headers: &str, body: &str) -> Response {
    let headers = format!("content-type: application/json\n{headers}");
    answer(status, &headers, body)
}

/// Returns a response up to its body.
pub fn head(status: u16, headers: &str) -> Bytes {
    let headers: String = headers
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n"))
        .collect();
    format!("HTTP/1.1 {status} Some\r\n{headers}\r\n").into()
}

const OPERATION: Operation = Operation::new("read_item", "read_item", "GET", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(USERS);

const USERS: &[&[&SecurityScheme]] = &[&[&USER]];
static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);

pub static GET: Operation = OPERATION;
pub static PUT: Operation = Operation::new("read_item", "read_item", "PUT", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);
pub static DELETE: Operation =
    Operation::new("read_item", "read_item", "DELETE", "/items/{number}")
        .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
        .security(&[&[&USER]]);
pub static POST: Operation = Operation::new("read_item", "read_item", "POST", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);
pub static PATCH: Operation = Operation::new("read_item", "read_item", "PATCH", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);

/// The call of that number; with a body where the method has one.
pub fn call(operation: &'static Operation, number: usize) -> Request {
    let mut request = Request::new(operation);
    request.set("number", &number);
    if matches!(operation.method, "PUT" | "POST" | "PATCH") {
        request.json_body(Ok(Item { number }));
    }
    request
}
