#![doc = include_str!("../README.md")]

mod generated;

pub use compute_kfp_runtime::{
    self as runtime, Error, ErrorKind, Nullable, ResponseValue, Result, Timestamp, Transport,
    credentials,
};
pub use generated::*;
