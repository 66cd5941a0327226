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
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::credentials::AccessToken;

/// Tokens issued by a login server; `Debug` does not show them.
#[derive(Clone, Debug)]
pub struct Tokens {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_in: Option<Duration>,
    refresh_expires_in: Option<Duration>,
}

impl Tokens {
    pub(super) fn new(response: &Response) -> Self {
        Self {
            access_token: SecretString::from(response.access_token().secret().as_str()),
            refresh_token: response
                .refresh_token()
                .map(|token| SecretString::from(token.secret().as_str())),
            expires_in: response.expires_in(),
            refresh_expires_in: response
                .extra_fields()
                .refresh_expires_in
                .map(Duration::from_secs),
        }
    }

    /// Adds `refresh_token` if the server sent none, since it stays valid then.
    pub(super) fn or_refresh_token(mut self, refresh_token: &str) -> Self {
        self.refresh_token
            .get_or_insert_with(|| SecretString::from(refresh_token));
        self
    }

    /// Returns the access token, which authorises calls. It is a secret.
    pub fn access_token(&self) -> &str {
        self.access_token.expose_secret()
    }

    /// Returns the refresh token, if the server sent one. It is a secret.
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(SecretString::expose_secret)
    }

    /// Returns the lifetime of the access token, counted from when the server sent it, in whole
    /// seconds.
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// Returns the lifetime of the refresh token in whole seconds, if the server sent it.
    pub fn refresh_expires_in(&self) -> Option<Duration> {
        self.refresh_expires_in
    }
}

/// Converts to the access token, with its lifetime counted from now.
impl From<Tokens> for AccessToken {
    fn from(tokens: Tokens) -> Self {
        let token = Self::new(tokens.access_token());
        match tokens.expires_in {
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

pub(super) type Response = StandardTokenResponse<Extra, BasicTokenType>;

/// The client type of `oauth2` that reads these tokens.
pub(super) type TokenClient<TokenEndpoint = EndpointSet> = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    TokenEndpoint,
>;
