//! A login server and the requests to it that need no person.

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use oauth2::basic::BasicErrorResponse;
use oauth2::{ClientId, RefreshToken, TokenResponse as _, TokenUrl};
use serde::Deserialize;
use url::Url;

use super::exchange::{Exchange, address};
use super::tokens::{TokenClient, Tokens};
use crate::error::Error;
use crate::http_client::HttpClient;

/// The endpoints of a login server.
#[derive(Clone, Debug)]
pub struct Provider {
    token: Url,
    device_authorization: Option<Url>,
    revocation: Option<Url>,
}

/// The fields of an OpenID configuration that are used.
#[derive(Deserialize)]
struct Configuration {
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

impl Provider {
    /// Reads the endpoints from a server's OpenID configuration.
    ///
    /// `well_known_url` is its whole address, such as
    /// `https://login.example.org/.well-known/openid-configuration`.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if the address
    /// or one of the endpoints is not a URL, or if secrets would be sent over plain HTTP.
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the server
    /// refuses or its response is not an OpenID configuration.
    pub async fn discover(http: &HttpClient, well_known_url: &str) -> Result<Self, Error> {
        Self::discovered(http, well_known_url, false).await
    }

    pub(super) async fn discovered(
        http: &HttpClient,
        well_known_url: &str,
        allow_plain_http: bool,
    ) -> Result<Self, Error> {
        let url = address("configuration", well_known_url, allow_plain_http)?;
        let exchange = Exchange::new(http, "OpenID configuration");
        let request = Request::get(url.as_str())
            .header(ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(unaddressable)?;
        let response = exchange.send(request).await?;
        if !response.status().is_success() {
            return Err(exchange.refused(&String::from_utf8_lossy(response.body())));
        }
        let mut json = serde_json::Deserializer::from_slice(response.body());
        let found: Configuration = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| exchange.unreadable(&error))?;
        let endpoint = |what, url: &str| address(what, url, allow_plain_http);
        let optional = |what, url: Option<String>| url.map(|url| endpoint(what, &url)).transpose();
        Ok(Self {
            token: endpoint("token endpoint", &found.token_endpoint)?,
            device_authorization: optional(
                "device authorization endpoint",
                found.device_authorization_endpoint,
            )?,
            revocation: optional("revocation endpoint", found.revocation_endpoint)?,
        })
    }

    /// Exchanges a refresh token for new tokens, as a client without a secret.
    ///
    /// The server may return another refresh token, which replaces this one: store it immediately.
    /// If it returns none, this one stays valid and is included in the result.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the server
    /// refuses or sends an invalid response.
    pub async fn refresh(
        &self,
        http: &HttpClient,
        client_id: &str,
        refresh_token: &str,
    ) -> Result<Tokens, Error> {
        let exchange = Exchange::new(http, "new tokens");
        let client = self.client(client_id);
        let old = RefreshToken::new(refresh_token.to_owned());
        let mut tokens = client
            .exchange_refresh_token(&old)
            .request_async(&exchange)
            .await
            .map_err(|error| exchange.error(error))?;
        if tokens.refresh_token().is_none() {
            tokens.set_refresh_token(Some(old));
        }
        Ok(Tokens(tokens))
    }

    /// Revokes a refresh token; a server may also revoke the access tokens that belong to it.
    ///
    /// It is not an error if the server does not know the token.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the server
    /// has no such endpoint or refuses.
    pub async fn revoke(
        &self,
        http: &HttpClient,
        client_id: &str,
        refresh_token: &str,
    ) -> Result<(), Error> {
        let url = self.revocation.as_ref().ok_or_else(|| {
            Error::authentication(
                "the login server has no revocation endpoint; the token stays valid until it expires",
            )
        })?;
        let exchange = Exchange::new(http, "revocation");
        // `oauth2` sends this over TLS alone, even on loopback.
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", refresh_token)
            .append_pair("token_type_hint", "refresh_token")
            .append_pair("client_id", client_id)
            .finish();
        let request = Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .map_err(unaddressable)?;
        let response = exchange.send(request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        match serde_json::from_slice::<BasicErrorResponse>(response.body()) {
            Ok(refusal) => Err(exchange.refused(&refusal.to_string())),
            Err(_) => Err(exchange.refused("it refused without a reason")),
        }
    }

    pub(super) fn client(&self, client_id: &str) -> TokenClient {
        TokenClient::new(ClientId::new(client_id.to_owned()))
            .set_token_uri(TokenUrl::from_url(self.token.clone()))
    }

    pub(super) fn device_authorization(&self) -> Result<&Url, Error> {
        self.device_authorization.as_ref().ok_or_else(|| {
            Error::authentication(
                "the login server has no device authorization endpoint; log in another way",
            )
        })
    }
}

fn unaddressable(error: http::Error) -> Error {
    Error::configuration("the address of the login server is invalid").caused_by(error)
}
