//! The operations that the tests call where it matters little which, and a transport for a test server.

use compute_kfp_runtime::operation::{Location, Operation, Parameter, Style};
use compute_kfp_runtime::{Request, Transport};
use compute_kfp_test_server::{Response, TestServer};

/// What the operations of the tests have in common.
pub const OPERATION: Operation = Operation {
    name: "read_item",
    id: "read_item",
    method: "GET",
    path: "/items",
    summary: "",
    description: "",
    deprecated: false,
    tags: &[],
    parameters: &[],
    body: None,
    body_schema: None,
    success_status: 200,
    answer: None,
    security: &[],
    paging: None,
};

pub const fn parameter(name: &'static str, location: Location, style: Style) -> Parameter {
    Parameter {
        name,
        location,
        style,
        required: false,
        deprecated: false,
        kind: "string",
        items: "",
        values: &[],
        maximum: None,
        description: "",
    }
}

pub static GET: Operation = OPERATION;
pub static POST: Operation = Operation {
    method: "POST",
    ..OPERATION
};

pub fn get() -> Request {
    Request::new(&GET)
}

pub trait ServerTransport {
    /// Returns a transport to the server, with no settings.
    fn transport(&self) -> Transport;
}

impl ServerTransport for TestServer {
    fn transport(&self) -> Transport {
        Transport::builder(self.url()).build().unwrap()
    }
}

/// A login page.
pub fn html(status: u16) -> Response {
    Response::new(
        status,
        "content-type: text/html; charset=utf-8",
        "<!DOCTYPE html>\n<title>Log in</title>",
    )
}
