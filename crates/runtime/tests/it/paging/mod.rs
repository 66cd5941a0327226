//! Lists over real sockets: what is requested, what is given, and how a broken list goes on.

mod any_list;
#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "dynamic")]
mod dynamic;
mod endless;
mod lists;
mod numbered;
mod resume;
mod server;
mod timed;
mod token;
