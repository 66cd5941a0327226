//! The content of a login file. Unknown fields are preserved.

use compute_kfp_runtime::json_pointer;
use reqwest::Url;
use serde_json::{Map, Value};

use super::account::{Account, StoredTokens};

/// The reason why the content is invalid. It never quotes a value.
pub(super) type Fault = String;

#[derive(Default)]
pub(super) struct Document(Map<String, Value>);

/// The data that a browser login stores in addition to the tokens.
pub(super) struct NewAccount<'a> {
    pub host: &'a str,
    pub client_id: &'a str,
    pub well_known_endpoint: &'a str,
    pub audience: &'a str,
    pub scope: &'a str,
    pub tokens: &'a StoredTokens,
}

impl Document {
    pub fn parse(content: &[u8]) -> Result<Self, Fault> {
        match serde_json::from_slice(content) {
            Ok(Value::Object(document)) => Ok(Self(document)),
            Ok(_) => Err(expected("", "an object")),
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
        optional(&self.0, "", "default_host", "a string", Value::as_str)
    }

    /// Returns the account of a server. A trailing slash of either address is ignored.
    pub fn account(&self, host: &str) -> Result<Option<Account>, Fault> {
        let Some(auths) = object(&self.0, "", "auths")? else {
            return Ok(None);
        };
        let Some(key) = key_of(auths, host) else {
            return Ok(None);
        };
        let Some(entry) = object(auths, "/auths", key)? else {
            return Ok(None);
        };
        let place = below("/auths", key);
        let string = |name: &str| required(entry, &place, name, "a string", Value::as_str);
        Ok(Some(Account {
            key: key.to_owned(),
            client_id: string("client_id")?.to_owned(),
            well_known_endpoint: string("well_known_endpoint")?.to_owned(),
            tokens: match object(entry, &place, "tokens")? {
                Some(stored) => Some(tokens(stored, &below(&place, "tokens"))?),
                None => None,
            },
            team_member_id: optional(
                entry,
                &place,
                "team_member_id",
                "a whole number",
                Value::as_i64,
            )?,
        }))
    }

    /// Returns another server than `host` whose login server has the origin of this address.
    pub fn other_server_of(&self, login_server: &str, host: &str) -> Result<Option<&str>, Fault> {
        let Some(auths) = object(&self.0, "", "auths")? else {
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
        let entry = self.entry(key)?;
        let Some(tokens) = tokens else {
            entry.insert("tokens".to_owned(), Value::Null);
            return Ok(());
        };
        let stored = member(entry, &below("/auths", key), "tokens")?;
        let mut set = |name: &str, value: Option<Value>| match value {
            Some(value) => {
                stored.insert(name.to_owned(), value);
            }
            None => {
                stored.remove(name);
            }
        };
        set("access_token", Some(tokens.access_token.as_str().into()));
        set("expires_in", Some(tokens.expires_in.into()));
        set(
            "refresh_token",
            tokens.refresh_token.as_deref().map(Value::from),
        );
        set(
            "refresh_expires_in",
            tokens.refresh_expires_in.map(Value::from),
        );
        set("generated_at", Some(tokens.generated_at.into()));
        Ok(())
    }

    pub fn set_team_member_id(&mut self, key: &str, id: Option<i64>) -> Result<(), Fault> {
        let entry = self.entry(key)?;
        entry.insert("team_member_id".to_owned(), id.into());
        Ok(())
    }

    /// Stores a new login, replacing the one to the same server.
    pub fn log_in(&mut self, new: &NewAccount<'_>) -> Result<(), Fault> {
        let auths = member(&mut self.0, "", "auths")?;
        let key = key_of(auths, new.host).unwrap_or(new.host).to_owned();
        let entry = self.entry(&key)?;
        let settings: [(&str, Value); 7] = [
            ("client_id", new.client_id.into()),
            ("code_challenge_method", "S256".into()),
            ("code_verifyer_length", 64.into()),
            ("well_known_endpoint", new.well_known_endpoint.into()),
            ("audience", new.audience.into()),
            ("scope", new.scope.into()),
            ("team_member_id", Value::Null),
        ];
        for (name, value) in settings {
            entry.insert(name.to_owned(), value);
        }
        self.set_tokens(&key, Some(new.tokens))?;
        if self.default_host()?.is_none() {
            self.0.insert("default_host".to_owned(), key.into());
        }
        Ok(())
    }

    fn entry(&mut self, key: &str) -> Result<&mut Map<String, Value>, Fault> {
        member(member(&mut self.0, "", "auths")?, "/auths", key)
    }
}

fn tokens(stored: &Map<String, Value>, place: &str) -> Result<StoredTokens, Fault> {
    let string = "a string";
    let seconds = "a number of seconds";
    let refresh_token = optional(stored, place, "refresh_token", string, Value::as_str)?;
    Ok(StoredTokens {
        access_token: required(stored, place, "access_token", string, Value::as_str)?.to_owned(),
        refresh_token: refresh_token.map(str::to_owned),
        expires_in: required(stored, place, "expires_in", seconds, whole)?,
        refresh_expires_in: optional(stored, place, "refresh_expires_in", seconds, whole)?,
        generated_at: required(stored, place, "generated_at", seconds, whole)?,
    })
}

/// A number of seconds. Other programs may have written fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fractions do not count, and the cast saturates"
)]
fn whole(value: &Value) -> Option<u64> {
    let fraction = || value.as_f64().filter(|seconds| *seconds >= 0.0);
    value
        .as_u64()
        .or_else(|| fraction().map(|seconds| seconds as u64))
}

/// Returns the address of a server as the file writes it.
fn key_of<'a>(auths: &'a Map<String, Value>, host: &str) -> Option<&'a str> {
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    let same = |key: &&String| plain(key) == plain(host);
    let exact = auths.keys().find(|key| *key == host);
    exact
        .or_else(|| auths.keys().find(same))
        .map(String::as_str)
}

fn required<'a, T>(
    map: &'a Map<String, Value>,
    place: &str,
    name: &str,
    what: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, Fault> {
    let value = map.get(name).and_then(read);
    value.ok_or_else(|| expected(&below(place, name), what))
}

/// Returns the value of a field, or `None` if it is absent or null.
fn optional<'a, T>(
    map: &'a Map<String, Value>,
    place: &str,
    name: &str,
    what: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, Fault> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => required(map, place, name, what, read).map(Some),
    }
}

fn object<'a>(
    map: &'a Map<String, Value>,
    place: &str,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Fault> {
    optional(map, place, name, "an object", Value::as_object)
}

/// Returns an object inside an object. Creates it if it is absent or null; nothing else is overwritten.
fn member<'a>(
    map: &'a mut Map<String, Value>,
    place: &str,
    name: &str,
) -> Result<&'a mut Map<String, Value>, Fault> {
    let value = map.entry(name).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value
        .as_object_mut()
        .ok_or_else(|| expected(&below(place, name), "an object"))
}

/// Returns the JSON pointer (RFC 6901) of a member.
fn below(place: &str, name: &str) -> String {
    format!("{place}{}", json_pointer::of([name]))
}

fn expected(pointer: &str, what: &str) -> Fault {
    format!("`{pointer}` is not {what}")
}
