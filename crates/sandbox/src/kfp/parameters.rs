use compute_kfp_runtime::operation::{Location, Parameter};

use crate::kfp::error::KfpError;
use crate::kfp::message::{Enum, camel_case};
use crate::kfp::server::KfpServer;
use crate::operation::Call;
use crate::percent::{decode_query_strict, decode_strict};
use crate::store::Store;

pub(super) fn path_text(call: &Call<'_>, name: &str) -> Result<String, KfpError> {
    decode_strict(call.path_value(name))
        .map(Into::into)
        .map_err(|reason| refusal(name, &reason))
}

/// The query of a request. Parameters that an operation does not have are ignored.
pub(super) struct QueryParameters {
    pairs: Vec<(&'static str, String)>,
}

impl QueryParameters {
    pub(super) fn read(store: &Store, call: &Call<'_>) -> Result<Self, KfpError> {
        let pairs = call.query.split('&').filter(|pair| !pair.is_empty());
        let sent = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode_query_strict(name)?, decode_query_strict(value)?))
            })
            .collect::<Result<Vec<_>, String>>()
            .map_err(KfpError::unreadable)?;
        let mut pairs = Vec::new();
        for parameter in call.described.parameters {
            let is_unknown = parameter.name == "view" && store.kfp.server == KfpServer::Release217;
            if parameter.location != Location::Query || is_unknown {
                continue;
            }
            let names = [parameter.name.to_owned(), camel_case(parameter.name)];
            let named = sent.iter().filter(|(name, _)| names.contains(name));
            let values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
            if parameter.kind != "array" && values.len() > 1 {
                return Err(KfpError::unreadable(format!(
                    "too many values for field \"{}\": {}",
                    parameter.name,
                    values.join(", ")
                )));
            }
            for value in values {
                pairs.push((parameter.name, checked(parameter, value)?));
            }
        }
        Ok(Self { pairs })
    }

    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.pairs.iter().filter(move |(sent, _)| *sent == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Returns a parameter. It is empty if absent, which is the same here.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts(name).next().unwrap_or_default()
    }

    pub(super) fn boolean(&self, name: &str) -> bool {
        TRUE.contains(&self.text(name))
    }
}

/// Go's spellings of booleans.
const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE: [&str; 7] = ["", "0", "f", "F", "false", "FALSE", "False"];

/// Checks a value against the spec, and replaces the number of an enum's value by its name.
fn checked(parameter: &Parameter, value: &str) -> Result<String, KfpError> {
    let refuse = |reason: &str| Err(refusal(parameter.name, reason));
    match parameter.kind {
        "integer" if !value.is_empty() && value.parse::<i32>().is_err() => {
            return refuse("the value is not a 32-bit integer");
        }
        "boolean" if !TRUE.contains(&value) && !FALSE.contains(&value) => {
            return refuse("the value is not a boolean");
        }
        _ => {}
    }
    let Some(known) = Enum::with_values(parameter.values).filter(|_| !value.is_empty()) else {
        return Ok(value.to_owned());
    };
    let number = value.parse().ok().or_else(|| known.number_of(value));
    match number.and_then(|number| known.name_of(number)) {
        Some(name) => Ok(name.to_owned()),
        None => refuse(&format!("\"{value}\" is not a valid value")),
    }
}

fn refusal(name: &str, reason: &str) -> KfpError {
    KfpError::unreadable(format!("type mismatch, parameter: {name}, error: {reason}"))
}
