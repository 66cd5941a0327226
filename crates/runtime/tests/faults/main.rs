//! What a client makes of servers and networks that fail, over real sockets.
//!
//! One program, so that the server below is built once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod addresses;
mod compression;
mod faults;
mod limits;
mod load;
mod matrix;
mod retries;
mod retry_after;
mod server;
mod soak;
mod uploads;
