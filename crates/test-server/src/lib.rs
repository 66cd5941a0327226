//! The HTTP server of this workspace's tests.
//!
//! [`TestServer`] listens on loopback, records each request as [`Received`] and sends the [`Response`] that the
//! test scripted. Responses are written byte by byte, so that they can also be truncated, delayed,
//! reset or not HTTP at all; that is why the server is built on sockets and a parser of heads rather
//! than on an HTTP framework. It starts in the runtime of the caller, or in a thread of its own where
//! there is none.
//!
//! ```no_run
//! # async fn example() {
//! use compute_kfp_test_server::{Response, TestServer};
//!
//! let server = TestServer::playing([Response::new(503, "retry-after: 0", ""), Response::json(200, "{}")]);
//! // … two calls to server.url() …
//! assert_eq!(server.requests()[1].path(), "/items");
//! # }
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod received;
mod response;
mod server;

pub use received::Received;
pub use response::Response;
pub use server::TestServer;
#[cfg(feature = "tls")]
pub use server::{Authority, Tls};
