//! The tests of the command line, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod calls;
mod circuit;
mod connections;
mod doctor;
mod dry_run;
mod every_operation;
mod failures;
mod histogram;
mod logs;
mod program;
mod record;
#[cfg(unix)]
mod recordings;
#[cfg(unix)]
mod session;
mod settings;
mod shell;
mod upload;
mod wait;
