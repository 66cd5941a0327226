#![doc = include_str!("../README.md")]
// docs.rs shows which feature an item needs; only its nightly compiler can.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "compute", feature = "kfp"))]
mod client_builder;
#[cfg(any(feature = "compute", feature = "kfp"))]
pub mod settings;

#[cfg(feature = "compute")]
pub mod compute;
#[cfg(feature = "kfp")]
pub mod kfp;
#[cfg(all(feature = "compute", feature = "kfp"))]
pub mod record;
#[cfg(any(feature = "compute", feature = "kfp"))]
pub mod waiting;

#[cfg(feature = "blocking")]
pub use compute_kfp_runtime::blocking;
#[cfg(feature = "dynamic")]
pub use compute_kfp_runtime::dynamic;
#[cfg(feature = "mock")]
pub use compute_kfp_runtime::mock;
#[cfg(feature = "oauth")]
pub use compute_kfp_runtime::oauth;
pub use compute_kfp_runtime::{
    BuildError, ByteStream, CallOptions, Content, Error, ErrorKind, HttpClient, Nullable, Response,
    ResponseBody, Result, RetryPolicy, SettingsError, SettingsErrorKind, Timestamp, TimestampError,
    Transport, TransportBuilder, ValueStream, body_fields, credentials, middleware, operation,
    paging,
};

/// Code that omits a required parameter does not compile. Each failing call has a complete
/// counterpart that compiles, to rule out other causes.
///
/// A part of the path:
/// ```
/// fn call(kfp: &compute_kfp::kfp::Client) { drop(kfp.get_run("id")); }
/// ```
/// ```compile_fail,E0061
/// fn call(kfp: &compute_kfp::kfp::Client) { drop(kfp.get_run()); }
/// ```
/// The body:
/// ```
/// use compute_kfp::compute::{Client, types::JobPatch};
/// fn call(compute: &Client, body: JobPatch) { drop(compute.update_job_status(7, body)); }
/// ```
/// ```compile_fail,E0061
/// use compute_kfp::compute::{Client, types::JobPatch};
/// fn call(compute: &Client, body: JobPatch) { drop(compute.update_job_status(7)); }
/// ```
/// A file:
/// ```
/// use compute_kfp::{Content, kfp::Client};
/// fn call(kfp: &Client, file: Content) { drop(kfp.upload_pipeline(file)); }
/// ```
/// ```compile_fail,E0061
/// use compute_kfp::{Content, kfp::Client};
/// fn call(kfp: &Client, file: Content) { drop(kfp.upload_pipeline()); }
/// ```
#[cfg(all(doctest, feature = "compute", feature = "kfp"))]
mod required_arguments {}
