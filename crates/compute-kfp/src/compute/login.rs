//! Logging in to Quantum Inspire, and the file that stores the login.
//!
//! The file is `~/.quantuminspire/config.json`. Other Quantum Inspire programs read and write it, too.
//! Fields that this SDK does not know are preserved. The file is replaced as a whole, and only its
//! owner can read it.

mod account;
mod config_file;
mod device;
mod document;
mod tokens;

use std::env;
use std::path::{Path, PathBuf};

use compute_kfp_runtime::oauth::Provider;
use compute_kfp_runtime::{Error, HttpClient, Transport};
use serde_json::Value;

use self::account::{Account, StoredTokens};
use self::config_file::{ConfigFile, blocking};
pub use self::device::{DeviceLogin, LoggedIn, PendingLogin};
use self::document::Document;
pub(super) use self::tokens::LoginTokens;
use super::DEFAULT_ENDPOINT;

/// A login stored in a file.
///
/// Pass it to a client with [`ClientBuilder::login`](super::ClientBuilder::login). The client sends the
/// access token of the file. It gets a new one if the token expires in less than 5 s or is refused.
///
/// If the login server replaces the refresh token, the new one is stored before the new access token is
/// used. Disk space for it is reserved first: if that fails, the refresh token is not spent, and the
/// call fails with an error that says why. If storing still fails, the client keeps the token in
/// memory, logs a warning with `tracing`, and stores it with the next one.
///
/// A refresh continues if the call that needed it is dropped. A program that ends meanwhile, such as on
/// Ctrl-C, waits for it with [`Login::settled`]. If a program is killed before it has the response of
/// the login server, a refresh token that can be used only once is lost.
///
/// Of the programs that share a file, one at a time gets new tokens, and the others use them.
/// They use a lock file in the same directory that only its owner can lock.
///
/// ```no_run
/// # async fn example() -> compute_kfp::Result<()> {
/// use compute_kfp::compute::{Client, Login};
///
/// let client = Client::builder().login(Login::from_default_file()?).build()?;
/// println!("{} jobs", client.read_jobs().send().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Login {
    file: ConfigFile,
    host: String,
    http: Option<HttpClient>,
}

impl Login {
    /// Loads the login of `~/.quantuminspire/config.json`, for the file's `default_host`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_file`](Self::from_file), and one of kind
    /// [`Configuration`](crate::ErrorKind::Configuration) if there is no home directory.
    pub fn from_default_file() -> Result<Self, Error> {
        Self::from_file(default_file()?)
    }

