//! The entry of one server in the login file.

use std::time::{Duration, SystemTime};

use compute_kfp_runtime::credentials::AccessToken;
use compute_kfp_runtime::oauth::Tokens;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Time before the expiry at which a token counts as expired. The other programs use the same.
const MARGIN: Duration = Duration::from_secs(5);
/// Lifetime of a token if the login server does not state one. Such a token is refreshed when refused.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

/// An entry of `auths`.
#[derive(Deserialize)]
pub(super) struct Account {
    pub client_id: String,
    pub well_known_endpoint: String,
    pub tokens: Option<StoredTokens>,
    pub team_member_id: Option<i64>,
}

/// Tokens and the time at which they were issued, as in the file.
#[derive(Clone, PartialEq, Deserialize)]
pub(super) struct StoredTokens {
    pub access_token: String,
    refresh_token: Option<String>,
    #[serde(deserialize_with = "seconds")]
    expires_in: u64,
    /// For other programs.
    #[serde(skip)]
    refresh_expires_in: Option<u64>,
    #[serde(deserialize_with = "seconds")]
    generated_at: u64,
}

/// Reads a number of whole seconds. Other programs may have written fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fractions do not count, and the cast saturates"
)]
fn seconds<'de, D: Deserializer<'de>>(value: D) -> Result<u64, D::Error> {
    match f64::deserialize(value)? {
        seconds if seconds >= 0.0 => Ok(seconds as u64),
        _ => Err(D::Error::custom("not a number of seconds")),
    }
}

impl StoredTokens {
    /// Creates the entry for tokens that were issued just now.
    pub fn new(tokens: &Tokens) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            access_token: tokens.access_token().to_owned(),
            refresh_token: tokens.refresh_token().map(str::to_owned),
            expires_in: tokens.expires_in().unwrap_or(ASSUMED_LIFETIME).as_secs(),
            refresh_expires_in: tokens.refresh_expires_in().map(|it| it.as_secs()),
            generated_at: now.unwrap_or_default().as_secs(),
        }
    }

    /// Returns the fields in the file. A field that is null is removed there.
    pub fn fields(&self) -> [(&'static str, Value); 5] {
        [
            ("access_token", self.access_token.as_str().into()),
            ("refresh_token", self.refresh_token.clone().into()),
            ("expires_in", self.expires_in.into()),
            ("refresh_expires_in", self.refresh_expires_in.into()),
            ("generated_at", self.generated_at.into()),
        ]
    }

    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token
            .as_deref()
            .filter(|token| !token.is_empty())
    }

    pub fn is_fresh(&self) -> bool {
        self.access_token().outlasts(MARGIN)
    }

    pub fn access_token(&self) -> AccessToken {
        let token = AccessToken::new(&self.access_token);
        let expiry = Duration::from_secs(self.generated_at.saturating_add(self.expires_in));
        match SystemTime::UNIX_EPOCH.checked_add(expiry) {
            Some(expiry) => token.expires_at(expiry),
            None => token,
        }
    }
}
