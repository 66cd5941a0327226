//! Clients of a test server, and its responses other than JSON.

use std::time::Duration;

use compute_kfp::{RetryPolicy, TransportBuilder, compute, kfp};
use compute_kfp_test_server::{Response, TestServer};

/// Interval between two requests of a test that does not depend on the time.
pub const SOON: Duration = Duration::from_millis(1);
/// Longer than any test takes.
pub const NEVER: Duration = Duration::from_secs(100_000);

pub trait Clients {
    fn kfp(&self) -> kfp::Client;
    fn compute(&self) -> compute::Client;
}

impl Clients for TestServer {
    fn kfp(&self) -> kfp::Client {
        let client = kfp::Client::builder(self.url()).bearer_token("t");
        client.transport(once).build().unwrap()
    }

    fn compute(&self) -> compute::Client {
        let client = compute::Client::builder().endpoint(self.url());
        client.bearer_token("t").transport(once).build().unwrap()
    }
}

/// Disables the retries of the transport, which would hide those of the wait.
fn once(transport: TransportBuilder) -> TransportBuilder {
    transport.retry(RetryPolicy::never())
}

/// A response with status 503 and this `Retry-After`.
pub fn later(seconds: u64) -> Response {
    Response::new(503, &format!("retry-after: {seconds}"), "{}")
}

/// A response that is cut off when the connection closes.
pub fn broken() -> Response {
    Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{").then_close()
}
