//! The content of a login file. Unknown fields are preserved.

use std::path::{Path, PathBuf};

use compute_kfp_runtime::{Error, is_same_server, json_pointer};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::account::{Account, StoredTokens};
use crate::compute::types::AuthConfig;

/// The scope of a login.
pub(super) const SCOPE: &str = "api-access openid profile email offline_access";

pub(super) struct Document {
    path: PathBuf,
    fields: Map<String, Value>,
}

impl Document {
    pub fn parse(path: &Path, content: &[u8]) -> Result<Self, Error> {
        match serde_json::from_slice(content) {
            Ok(Value::Object(fields)) => Ok(Self {
                path: path.to_owned(),
                fields,
            }),
            Ok(_) => Err(unexpected(path, &[])),
            Err(error) => Err(invalid(path, &format!("not JSON: {error}"))),
        }
    }

    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut content = serde_json::to_vec_pretty(&self.fields)?;
        content.push(b'\n');
        Ok(content)
    }

    pub fn default_host(&self) -> Result<Option<&str>, Error> {
        self.read(self.fields.get("default_host"), &["default_host"])
    }

    /// Returns the account of a server.
    pub fn account(&self, host: &str) -> Result<Option<Account>, Error> {
        let key = self.key_of(host)?;
        let entry = self.auths()?.and_then(|auths| auths.get(key));
        self.read(entry, &["auths", key])
    }

    /// Returns another server than `host` whose login server has the origin of this address.
    pub fn other_server_of(&self, login_server: &str, host: &str) -> Result<Option<&str>, Error> {
        let origin = |url: &str| Url::parse(url).map(|url| url.origin());
        let wanted = origin(login_server);
        let own = self.key_of(host)?;
        let auths = self.auths()?.into_iter().flatten();
        let mut others = auths.filter(|(key, _)| *key != own);
        let found = others.find(|(_, entry)| {
            let known = entry.get("well_known_endpoint").and_then(Value::as_str);
            known.is_some_and(|known| known == login_server || origin(known) == wanted)
        });
        Ok(found.map(|(key, _)| key.as_str()))
    }

    /// Sets fields of the account of a server.
    pub fn set<const N: usize>(
        &mut self,
        host: &str,
        fields: [(&str, Value); N],
    ) -> Result<(), Error> {
        let key = self.key_of(host)?.to_owned();
        let entry = self.object(&["auths", &key])?;
        entry.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    pub fn set_tokens(&mut self, host: &str, tokens: &StoredTokens) -> Result<(), Error> {
        let key = self.key_of(host)?.to_owned();
        let stored = self.object(&["auths", &key, "tokens"])?;
        for (name, value) in tokens.fields() {
            match value {
                Value::Null => stored.remove(name),
                value => stored.insert(name.to_owned(), value),
            };
        }
        Ok(())
    }

    /// Stores a new login, replacing the one to the same server.
    pub fn log_in(
        &mut self,
        host: &str,
        settings: &AuthConfig,
        tokens: &StoredTokens,
    ) -> Result<(), Error> {
        let login_server = settings.well_known_endpoint.as_str();
        self.set(
            host,
            [
                ("client_id", settings.client_id.as_str().into()),
                ("code_challenge_method", "S256".into()),
                ("code_verifyer_length", 64.into()),
                ("well_known_endpoint", login_server.into()),
                ("audience", settings.audience.as_str().into()),
                ("scope", SCOPE.into()),
                ("team_member_id", Value::Null),
            ],
        )?;
        self.set_tokens(host, tokens)?;
        if self.default_host()?.is_none() {
            let host = self.key_of(host)?.into();
            self.fields.insert("default_host".to_owned(), host);
        }
        Ok(())
    }

    fn auths(&self) -> Result<Option<&Map<String, Value>>, Error> {
        match self.fields.get("auths") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(auths)) => Ok(Some(auths)),
            Some(_) => Err(unexpected(&self.path, &["auths"])),
        }
    }

    /// Returns the address of a server as the file writes it, with or without a trailing slash.
    fn key_of<'a>(&'a self, host: &'a str) -> Result<&'a str, Error> {
        Ok(match self.auths()? {
            Some(auths) if !auths.contains_key(host) => {
                let same = auths.keys().find(|key| is_same_server(key, host));
                same.map_or(host, String::as_str)
            }
            _ => host,
        })
    }

    /// Returns the object at a place. Creates it if it is absent or null; nothing else is overwritten.
    fn object(&mut self, place: &[&str]) -> Result<&mut Map<String, Value>, Error> {
        let mut object = &mut self.fields;
        for (index, name) in place.iter().enumerate() {
            let value = object.entry(*name).or_insert(Value::Null);
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let found = value.as_object_mut();
            object = found.ok_or_else(|| unexpected(&self.path, &place[..=index]))?;
        }
        Ok(object)
    }

    /// Reads the value at a place, which may be absent or null.
    fn read<'v, T: Deserialize<'v>>(
        &self,
        value: Option<&'v Value>,
        place: &[&str],
    ) -> Result<Option<T>, Error> {
        let Some(value) = value else { return Ok(None) };
        serde_path_to_error::deserialize(value).map_err(
            |error: serde_path_to_error::Error<serde_json::Error>| {
                let steps: Vec<String> = error.path().iter().map(ToString::to_string).collect();
                let steps = steps.iter().map(String::as_str);
                let place: Vec<&str> = place.iter().copied().chain(steps).collect();
                let what = error.inner().to_string();
                // The other messages quote the value.
                match what.starts_with("missing field") {
                    true => invalid(
                        &self.path,
                        &format!("`{}`: {what}", json_pointer::of(place)),
                    ),
                    false => unexpected(&self.path, &place),
                }
            },
        )
    }
}

fn unexpected(path: &Path, place: &[&str]) -> Error {
    let place = json_pointer::of(place.iter().copied());
    invalid(path, &format!("`{place}` has another type than expected"))
}

/// Returns the error of an invalid file. `fault` must not quote a value.
fn invalid(path: &Path, fault: &str) -> Error {
    Error::configuration(format!(
        "invalid login file `{}`: {fault}; correct it, or move it away and log in again",
        path.display()
    ))
}
