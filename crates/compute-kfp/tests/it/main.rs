//! The tests of the public interface, in one program, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, what fails must stop it"
)]

#[cfg(feature = "compute")]
mod compute_settings;
#[cfg(all(feature = "compute", feature = "kfp"))]
mod flows;
#[cfg(feature = "kfp")]
mod kfp_settings;
#[cfg(all(feature = "compute", feature = "oauth"))]
mod login;
#[cfg(all(feature = "compute", feature = "kfp", feature = "mock"))]
mod mock;
