//! What takes more than one call: waiting, following, running, uploading, recording.

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
