//! What goes over the wire and what becomes of what comes back, over real sockets.
//!
//! One program, so that the server below is built once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod answers;
mod compression;
mod connections;
#[cfg(feature = "dynamic")]
mod dynamic;
mod errors;
mod http_2;
mod middleware;
mod options;
mod renewal;
mod requests;
mod security;
mod server;
mod setup;
mod streams;
mod uploads;
