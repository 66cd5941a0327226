//! Waiting for runs and jobs, and following them, at a server that does what each test says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod jobs;
mod logs;
mod runs;
mod server;
mod tasks;
