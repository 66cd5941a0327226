//! What takes more than one call: waiting, following, running, uploading, recording.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

#[cfg(feature = "blocking")]
mod blocking;
mod circuits;
mod jobs;
mod logs;
mod many;
mod outages;
mod pipelines;
mod recording;
mod runs;
mod sandbox;
mod server;
mod tasks;
