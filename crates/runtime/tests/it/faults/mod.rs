//! Failing servers and networks, over real sockets.
//!
//! One program, so that the server below is built once.

mod addresses;
mod catalogue;
mod compression;
mod limits;
mod load;
mod matrix;
mod retries;
mod retry_after;
mod server;
mod soak;
mod uploads;
