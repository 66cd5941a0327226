#![doc = include_str!("../README.md")]
// docs.rs shows which feature an item needs; only its nightly compiler can.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod generated;

pub use compute_kfp_runtime::{
    self as runtime, Error, ErrorKind, Nullable, Response, Result, Timestamp, Transport,
    credentials,
};
pub use generated::*;
