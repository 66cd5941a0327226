//! The tokens that a login server issues.

use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    EndpointNotSet, EndpointSet, ExtraTokenFields, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _,
};
use serde::{Deserialize, Serialize};

use crate::credentials::AccessToken;

/// Tokens issued by a login server; `Debug` does not show them.
#[derive(Clone, Debug)]
pub struct Tokens(pub(super) IssuedTokens);

impl Tokens {
    /// Returns the access token, which authorises calls. It is a secret.
    pub fn access_token(&self) -> &str {
        self.0.access_token().secret()
    }

    /// Returns the refresh token, if the server sent one. It is a secret.
    pub fn refresh_token(&self) -> Option<&str> {
        self.0.refresh_token().map(|token| token.secret().as_str())
    }

    /// Returns the lifetime of the access token, counted from when the server sent it, in whole
    /// seconds.
    pub fn expires_in(&self) -> Option<Duration> {
        self.0.expires_in()
    }

    /// Returns the lifetime of the refresh token in whole seconds, if the server sent it.
    pub fn refresh_expires_in(&self) -> Option<Duration> {
        let seconds = self.0.extra_fields().refresh_expires_in;
        seconds.map(Duration::from_secs)
    }
}

/// Converts to the access token, with its lifetime counted from now.
impl From<Tokens> for AccessToken {
    fn from(tokens: Tokens) -> Self {
        let token = Self::new(tokens.access_token());
        match tokens.expires_in() {
            Some(lifetime) => token.expires_in(lifetime),
            None => token,
        }
    }
}

/// Fields that servers send in addition to the standard ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

pub(super) type IssuedTokens = StandardTokenResponse<Extra, BasicTokenType>;

/// The client type of `oauth2` that reads these tokens.
pub(super) type TokenClient<TokenEndpoint = EndpointSet> = oauth2::Client<
    BasicErrorResponse,
    IssuedTokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    TokenEndpoint,
>;
