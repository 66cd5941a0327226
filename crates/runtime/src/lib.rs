#![doc = include_str!("../README.md")]
// docs.rs shows which feature an item needs; only its nightly compiler can.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod backoff;
#[cfg(feature = "blocking")]
pub mod blocking;
mod body;
pub mod body_fields;
mod byte_stream;
mod content;
pub mod credentials;
#[cfg(feature = "dynamic")]
pub mod dynamic;
mod endpoint;
mod error;
mod fault;
#[doc = include_str!("../docs/faults.md")]
pub mod faults {}
mod http_client;
mod json;
#[doc(hidden)]
pub mod json_pointer;
#[doc(hidden)]
pub mod list;
pub mod middleware;
#[cfg(feature = "mock")]
pub mod mock;
#[doc(hidden)]
pub mod null;
mod nullable;
#[doc(hidden)]
pub mod number_text;
#[cfg(feature = "oauth")]
pub mod oauth;
pub mod open_enum;
pub mod operation;
mod options;
pub mod paging;
mod percent;
mod raw_response;
mod request;
mod response;
mod resume_point;
mod retry;
mod retry_after;
mod secrets;
mod setters;
mod settings_error;
mod stream;
mod style;
#[doc(hidden)]
pub mod tagged;
mod timestamp;
mod transport;
mod value_stream;

pub use byte_stream::ByteStream;
pub use content::Content;
#[doc(hidden)]
pub use endpoint::is_same_server;
pub use error::{BuildError, Error, ErrorKind};
pub use http_client::HttpClient;
pub use nullable::Nullable;
pub use options::CallOptions;
pub use request::Request;
pub use response::{Response, ResponseBody};
pub use retry::RetryPolicy;
pub use settings_error::{SettingsError, SettingsErrorKind};
pub use stream::{Event, EventStream, JsonStream};
pub use timestamp::{Timestamp, TimestampError};
pub use transport::{Transport, TransportBuilder};
pub use value_stream::ValueStream;

/// The result of a call, with [`Error`] as the default error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Items that the macros of this crate and the benchmarks use; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use crate::json::read as read_json;
    #[cfg(feature = "schemars")]
    pub use schemars;
    pub use serde;
}
