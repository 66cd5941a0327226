use compute_kfp_runtime::operation::Location;
use serde_json::{Value, json};

use crate::kfp::error::KfpError;
use crate::kfp::message::camel_case;
use crate::kfp::messages;
use crate::kfp::server::KfpServer;
use crate::operation::Call;
use crate::percent::{decode_query_strict, decode_strict, query_pairs};
use crate::store::Store;

pub(super) fn path_text(call: &Call<'_>, name: &str) -> Result<String, KfpError> {
    decode_strict(call.path_value(name))
        .map(Into::into)
        .map_err(|reason| refusal(name, &reason))
}

/// The query of a request. Parameters that an operation does not have are ignored.
pub(super) struct QueryParameters {
    pairs: Vec<(String, String)>,
    path: Vec<(&'static str, String)>,
}

impl QueryParameters {
    pub(super) fn read(store: &Store, call: &Call<'_>) -> Result<Self, KfpError> {
        let pairs = query_pairs(call.query)
            .map(|(name, value)| Ok((decode_query_strict(name)?, decode_query_strict(value)?)))
            .collect::<Result<_, String>>()
            .map_err(KfpError::unreadable)?;
        let path = call
            .path_values
            .iter()
            .map(|(name, _)| Ok((*name, path_text(call, name)?)))
            .collect::<Result<_, KfpError>>()?;
        let mut query = Self { pairs, path };
        if store.kfp.server == KfpServer::Release217 {
            query.pairs.retain(|(name, _)| name != "view");
        }
        query.check(call)?;
        Ok(query)
    }

    /// Checks the parameters against the spec, and replaces enum numbers by names.
    fn check(&mut self, call: &Call<'_>) -> Result<(), KfpError> {
        let described = call.described.parameters.iter();
        for parameter in described.filter(|known| known.location == Location::Query) {
            let camel_case = camel_case(parameter.name);
            for (name, _) in &mut self.pairs {
                if *name == camel_case {
                    parameter.name.clone_into(name);
                }
            }
            if parameter.kind == "integer" {
                self.int32(parameter.name)?;
            } else if parameter.kind == "boolean" {
                self.boolean(parameter.name)?;
            } else if parameter.kind == "string" {
                self.text(parameter.name)?;
            }
            if let Some(known) = messages::enum_with(parameter.values) {
                let sent = self
                    .pairs
                    .iter_mut()
                    .filter(|(name, _)| name == parameter.name);
                for (name, value) in sent.filter(|(_, value)| !value.is_empty()) {
                    let number = value.parse().ok().and_then(|number| known.name_of(number));
                    let named = known
                        .number_of(value)
                        .and_then(|number| known.name_of(number));
                    let known = named.or(number).ok_or_else(|| {
                        refusal(name, &format!("\"{value}\" is not a valid value"))
                    })?;
                    *value = known.to_owned();
                }
            }
        }
        Ok(())
    }

    /// Returns the parameters without those for paging.
    pub(super) fn restrictions(&self) -> Value {
        let of_page = |name: &str| matches!(name, "page_token" | "page_size");
        let pairs = self.pairs.iter().filter(|(name, _)| !of_page(name));
        json!([self.path, pairs.collect::<Vec<_>>()])
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let named = self.pairs.iter().filter(|(sent, _)| sent == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns a parameter. It is empty if absent, which is the same here.
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
                .map_err(|_| refusal(name, "the value is not a 32-bit integer")),
        }
    }

    /// Parses a boolean in Go's spellings.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, KfpError> {
        match self.text(name)? {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(refusal(name, "the value is not a boolean")),
        }
    }
}

fn refusal(name: &str, reason: &str) -> KfpError {
    KfpError::unreadable(format!("type mismatch, parameter: {name}, error: {reason}"))
}
