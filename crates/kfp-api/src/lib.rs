#![doc = include_str!("../README.md")]

mod generated;

pub use compute_kfp_runtime::{
    self as runtime, Error, ErrorKind, Nullable, Response, Result, Timestamp, Transport,
    credentials,
};
pub use generated::*;
