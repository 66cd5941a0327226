//! The source of a client's access tokens: the login file, or the login server.

use std::time::Duration;

use compute_kfp_runtime::credentials::{AccessToken, Pending, TokenSource};
use compute_kfp_runtime::oauth::Provider;
use compute_kfp_runtime::{Error, HttpClient};
use tokio::sync::{Mutex, RwLock};

use super::Login;
use super::account::{Account, StoredTokens};

/// The tokens of one client. A token is handed out only once: the client asks again only when the token
/// is about to expire or was refused.
pub(crate) struct LoginTokens {
    login: Login,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    handed_out: Option<String>,
    unsaved: Option<Unsaved>,
}

/// Tokens that could not be stored.
struct Unsaved {
    tokens: StoredTokens,
    /// Tokens that the file still holds.
    stored: StoredTokens,
}

impl Known {
    /// Returns the newest tokens, given those in the file.
    fn newest(&self, stored: &StoredTokens) -> StoredTokens {
        let unsaved = self.unsaved.as_ref();
        let unsaved = unsaved.filter(|unsaved| unsaved.stored == *stored);
        unsaved.map_or(stored, |unsaved| &unsaved.tokens).clone()
    }

    /// Hands out the newest token if it is fresh and the client does not have it.
    fn useful(&mut self, stored: &StoredTokens) -> Option<AccessToken> {
        let newest = self.newest(stored);
        let is_known = self.handed_out.as_ref() == Some(&newest.access_token);
        (!is_known && newest.is_fresh()).then(|| self.hand_out(&newest))
    }

    fn hand_out(&mut self, tokens: &StoredTokens) -> AccessToken {
        self.handed_out = Some(tokens.access_token.clone());
        tokens.access_token()
    }
}

impl LoginTokens {
    pub fn new(login: Login) -> Self {
        Self {
            login,
            known: Mutex::default(),
        }
    }

    async fn token(&self, http: &HttpClient) -> Result<AccessToken, Error> {
        let mut known = self.known.lock().await;
        let (_, stored) = self.stored().await?;
        if let Some(token) = known.useful(&stored) {
            return Ok(token);
        }
        let _lock = self.login.file.lock().await?;
        let (account, stored) = self.stored().await?;
        if let Some(token) = known.useful(&stored) {
            return Ok(token);
        }
        match self.refresh(http, &mut known, &account, &stored).await {
            Ok(token) => Ok(token),
            // A program that does not lock the file may have used the refresh token just before.
            Err(error) => match self.stored().await {
                Ok((account, now)) if now != stored => match known.useful(&now) {
                    Some(token) => Ok(token),
                    None => self.refresh(http, &mut known, &account, &now).await,
                },
                _ => Err(error),
            },
        }
    }

    async fn stored(&self) -> Result<(Account, StoredTokens), Error> {
        let stored = self.login.load().await?;
        stored.ok_or_else(|| self.login.logged_out())
    }

    /// Exchanges the newest tokens for new ones, and stores them immediately.
    async fn refresh(
        &self,
        http: &HttpClient,
        known: &mut Known,
        account: &Account,
        stored: &StoredTokens,
    ) -> Result<AccessToken, Error> {
        let newest = known.newest(stored);
        let refresh_token = newest.refresh_token().ok_or_else(|| {
            Error::authentication(format!(
                "the login to `{}` has no refresh token; log in again with `Login::device`",
                self.login.host
            ))
        })?;
        let provider = Provider::discover(http, &account.well_known_endpoint).await?;
        let prepared = self.login.file.prepare().await?;
        let _underway = UNDERWAY.read().await;
        let tokens = provider
            .refresh(http, &account.client_id, refresh_token)
            .await
            .map_err(|error| {
                let message = format!(
                    "cannot refresh the login to `{}`; if this persists, log in again with `Login::device`: {}",
                    self.login.host,
                    error.message()
                );
                Error::of_credential(message, error)
            })?;
        let new = StoredTokens::new(&tokens);
        let (host, storing) = (self.login.host.clone(), new.clone());
        let saved = prepared.change(move |document| document.set_tokens(&host, &storing));
        known.unsaved = saved.await.err().map(|error| {
            tracing::warn!(
                %error,
                "cannot store new tokens; they remain in the memory of this program"
            );
            Unsaved {
                tokens: new.clone(),
                stored: stored.clone(),
            }
        });
        Ok(known.hand_out(&new))
    }
}

/// Read-locked by each refresh in progress: its refresh token is spent, and the next one not yet stored.
static UNDERWAY: RwLock<()> = RwLock::const_new(());
/// Maximum duration of a refresh.
const LONGEST: Duration = Duration::from_secs(30);

impl Login {
    /// Waits until no refresh of a login is in progress in this process, for 30 s at most. Call it before
    /// a program ends in the middle of a call.
    pub async fn settled() {
        let _ = tokio::time::timeout(LONGEST, UNDERWAY.write()).await;
    }
}

impl TokenSource for LoginTokens {
    fn fetch<'a>(&'a self, http: &'a HttpClient) -> Pending<'a, AccessToken> {
        Box::pin(self.token(http))
    }
}
