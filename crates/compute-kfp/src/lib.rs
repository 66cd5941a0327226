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

#[doc = include_str!("../tests/required_arguments.md")]
#[cfg(all(doctest, feature = "compute", feature = "kfp"))]
mod required_arguments {}
