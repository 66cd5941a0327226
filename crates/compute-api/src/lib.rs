#![doc = include_str!("../README.md")]

mod generated;

pub use compute_kfp_runtime::{Error, ErrorKind, Nullable, Response, Result, Timestamp, Transport};
pub use generated::*;
