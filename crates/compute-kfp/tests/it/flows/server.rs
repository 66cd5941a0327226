//! Clients of a test server, and what it answers besides JSON.

use std::time::Duration;

use compute_kfp::{RetryPolicy, TransportBuilder, compute, kfp};
use compute_kfp_test_server::{Response, TestServer};

/// Between two requests of a test that does not look at the time.
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

/// What the transport repeats would hide what the wait does.
fn once(transport: TransportBuilder) -> TransportBuilder {
    transport.retry(RetryPolicy::never())
}

/// 503, to be asked again after so many seconds.
pub fn later(seconds: u64) -> Response {
    Response::new(503, &format!("retry-after: {seconds}"), "{}")
}

/// The connection is closed in the middle of the answer.
pub fn broken() -> Response {
    Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{").then_close()
}
