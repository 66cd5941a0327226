//! The tests of the public interface, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

mod child;
mod credentials;
mod faults;
mod hidden;
mod item;
mod null;
mod nullable;
mod number_text;
#[cfg(feature = "oauth")]
mod oauth;
mod open_enum;
mod operation;
mod paging;
mod timestamp;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
mod tracing;
mod transport;
