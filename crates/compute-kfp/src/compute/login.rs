//! Logging in to Quantum Inspire, and the file that keeps the login.
//!
//! The file is `~/.quantuminspire/config.json`, which other programs of Quantum Inspire read and
//! write, too. What this SDK does not know in it stays as it is. It is replaced as a whole and
//! readable by its owner alone.

mod account;
mod config_file;
mod device;
mod document;
mod tokens;

use std::env;
use std::path::{Path, PathBuf};

use compute_kfp_runtime::oauth::Provider;
use compute_kfp_runtime::{Error, Transport};

use self::account::Account;
use self::config_file::{ConfigFile, blocking};
pub use self::device::{DeviceLogin, LoggedIn, PendingLogin};
pub(super) use self::tokens::LoginTokens;
use super::DEFAULT_ENDPOINT;

/// A login that a file keeps.
///
/// A client that uses it ([`ClientBuilder::login`](super::ClientBuilder::login)) sends the access
/// token of the file, and gets a new one when that has less than 5 s to live or is refused. A
/// refresh token that the login server replaces is stored before the new access token is used. The
/// room for it on the disk is made ready first: if it cannot be, the refresh token is not spent, and
/// the call fails with an error that says why. If it cannot be stored all the same, the client goes
/// on with it in memory, warns by `tracing`, and stores it with the next one.
///
/// A refresh goes on if the call that needed it is dropped. A program that ends meanwhile, such as by
/// Ctrl-C, waits for it with [`Login::settled`]. A program that is killed while the answer of the
/// login server is under way loses a refresh token that can be used only once.
///
/// Programs that use one file take turns at getting new tokens, by a lock beside it that only its
/// owner can hold, and use what another has stored.
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
    http: Option<reqwest::Client>,
}

impl Login {
    /// The login of `~/.quantuminspire/config.json`, for the file's `default_host`.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file); also of kind
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is no home folder.
    pub fn from_default_file() -> Result<Self, Error> {
        Self::from_file(default_file()?)
    }

    /// The login of a file, for its `default_host`, or [`DEFAULT_ENDPOINT`] where it names none.
    ///
    /// # Errors
    ///
    /// Of kind [`Authentication`](crate::ErrorKind::Authentication) where there is no such file, of
    /// kind [`Configuration`](crate::ErrorKind::Configuration) where it cannot be read; it is left
    /// as it is.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let file = ConfigFile::new(path.into());
        let Some(document) = file.read()? else {
            return Err(file.missing());
        };
        let host = document
            .default_host()
            .map_err(|fault| file.fault(&fault))?;
        Ok(Self {
            host: host.unwrap_or(DEFAULT_ENDPOINT).to_owned(),
            file,
            http: None,
        })
    }

    /// The server to be logged in to, in place of the file's default.
    pub fn host(mut self, url: impl Into<String>) -> Self {
        self.host = url.into();
        self
    }

    /// What [`log_out`](Self::log_out) connects by, where a proxy or certificates are needed.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Starts to log in to the server at `endpoint`, such as [`DEFAULT_ENDPOINT`], by a browser.
    pub fn device(endpoint: impl Into<String>) -> DeviceLogin {
        DeviceLogin::new(endpoint.into())
    }

    /// Waits until no refresh of a login is under way in this process, for 30 s at most.
    ///
    /// ```no_run
    /// # async fn example() {
    /// // Before the program ends in the middle of a call:
    /// compute_kfp::compute::Login::settled().await;
    /// # }
    /// ```
    pub async fn settled() {
        tokens::settled().await;
    }

    /// The server that this login is for.
    pub fn endpoint(&self) -> &str {
        &self.host
    }

    /// Where the login is kept.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the file holds tokens for the server; they may have expired.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration) where the file cannot be read.
    pub fn is_logged_in(&self) -> Result<bool, Error> {
        Ok(self
            .account()?
            .is_some_and(|account| account.tokens.is_some()))
    }

    /// The membership that the user works as, where it is chosen.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration) where the file cannot be read.
    pub fn team_member_id(&self) -> Result<Option<i64>, Error> {
        Ok(self.account()?.and_then(|account| account.team_member_id))
    }

    /// Chooses the membership that the user works as, and stores it.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration) where the file cannot be read or
    /// written, of kind [`Authentication`](crate::ErrorKind::Authentication) where it knows no
    /// login to the server.
    pub async fn set_team_member_id(&self, id: i64) -> Result<(), Error> {
        let _turn = self.file.turn().await?;
        let login = self.clone();
        blocking(move || {
            let account = login.known_account()?;
            login
                .file
                .change(|document| document.set_team_member_id(&account.key, Some(id)))
        })
        .await
    }

    /// Makes the refresh token useless and takes the tokens out of the file.
    ///
    /// They are taken out even where the login server could not be told; the error says so then.
    /// Without tokens there is nothing to do. A client that already uses the login can go on until
    /// its access token expires.
    ///
    /// # Errors
    ///
    /// Of kind [`Authentication`](crate::ErrorKind::Authentication): the login server refuses or
    /// cannot be reached. Of kind [`Configuration`](crate::ErrorKind::Configuration): the file
    /// cannot be read or written.
    pub async fn log_out(&self) -> Result<(), Error> {
        let _turn = self.file.turn().await?;
        let login = self.clone();
        let Some(account) = blocking(move || login.account()).await? else {
            return Ok(());
        };
        let Some(tokens) = &account.tokens else {
            return Ok(());
        };
        let revoked = match tokens.refresh_token() {
            Some(token) => self.revoke(&account, token).await,
            None => Ok(()),
        };
        let (file, key) = (self.file.clone(), account.key.clone());
        blocking(move || file.change(|document| document.set_tokens(&key, None))).await?;
        revoked.map_err(|error| {
            Error::authentication(format!(
                "logged out of `{}` here, but the refresh token may still be good: {}",
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

    /// What the file holds for the server.
    fn account(&self) -> Result<Option<Account>, Error> {
        match self.file.read()? {
            Some(document) => document
                .account(&self.host)
                .map_err(|fault| self.file.fault(&fault)),
            None => Ok(None),
        }
    }

    fn known_account(&self) -> Result<Account, Error> {
        self.account()?.ok_or_else(|| self.logged_out())
    }

    fn logged_out(&self) -> Error {
        Error::authentication(format!(
            "`{}` holds no tokens for `{}`; log in with `Login::device`",
            self.file.path().display(),
            self.host
        ))
    }

    /// The login of the default file, if it holds tokens for the server.
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
        Error::configuration("there is no home folder to look for the login file in; name the file")
    })?;
    Ok(home.join(".quantuminspire").join("config.json"))
}
