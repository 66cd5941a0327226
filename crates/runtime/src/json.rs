//! Reading the JSON of answers.

use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Error};

/// Why a text is no JSON of the wanted type.
#[doc(hidden)]
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// What is wrong, and at which property.
    what: String,
    /// Whether the text is too short, and right as far as it goes.
    pub(crate) ended: bool,
}

/// Reads the answer of a server.
#[doc(hidden)]
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    // That it is UTF-8 is checked once: serde_json checks every string of a slice by itself.
    if let Ok(text) = str::from_utf8(json)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    read_thoroughly(json)
}

/// Says where the fault is; what is not UTF-8 may also stand where `T` ignores it.
#[cold]
fn read_thoroughly<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    let mut reader = Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let fault = error.inner();
        let what = match error.path().to_string().as_str() {
            "." => format!("the answer cannot be read: {fault}"),
            path => format!("the answer cannot be read at `{path}`: {fault}"),
        };
        let ended = fault.is_eof();
        Fault { what, ended }
    })?;
    reader.end().map_err(|_: Error| Fault {
        what: "the answer goes on behind its JSON".to_owned(),
        ended: false,
    })?;
    Ok(value)
}
