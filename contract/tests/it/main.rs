//! The checks by referees, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod login;
mod openapi;
mod recorded;
mod requests;
mod sandbox;
mod tools;
mod types;
mod witness;
