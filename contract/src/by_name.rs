//! Typed operations and types by their names in the API descriptions, with JSON in and out.
//!
//! The build script generates the table for each API: every entry calls the method of the client and
//! the setters of its builder, as a program does.

use std::path::PathBuf;

use compute_kfp::Content;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The operations and types of the Compute API.
#[allow(missing_docs, reason = "generated")]
#[allow(deprecated, reason = "deprecated operations are checked as well")]
pub mod compute {
    include!(concat!(env!("OUT_DIR"), "/compute/by_name.rs"));
}

/// The operations and types of KFP.
#[allow(missing_docs, reason = "generated")]
#[allow(deprecated, reason = "deprecated operations are checked as well")]
pub mod kfp {
    include!(concat!(env!("OUT_DIR"), "/kfp/by_name.rs"));
}

/// Arguments of an operation, by their names in the spec.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Parameters, and the body under `body`.
    pub values: Map<String, Value>,
    /// Files of an upload.
    pub files: Vec<(String, PathBuf)>,
}

/// The reason why a call has no response, or a value no type.
#[derive(Debug)]
pub enum Failure {
    /// No operation or schema has this name.
    Unknown(String),
    /// An argument is missing, or of another type than the client takes.
    Argument(String),
    /// The client has no parameters of these names.
    NotTaken(Vec<String>),
    /// The value cannot be parsed as its type.
    Unreadable(String),
    /// The client's own error.
    Sdk(compute_kfp::Error),
}

impl From<compute_kfp::Error> for Failure {
    fn from(error: compute_kfp::Error) -> Self {
        Self::Sdk(error)
    }
}

impl Arguments {
    fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Failure> {
        self.optional(name)?
            .ok_or_else(|| Failure::Argument(format!("{name} is missing")))
    }

    fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        let Some(value) = self.values.remove(name) else {
            return Ok(None);
        };
        match serde_json::from_value(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Failure::Argument(format!("{name}: {error}"))),
        }
    }

    #[allow(dead_code, reason = "called for parts of a form that may be absent")]
    fn has(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.files.iter().any(|(known, _)| known == name)
    }

    fn file(&mut self, name: &str) -> Result<Content, Failure> {
        let Some(index) = self.files.iter().position(|(known, _)| known == name) else {
            return Err(Failure::Argument(format!("{name} is missing")));
        };
        let (_, path) = self.files.remove(index);
        Ok(Content::file(path))
    }

    fn done(self) -> Result<(), Failure> {
        let files = self.files.into_iter().map(|(name, _)| name);
        let left: Vec<_> = self
            .values
            .into_iter()
            .map(|(name, _)| name)
            .chain(files)
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(Failure::NotTaken(left))
        }
    }
}

fn written<T: Serialize>(value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::Unreadable(error.to_string()))
}

fn round_trip<T: DeserializeOwned + Serialize>(value: Value) -> Result<Value, Failure> {
    let value: T =
        serde_json::from_value(value).map_err(|error| Failure::Unreadable(error.to_string()))?;
    written(&value)
}

fn json_schema<T: schemars::JsonSchema>() -> Result<Value, Failure> {
    written(&schemars::schema_for!(T))
}
