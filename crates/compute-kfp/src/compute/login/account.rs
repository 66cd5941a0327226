//! The entry of one server in the login file.

use std::fmt;
use std::time::{Duration, SystemTime};

use compute_kfp_runtime::credentials::AccessToken;
use compute_kfp_runtime::oauth::Tokens;

/// Time before the expiry at which a token counts as expired. The other programs use the same.
const MARGIN: Duration = Duration::from_secs(5);
/// Lifetime of a token if the login server does not state one. Such a token is refreshed when refused.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

/// An entry of `auths`.
#[derive(Clone)]
pub(super) struct Account {
    /// Address of the server, as written in the file.
    pub key: String,
    pub client_id: String,
    pub well_known_endpoint: String,
    pub tokens: Option<StoredTokens>,
    pub team_member_id: Option<i64>,
}

/// Tokens and the time at which they were issued, in whole seconds as in the file.
#[derive(Clone, PartialEq)]
pub(super) struct StoredTokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_in: u64,
    pub refresh_expires_in: Option<u64>,
    pub generated_at: u64,
}

impl StoredTokens {
    /// Creates the entry for tokens that were issued just now.
    pub fn new(tokens: &Tokens) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            access_token: tokens.access_token().to_owned(),
            refresh_token: tokens.refresh_token().map(str::to_owned),
            expires_in: tokens.expires_in().unwrap_or(ASSUMED_LIFETIME).as_secs(),
            refresh_expires_in: tokens
                .refresh_expires_in()
                .map(|lifetime| lifetime.as_secs()),
            generated_at: now.unwrap_or_default().as_secs(),
        }
    }

    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token
            .as_deref()
            .filter(|token| !token.is_empty())
    }

    pub fn is_fresh(&self) -> bool {
        let limit = SystemTime::now().checked_add(MARGIN);
        limit.is_some_and(|limit| self.expiry().is_none_or(|expiry| expiry > limit))
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
        let seconds = self.generated_at.checked_add(self.expires_in)?;
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
