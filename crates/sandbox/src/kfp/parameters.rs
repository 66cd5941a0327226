use compute_kfp_runtime::operation::Location;
use serde_json::{Value, json};

use crate::kfp::KfpError;
use crate::operation::Call;
use crate::percent::{decode_query_strict, decode_strict, query_pairs};

pub(super) fn path_text(call: &Call<'_>, name: &str) -> Result<String, KfpError> {
    decode_strict(call.path_value(name))
        .map(Into::into)
        .map_err(|reason| refusal(name, &reason))
}

/// The query of a request. Parameters that an operation does not have are passed over.
pub(super) struct QueryParameters {
    pairs: Vec<(String, String)>,
    path: Vec<(&'static str, String)>,
}

impl QueryParameters {
    pub(super) fn read(call: &Call<'_>) -> Result<Self, KfpError> {
        let pairs = query_pairs(call.query)
            .map(|(name, value)| Ok((decode_query_strict(name)?, decode_query_strict(value)?)))
            .collect::<Result<_, String>>()
            .map_err(KfpError::unreadable)?;
        let path = call
            .path_values
            .iter()
            .map(|(name, _)| Ok((*name, path_text(call, name)?)))
            .collect::<Result<_, KfpError>>()?;
        let query = Self { pairs, path };
        query.check(call)?;
        Ok(query)
    }

    /// Checks what was sent against the description.
    fn check(&self, call: &Call<'_>) -> Result<(), KfpError> {
        for described in call.described.parameters {
            match (described.kind, described.location) {
                ("integer", Location::Query) => drop(self.int32(described.name)?),
                ("boolean", Location::Query) => {
                    self.one_of(described.name, &["true", "false"])?;
                }
                ("string", Location::Query) if !described.values.is_empty() => {
                    self.one_of(described.name, described.values)?;
                }
                ("string", Location::Query) => drop(self.text(described.name)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// What was sent, save for which page is wanted.
    pub(super) fn restrictions(&self) -> Value {
        let of_page = |name: &str| matches!(name, "page_token" | "page_size");
        let pairs = self.pairs.iter().filter(|(name, _)| !of_page(name));
        json!([self.path, pairs.collect::<Vec<_>>()])
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let named = self.pairs.iter().filter(|(sent, _)| sent == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Empty if the parameter is absent: the two are the same here.
    pub(super) fn text(&self, name: &str) -> Result<&str, KfpError> {
        match self.texts(name).as_slice() {
            [] => Ok(""),
            [value] => Ok(value),
            several => Err(KfpError::unreadable(format!(
                "too many values for field \"{name}\": {}",
                several.join(", ")
            ))),
        }
    }

    pub(super) fn int32(&self, name: &str) -> Result<i32, KfpError> {
        match self.text(name)? {
            "" => Ok(0),
            text => text
                .parse()
                .map_err(|_| refusal(name, &format!("parsing \"{text}\": not a 32-bit integer"))),
        }
    }

    pub(super) fn one_of(&self, name: &str, names: &[&str]) -> Result<Option<&str>, KfpError> {
        match self.text(name)? {
            "" => Ok(None),
            text if names.contains(&text) => Ok(Some(text)),
            text => Err(refusal(name, &format!("\"{text}\" is not a valid value"))),
        }
    }
}

fn refusal(name: &str, reason: &str) -> KfpError {
    KfpError::unreadable(format!("type mismatch, parameter: {name}, error: {reason}"))
}
