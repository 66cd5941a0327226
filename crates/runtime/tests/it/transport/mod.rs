//! Requests on the wire and their responses, over real sockets.

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
mod responses;
mod security;
mod servers;
mod settings;
mod streams;
mod styles;
mod uploads;
