//! The login to Quantum Inspire: its file, its refreshes, and how it begins and ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod device;
mod environment;
mod file;
mod refresh;
mod server;
