//! The entry of one server in the login file.

use std::fmt;
use std::time::{Duration, SystemTime};

use compute_kfp_runtime::credentials::AccessToken;
use compute_kfp_runtime::oauth::Tokens;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// Time before the expiry at which a token counts as expired. The other programs use the same.
const MARGIN: Duration = Duration::from_secs(5);
/// Lifetime of a token if the login server does not state one. Such a token is refreshed when refused.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

/// An entry of `auths`.
#[derive(Clone, Deserialize)]
pub(super) struct Account {
    /// Address of the server, as written in the file.
    #[serde(skip)]
    pub key: String,
    pub client_id: String,
    pub well_known_endpoint: String,
    pub tokens: Option<StoredTokens>,
    pub team_member_id: Option<i64>,
}

/// Tokens and the time at which they were issued, as in the file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredTokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_in: Seconds,
    pub refresh_expires_in: Option<Seconds>,
    pub generated_at: Seconds,
}

/// A number of whole seconds. Other programs may have written fractions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Number")]
pub(super) struct Seconds(u64);

impl TryFrom<Number> for Seconds {
    type Error = &'static str;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "fractions do not count, and the cast saturates"
    )]
    fn try_from(number: Number) -> Result<Self, Self::Error> {
        let fraction = || number.as_f64().filter(|seconds| *seconds >= 0.0);
        let whole = number.as_u64();
        let whole = whole.or_else(|| fraction().map(|seconds| seconds as u64));
        whole.map(Self).ok_or("not a number of seconds")
    }
}

impl StoredTokens {
    /// Creates the entry for tokens that were issued just now.
    pub fn new(tokens: &Tokens) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            access_token: tokens.access_token().to_owned(),
            refresh_token: tokens.refresh_token().map(str::to_owned),
            expires_in: Seconds(tokens.expires_in().unwrap_or(ASSUMED_LIFETIME).as_secs()),
            refresh_expires_in: tokens.refresh_expires_in().map(|it| Seconds(it.as_secs())),
            generated_at: Seconds(now.unwrap_or_default().as_secs()),
        }
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
        match self.expiry() {
            Some(expiry) => token.expires_at(expiry),
            None => token,
        }
    }

    /// Returns the time of expiry, or `None` if it cannot be represented.
    fn expiry(&self) -> Option<SystemTime> {
        let seconds = self.generated_at.0.checked_add(self.expires_in.0)?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTokens")
            .field("expires_in", &self.expires_in)
            .field("generated_at", &self.generated_at)
            .finish_non_exhaustive()
    }
}
