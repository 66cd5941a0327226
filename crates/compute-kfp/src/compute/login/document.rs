//! The content of a login file. Unknown fields are preserved.

use compute_kfp_runtime::{is_same_server, json_pointer};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::account::{Account, StoredTokens};
use crate::compute::types::AuthConfig;

/// The scope of a login.
pub(super) const SCOPE: &str = "api-access openid profile email offline_access";

/// The reason why the content is invalid. It never quotes a value.
pub(super) type Fault = String;

#[derive(Default)]
pub(super) struct Document(Map<String, Value>);

impl Document {
    pub fn parse(content: &[u8]) -> Result<Self, Fault> {
        match serde_json::from_slice(content) {
            Ok(Value::Object(document)) => Ok(Self(document)),
            Ok(_) => Err(unexpected(&[])),
            Err(error) => Err(format!(
                "invalid JSON at line {}, column {}",
                error.line(),
                error.column()
            )),
        }
    }

    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut content = serde_json::to_vec_pretty(&self.0)?;
        content.push(b'\n');
        Ok(content)
    }

    pub fn default_host(&self) -> Result<Option<&str>, Fault> {
        read(self.0.get("default_host"), &["default_host"])
    }

    /// Returns the account of a server. A trailing slash of either address is ignored.
    pub fn account(&self, host: &str) -> Result<Option<Account>, Fault> {
        let auths = self.auths()?;
        let Some(key) = auths.and_then(|auths| key_of(auths, host)) else {
            return Ok(None);
        };
        let entry = auths.and_then(|auths| auths.get(key));
        let account: Option<Account> = read(entry, &["auths", key])?;
        Ok(account.map(|account| Account {
            key: key.to_owned(),
            ..account
        }))
    }

    /// Returns another server than `host` whose login server has the origin of this address.
    pub fn other_server_of(&self, login_server: &str, host: &str) -> Result<Option<&str>, Fault> {
        let Some(auths) = self.auths()? else {
            return Ok(None);
        };
        let origin = |url: &str| Url::parse(url).map(|url| url.origin());
        let wanted = origin(login_server);
        let own = key_of(auths, host);
        let mut others = auths.iter().filter(|(key, _)| Some(key.as_str()) != own);
        let found = others.find(|(_, entry)| {
            let known = entry.get("well_known_endpoint").and_then(Value::as_str);
            known.is_some_and(|known| known == login_server || origin(known) == wanted)
        });
        Ok(found.map(|(key, _)| key.as_str()))
    }

    /// Sets or removes the tokens of the account with this key.
    pub fn set_tokens(&mut self, key: &str, tokens: Option<&StoredTokens>) -> Result<(), Fault> {
        match tokens.map(serde_json::to_value) {
            Some(Ok(Value::Object(tokens))) => {
                let stored = self.object(&["auths", key, "tokens"])?;
                for (name, value) in tokens {
                    match value {
                        Value::Null => stored.remove(&name),
                        value => stored.insert(name, value),
                    };
                }
            }
            _ => self.set(key, [("tokens", Value::Null)])?,
        }
        Ok(())
    }

    pub fn set_team_member_id(&mut self, key: &str, id: Option<i64>) -> Result<(), Fault> {
        self.set(key, [("team_member_id", id.into())])
    }

    /// Stores a new login, replacing the one to the same server.
    pub fn log_in(
        &mut self,
        host: &str,
        settings: &AuthConfig,
        tokens: &StoredTokens,
    ) -> Result<(), Fault> {
        let auths = self.object(&["auths"])?;
        let key = key_of(auths, host).unwrap_or(host).to_owned();
        self.set(
            &key,
            [
                ("client_id", settings.client_id.as_str().into()),
                ("code_challenge_method", "S256".into()),
                ("code_verifyer_length", 64.into()),
                (
                    "well_known_endpoint",
                    settings.well_known_endpoint.as_str().into(),
                ),
                ("audience", settings.audience.as_str().into()),
                ("scope", SCOPE.into()),
                ("team_member_id", Value::Null),
            ],
        )?;
        self.set_tokens(&key, Some(tokens))?;
        if self.default_host()?.is_none() {
            self.0.insert("default_host".to_owned(), key.into());
        }
        Ok(())
    }

    fn auths(&self) -> Result<Option<&Map<String, Value>>, Fault> {
        match self.0.get("auths") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(auths)) => Ok(Some(auths)),
            Some(_) => Err(unexpected(&["auths"])),
        }
    }

    /// Sets fields of the account with this key.
    fn set<const N: usize>(&mut self, key: &str, fields: [(&str, Value); N]) -> Result<(), Fault> {
        let entry = self.object(&["auths", key])?;
        entry.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    /// Returns the object at a place. Creates it if it is absent or null; nothing else is overwritten.
    fn object(&mut self, place: &[&str]) -> Result<&mut Map<String, Value>, Fault> {
        let mut object = &mut self.0;
        for (index, name) in place.iter().enumerate() {
            let value = object.entry(*name).or_insert(Value::Null);
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let found = value.as_object_mut();
            object = found.ok_or_else(|| unexpected(&place[..=index]))?;
        }
        Ok(object)
    }
}

/// Returns the address of a server as the file writes it.
fn key_of<'a>(auths: &'a Map<String, Value>, host: &str) -> Option<&'a str> {
    let exact = auths.keys().find(|key| *key == host);
    exact
        .or_else(|| auths.keys().find(|key| is_same_server(key, host)))
        .map(String::as_str)
}

/// Reads the value at a place, which may be absent or null.
fn read<'v, T: Deserialize<'v>>(
    value: Option<&'v Value>,
    place: &[&str],
) -> Result<Option<T>, Fault> {
    let Some(value) = value else { return Ok(None) };
    serde_path_to_error::deserialize(value).map_err(
        |error: serde_path_to_error::Error<serde_json::Error>| {
            let steps: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            let steps = steps.iter().map(String::as_str);
            let place: Vec<&str> = place.iter().copied().chain(steps).collect();
            let what = error.inner().to_string();
            // The other messages quote the value.
            match what.starts_with("missing field") {
                true => format!("`{}`: {what}", json_pointer::of(place)),
                false => unexpected(&place),
            }
        },
    )
}

fn unexpected(place: &[&str]) -> Fault {
    format!(
        "`{}` has another type than expected",
        json_pointer::of(place)
    )
}