    /// Loads the login of a file, for its `default_host` [default: [`DEFAULT_ENDPOINT`]].
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if there is no
    /// such file, and of kind [`Configuration`](crate::ErrorKind::Configuration) if it cannot be read.
    /// The file is left unchanged.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let file = ConfigFile(path.into());
        if let Ok(false) = file.0.try_exists() {
            return Err(Error::authentication(format!(
                "there is no login file `{}`; log in with `Login::device`",
                file.0.display()
            )));
        }
        let document = file.read()?;
        let host = document.default_host()?;
        Ok(Self {
            host: host.unwrap_or(DEFAULT_ENDPOINT).to_owned(),
            file,
            http: None,
        })
    }

    /// Sets the server to log in to [default: the file's `default_host`].
    pub fn host(mut self, url: impl Into<String>) -> Self {
        self.host = url.into();
        self
    }

    /// Sets your own client of `reqwest` 0.13 for [`log_out`](Self::log_out), for example one with a
    /// proxy or certificates.
    pub fn http_client(mut self, http: impl Into<HttpClient>) -> Self {
        self.http = Some(http.into());
        self
    }

    /// Returns the server of this login.
    pub fn endpoint(&self) -> &str {
        &self.host
    }

    /// Returns the path of the login file.
    pub fn path(&self) -> &Path {
        &self.file.0
    }

    /// Returns whether the file holds tokens for the server. They may have expired.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if the file cannot
    /// be read.
    pub fn is_logged_in(&self) -> Result<bool, Error> {
        Ok(self
            .account()?
            .is_some_and(|account| account.tokens.is_some()))
    }

    /// Returns the membership that the user works as, if one is chosen.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if the file cannot
    /// be read.
    pub fn team_member_id(&self) -> Result<Option<i64>, Error> {
        Ok(self.account()?.and_then(|account| account.team_member_id))
    }

    /// Chooses the membership that the user works as, and stores it.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if the file cannot
    /// be read or written, and of kind [`Authentication`](crate::ErrorKind::Authentication) if it holds
    /// no login to the server.
    pub async fn set_team_member_id(&self, id: i64) -> Result<(), Error> {
        let _lock = self.file.lock().await?;
        let login = self.clone();
        let change = move |document: &mut Document| {
            let account = document.account(&login.host)?;
            account.ok_or_else(|| login.logged_out())?;
            document.set(&login.host, [("team_member_id", id.into())])
        };
        self.file.change(change).await
    }

    /// Revokes the refresh token and removes the tokens from the file.
    ///
    /// The tokens are removed even if the login server could not be reached; the error says so then.
    /// Without tokens, this does nothing. A client that already uses the login can continue until
    /// its access token expires.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the login
    /// server refuses or cannot be reached. The kind is
    /// [`Configuration`](crate::ErrorKind::Configuration) if the file cannot be read or written.
    pub async fn log_out(&self) -> Result<(), Error> {
        let _lock = self.file.lock().await?;
        let Some((account, tokens)) = self.load().await? else {
            return Ok(());
        };
        let revoked = match tokens.refresh_token() {
            Some(token) => self.revoke(&account, token).await,
            None => Ok(()),
        };
        let host = self.host.clone();
        let no_tokens = [("tokens", Value::Null)];
        let change = move |document: &mut Document| document.set(&host, no_tokens);
        self.file.change(change).await?;
        revoked.map_err(|error| {
            Error::authentication(format!(
                "logged out of `{}` here, but the refresh token may still be valid: {}",
                self.host,
                error.message()
            ))
            .caused_by(error)
        })
    }

    async fn revoke(&self, account: &Account, refresh_token: &str) -> Result<(), Error> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => Transport::builder(&self.host)
                .build()?
                .http_client()
                .clone(),
        };
        Provider::discover(&http, &account.well_known_endpoint)
            .await?
            .revoke(&http, &account.client_id, refresh_token)
            .await
    }

    /// Returns the file's entry for the server.
    fn account(&self) -> Result<Option<Account>, Error> {
        self.file.read()?.account(&self.host)
    }

    /// Returns that entry and its tokens, if there are any.
    async fn load(&self) -> Result<Option<(Account, StoredTokens)>, Error> {
        let login = self.clone();
        let mut account = blocking(move || login.account()).await?;
        let tokens = account.as_mut().and_then(|account| account.tokens.take());
        Ok(account.zip(tokens))
    }

    fn logged_out(&self) -> Error {
        Error::authentication(format!(
            "`{}` holds no tokens for `{}`; log in with `Login::device`",
            self.file.0.display(),
            self.host
        ))
    }

    /// Returns the login of the default file, if it holds tokens for the server.
    pub(super) fn found(endpoint: Option<&str>) -> Result<Option<Self>, Error> {
        let Ok(path) = default_file() else {
            return Ok(None);
        };
        if !path.exists() {
            return Ok(None);
        }
        let mut login = Self::from_file(path)?;
        if let Some(endpoint) = endpoint {
            login = login.host(endpoint);
        }
        Ok(login.is_logged_in()?.then_some(login))
    }
}

fn default_file() -> Result<PathBuf, Error> {
    let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home = home.ok_or_else(|| {
        Error::configuration("no home directory to look for the login file in; name the file")
    })?;
    Ok(home.join(".quantuminspire").join("config.json"))
}
