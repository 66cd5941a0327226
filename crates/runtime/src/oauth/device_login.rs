//! Login on another device (RFC 8628), with PKCE (RFC 7636).

use std::fmt;
use std::time::Duration;

use chrono::DateTime;
use oauth2::{
    DeviceAuthorizationUrl, PkceCodeChallenge, PkceCodeVerifier, Scope,
    StandardDeviceAuthorizationResponse,
};
use tokio::time::{Instant, sleep};

use super::exchange::Exchange;
use super::provider::Provider;
use super::tokens::Tokens;
use crate::error::Error;
use crate::http_client::HttpClient;

/// Number of random bytes; they make a verifier of 64 characters.
const VERIFIER_BYTES: u32 = 48;
/// Minimum interval between requests, for a server that sends 0.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum interval between requests: a larger one is an error of the server, as no code is valid
/// for so long.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);
/// Maximum interval between requests while the server cannot be reached.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// A login that a person confirms in a browser, on this or any other device.
#[derive(Clone, Debug)]
pub struct DeviceLogin {
    client_id: String,
    audience: Option<String>,
    scope: Option<String>,
}

impl DeviceLogin {
    /// Creates a login for a client without a secret.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            audience: None,
            scope: None,
        }
    }

    /// Sets the audience of the tokens.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets the requested scope; separate several with spaces.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Starts the login: the server returns the code and the address to show to the person.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the server
    /// has no such endpoint, refuses, or sends an invalid response.
    pub async fn start(
        &self,
        http: &HttpClient,
        provider: &Provider,
    ) -> Result<PendingLogin, Error> {
        let url = DeviceAuthorizationUrl::from_url(provider.device_authorization()?.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256_len(VERIFIER_BYTES);
        let exchange = Exchange::new(http, "code for a login");
        let client = provider
            .client(&self.client_id)
            .set_device_authorization_url(url);
        let mut request = client
            .exchange_device_code()
            .add_extra_param("code_challenge_method", challenge.method().as_str())
            .add_extra_param("code_challenge", challenge.as_str());
        if let Some(audience) = &self.audience {
            request = request.add_extra_param("audience", audience.as_str());
        }
        if let Some(scope) = &self.scope {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let shown: StandardDeviceAuthorizationResponse = request
            .request_async(&exchange)
            .await
            .map_err(|error| exchange.error(error))?;
        if shown.interval() > LONGEST_INTERVAL {
            return Err(exchange.refused(&format!(
                "its polling interval of {} s is too long",
                shown.interval().as_secs()
            )));
        }
        Ok(PendingLogin {
            http: http.clone(),
            provider: provider.clone(),
            client_id: self.client_id.clone(),
            verifier,
            began: Instant::now(),
            shown,
        })
    }
}

/// A login that waits for confirmation by a person.
///
/// Show [`verification_uri_complete`](Self::verification_uri_complete), or
/// [`verification_uri`](Self::verification_uri), and [`user_code`](Self::user_code). Then call
/// [`finish`](Self::finish).
#[must_use = "the login is over when `finish` returns"]
pub struct PendingLogin {
    http: HttpClient,
    provider: Provider,
    client_id: String,
    verifier: PkceCodeVerifier,
    began: Instant,
    shown: StandardDeviceAuthorizationResponse,
}

impl PendingLogin {
    /// Returns the address of the page on which the person enters the code.
    pub fn verification_uri(&self) -> &str {
        self.shown.verification_uri().as_str()
    }

    /// Returns the address of the page with the code included, if the server sent one.
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.shown
            .verification_uri_complete()
            .map(|uri| uri.secret().as_str())
    }

    /// Returns the code to enter, or to compare with the page.
    pub fn user_code(&self) -> &str {
        self.shown.user_code().secret()
    }

    /// Returns the time within which the person must confirm, counted from the start.
    pub fn expires_in(&self) -> Duration {
        self.shown.expires_in()
    }

    /// Waits until the person has confirmed.
    ///
    /// It polls the server as often as the server allows. While the server cannot be reached or is
    /// unhealthy, it continues to poll until the code expires.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the person
    /// refused (`access_denied`) or took too long (`expired_token`), or the server refuses for
    /// another reason.
    pub async fn finish(self) -> Result<Tokens, Error> {
        let exchange = Exchange::new(&self.http, "tokens");
        let client = self.provider.client(&self.client_id);
        let (began, interval) = (self.began, self.shown.interval());
        let tokens = client
            .exchange_device_access_token(&self.shown)
            .add_extra_param("code_verifier", self.verifier.secret())
            // A clock that starts at 0 and that nobody sets.
            .set_time_fn(move || DateTime::UNIX_EPOCH + began.elapsed())
            .set_max_backoff_interval(interval.max(LONGEST_BACKOFF))
            .request_async(
                &exchange,
                |interval| sleep(interval.max(SHORTEST_INTERVAL)),
                Some(self.shown.expires_in().saturating_sub(began.elapsed())),
            )
            .await
            .map_err(|error| exchange.error(error))?;
        Ok(Tokens(tokens))
    }
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("verification_uri", &self.verification_uri())
            .field("expires_in", &self.expires_in())
            .finish_non_exhaustive()
    }
}
