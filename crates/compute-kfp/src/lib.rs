#![doc = include_str!("../README.md")]

#[cfg(any(feature = "compute", feature = "kfp"))]
pub mod environment;

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
    BuildError, ByteStream, CallOptions, Content, Error, ErrorKind, Nullable, ParseTimestampError,
    ResponseValue, Result, RetryPolicy, Timestamp, Transport, TransportBuilder, credentials,
    middleware, operation, paging,
};
