//! Tokens for a program that has its own account.

use oauth2::{ClientSecret, Scope};
use secrecy::{ExposeSecret as _, SecretString};

use super::exchange::Exchange;
use super::provider::Provider;
use super::tokens::Tokens;
use crate::credentials::{AccessToken, Pending, TokenSource};
use crate::error::Error;
use crate::http_client::HttpClient;

/// A source of tokens that uses the ID and secret of a client (the client credentials grant).
///
/// Use it with [`RenewedToken`](crate::credentials::RenewedToken), for a server behind a proxy that
/// requires a login.
///
/// ```
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::credentials::RenewedToken;
/// use compute_kfp_runtime::oauth::ClientCredentials;
///
/// let url = "https://dex.example.org/.well-known/openid-configuration";
/// let source = ClientCredentials::new(url, "nightly", "s3cret").audience("kfp");
/// let transport = Transport::builder("https://kfp.example.org")
///     .credentials("Bearer", RenewedToken::new(source))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    well_known_url: String,
    allow_plain_http: bool,
    client_id: String,
    client_secret: SecretString,
    scopes: Vec<String>,
    audience: Option<String>,
}

impl ClientCredentials {
    /// Creates a source from the URL of an OpenID configuration, which is read before each token.
    pub fn new(
        well_known_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            well_known_url: well_known_url.into(),
            allow_plain_http: false,
            client_id: client_id.into(),
            client_secret: SecretString::from(client_secret.into()),
            scopes: Vec::new(),
            audience: None,
        }
    }

    /// Adds a scope to the request.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Sets the audience of the token.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Allows the secret to be sent over plain HTTP to any host, not only to this machine and
    /// inside a cluster.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    async fn tokens(&self, http: &HttpClient) -> Result<Tokens, Error> {
        let url = &self.well_known_url;
        let provider = Provider::discovered(http, url, self.allow_plain_http).await?;
        let secret = self.client_secret.expose_secret();
        let exchange = Exchange::new(http, "token").hiding(secret);
        let client = provider
            .client(&self.client_id)
            .set_client_secret(ClientSecret::new(secret.to_owned()));
        let mut request = client
            .exchange_client_credentials()
            .add_scopes(self.scopes.iter().cloned().map(Scope::new));
        if let Some(audience) = &self.audience {
            request = request.add_extra_param("audience", audience.as_str());
        }
        let tokens = request
            .request_async(&exchange)
            .await
            .map_err(|error| exchange.error(error))?;
        Ok(Tokens(tokens))
    }
}

impl TokenSource for ClientCredentials {
    fn fetch<'a>(&'a self, http: &'a HttpClient) -> Pending<'a, AccessToken> {
        Box::pin(async move { Ok(self.tokens(http).await?.into()) })
    }
}
