//! Requests on the wire and their responses, over real sockets.
//!
//! One program, so that the server below is built once.

mod answers;
mod bodies;
mod compression;
mod connections;
#[cfg(feature = "dynamic")]
mod dynamic;
mod errors;
mod events;
mod http_2;
mod json_streams;
mod middleware;
mod options;
mod renewal;
mod requests;
mod security;
mod servers;
mod setup;
mod streams;
mod styles;

mod uploads;
