//! The source of a client's access tokens: the login file, or the login server.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compute_kfp_runtime::credentials::{AccessToken, Pending, TokenSource};
use compute_kfp_runtime::oauth::Provider;
use compute_kfp_runtime::{Error, HttpClient};
use tokio::sync::watch;

use super::Login;
use super::account::{Account, StoredTokens};
use super::config_file::blocking;

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

impl LoginTokens {
    pub fn new(login: Login) -> Self {
        Self {
            login,
            known: Mutex::default(),
        }
    }

    async fn token(&self, http: &HttpClient) -> Result<AccessToken, Error> {
        let (_, stored) = self.stored().await?;
        let present = self.present(&stored);
        if self.is_useful(&present) {
            return Ok(self.hand_out(&present));
        }
        let _lock = self.login.file.lock().await?;
        let (account, stored) = self.stored().await?;
        let present = self.present(&stored);
        if self.is_useful(&present) {
            return Ok(self.hand_out(&present));
        }
        let tokens = match self.refresh(http, &account, &stored, &present).await {
            Ok(tokens) => tokens,
            // A program that does not lock the file may have used the refresh token just before.
            Err(error) => match self.stored().await {
                Ok((_, now)) if now == stored => return Err(error),
                Ok((_, now)) if self.is_useful(&now) => now,
                Ok((account, now)) => self.refresh(http, &account, &now, &now).await?,
                Err(_) => return Err(error),
            },
        };
        Ok(self.hand_out(&tokens))
    }

    async fn stored(&self) -> Result<(Account, StoredTokens), Error> {
        let login = self.login.clone();
        let mut account = blocking(move || login.known_account()).await?;
        let tokens = account.tokens.take();
        Ok((account, tokens.ok_or_else(|| self.login.logged_out())?))
    }

    /// Returns the newest tokens, given those in the file.
    fn present(&self, stored: &StoredTokens) -> StoredTokens {
        let known = self.known();
        let unsaved = known.unsaved.as_ref();
        let unsaved = unsaved.filter(|unsaved| unsaved.stored == *stored);
        unsaved.map_or(stored, |unsaved| &unsaved.tokens).clone()
    }

    fn is_useful(&self, tokens: &StoredTokens) -> bool {
        let news = self.known().handed_out.as_ref() != Some(&tokens.access_token);
        news && tokens.is_fresh()
    }

    fn hand_out(&self, tokens: &StoredTokens) -> AccessToken {
        self.known().handed_out = Some(tokens.access_token.clone());
        tokens.access_token()
    }

    /// Exchanges the present tokens for new ones, and stores them immediately.
    async fn refresh(
        &self,
        http: &HttpClient,
        account: &Account,
        stored: &StoredTokens,
        present: &StoredTokens,
    ) -> Result<StoredTokens, Error> {
        let refresh_token = present.refresh_token().ok_or_else(|| {
            Error::authentication(format!(
                "the login to `{}` has no refresh token; log in again with `Login::device`",
                self.login.host
            ))
        })?;
        let provider = Provider::discover(http, &account.well_known_endpoint).await?;
        let file = self.login.file.clone();
        let prepared = blocking(move || file.prepare()).await?;
        let _underway = Underway::new();
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
        let (key, storing) = (account.key.clone(), new.clone());
        let saved =
            blocking(move || prepared.change(|document| document.set_tokens(&key, Some(&storing))));
        self.known().unsaved = saved.await.err().map(|error| {
            tracing::warn!(
                %error,
                "cannot store new tokens; they remain in the memory of this program"
            );
            Unsaved {
                tokens: new.clone(),
                stored: stored.clone(),
            }
        });
        Ok(new)
    }

    /// Locks the known tokens. A poisoned lock is safe to use: no change to them can be left half done.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Number of refreshes in progress: a refresh token is spent, and its successor not yet stored.
static UNDERWAY: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));
/// Maximum duration of a refresh.
const LONGEST: Duration = Duration::from_secs(30);

struct Underway;

impl Underway {
    fn new() -> Self {
        UNDERWAY.send_modify(|count| *count += 1);
        Self
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        UNDERWAY.send_modify(|count| *count -= 1);
    }
}

/// Waits until no refresh is in progress.
pub(super) async fn settled() {
    let mut underway = UNDERWAY.subscribe();
    let settled = underway.wait_for(|count| *count == 0);
    let _ = tokio::time::timeout(LONGEST, settled).await;
}

impl TokenSource for LoginTokens {
    fn fetch<'a>(&'a self, http: &'a HttpClient) -> Pending<'a, AccessToken> {
        Box::pin(self.token(http))
    }
}
