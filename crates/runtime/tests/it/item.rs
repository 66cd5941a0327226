//! The operations that the tests call where it matters little which, and a transport for a test server.

use compute_kfp_runtime::operation::{Location, Operation, Parameter};
use compute_kfp_runtime::{Request, Transport};
use compute_kfp_test_server::{Response, TestServer};

/// Parts that the operations of the tests share.
pub const OPERATION: Operation = Operation::new("read_item", "read_item", "GET", "/items");

pub const fn parameter(name: &'static str, location: Location) -> Parameter {
    Parameter::new(name, location, "string")
}

pub static GET: Operation = OPERATION;
pub static POST: Operation = Operation::new("read_item", "read_item", "POST", "/items");

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
