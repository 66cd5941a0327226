//! The first login, by a browser on this or any other device.

use std::path::PathBuf;
use std::time::Duration;

use compute_kfp_runtime::{Error, oauth};

use super::account::StoredTokens;
use super::config_file::{ConfigFile, blocking};
use super::document::NewAccount;
use super::{Login, default_file};
use crate::compute::{Client, types};

const SCOPE: &str = "api-access openid profile email offline_access";

/// A login that is about to start; see [`Login::device`].
#[derive(Clone, Debug)]
#[must_use = "the login begins with `start`"]
pub struct DeviceLogin {
    endpoint: String,
    file: Option<PathBuf>,
    http: Option<reqwest::Client>,
    allow_plain_http: bool,
}

impl DeviceLogin {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            file: None,
            http: None,
            allow_plain_http: false,
        }
    }

    /// Keeps the login in this file, not in `~/.quantuminspire/config.json`.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// What to connect by, where a proxy or certificates are needed.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Sends tokens to the API over plain HTTP to any host; the login server needs HTTPS.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Asks the server who its login server is, and that for a code to show.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration): the endpoint is not a URL or
    /// would get secrets over plain HTTP, or the file cannot be read. Of kind
    /// [`Authentication`](crate::ErrorKind::Authentication): the login server refuses. Or whatever
    /// keeps the API from answering.
    #[inline]
    pub async fn start(self) -> Result<PendingLogin, Error> {
        let file = ConfigFile::new(self.file.map_or_else(default_file, Ok)?);
        // Better now than when the person has done their part.
        file.read()?;
        let login = Login {
            file,
            host: self.endpoint,
            http: self.http.clone(),
        };
        let allow = self.allow_plain_http;
        let builder = Client::builder().login(login.clone());
        let mut builder = builder.transport(|transport| transport.allow_plain_http(allow));
        if let Some(http) = self.http {
            builder = builder.transport(|transport| transport.http_client(http));
        }
        let client = builder.build()?;
        let settings = client.auth_config().send().await?.into_inner();
        let known = login.account()?.filter(|known| known.tokens.is_some());
        if let Some(known) = known
            && known.well_known_endpoint != settings.well_known_endpoint
        {
            // A server that was taken over could send people to log in where it likes.
            return Err(Error::configuration(format!(
                "`{}` names another login server than before, `{}` in place of `{}`; if its operator \
                 says that this is right, log out of it and log in again",
                login.host, settings.well_known_endpoint, known.well_known_endpoint
            )));
        }
        let http = client.transport().http_client();
        let provider = oauth::Provider::discover(http, &settings.well_known_endpoint).await?;
        let pending = oauth::DeviceLogin::new(&settings.client_id)
            .audience(&settings.audience)
            .scope(SCOPE)
            .start(http, &provider)
            .await?;
        Ok(PendingLogin {
            login,
            client,
            settings,
            pending,
        })
    }
}

/// A login that waits for a person.
///
/// ```no_run
/// # async fn example() -> compute_kfp::Result<()> {
/// use compute_kfp::compute::{DEFAULT_ENDPOINT, Login};
///
/// let pending = Login::device(DEFAULT_ENDPOINT).start().await?;
/// let page = pending.verification_uri_complete().unwrap_or(pending.verification_uri());
/// println!("open {page} and check that it shows {}", pending.user_code());
/// let logged_in = pending.finish().await?;
/// if logged_in.members.len() != 1 {
///     println!("choose one of {:?}", logged_in.members);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the login is over when `finish` returns"]
pub struct PendingLogin {
    login: Login,
    client: Client,
    settings: types::AuthConfig,
    pending: oauth::PendingLogin,
}

impl PendingLogin {
    /// The page where the person enters the code.
    pub fn verification_uri(&self) -> &str {
        self.pending.verification_uri()
    }

    /// The page with the code already in its address, where there is one.
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.pending.verification_uri_complete()
    }

    /// The code to enter, or to compare with the page.
    pub fn user_code(&self) -> &str {
        self.pending.user_code()
    }

    /// How long the person has, counted from the start.
    pub fn expires_in(&self) -> Duration {
        self.pending.expires_in()
    }

    /// Waits until the person has confirmed, stores the tokens, and asks for the memberships.
    ///
    /// Where there is exactly one membership, its id is stored, too. The file's `default_host`
    /// becomes this server if it had none.
    ///
    /// # Errors
    ///
    /// Of kind [`Authentication`](crate::ErrorKind::Authentication): the person refused or took too
    /// long. Of kind [`Configuration`](crate::ErrorKind::Configuration): the tokens cannot be
    /// stored. Where only the memberships cannot be had the tokens are stored, and the error is
    /// that call's.
    #[inline]
    pub async fn finish(self) -> Result<LoggedIn, Error> {
        let tokens = StoredTokens::new(&self.pending.finish().await?);
        let (login, settings) = (self.login.clone(), self.settings);
        {
            let _turn = self.login.file.turn().await?;
            blocking(move || {
                login.file.change(|document| {
                    document.log_in(&NewAccount {
                        host: &login.host,
                        client_id: &settings.client_id,
                        well_known_endpoint: &settings.well_known_endpoint,
                        audience: &settings.audience,
                        scope: SCOPE,
                        tokens: &tokens,
                    })
                })
            })
            .await?;
        }
        let page = self.client.read_members().send().await?.into_inner();
        if let ([member], ..=1) = (page.items.as_slice(), page.total) {
            self.login.set_team_member_id(member.id).await?;
        }
        Ok(LoggedIn {
            login: self.login,
            members: page.items,
        })
    }
}

/// A login that is stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The login, for [`ClientBuilder::login`](crate::compute::ClientBuilder::login).
    pub login: Login,
    /// The memberships of the user, at most 50. Where there is not exactly one, choose one with
    /// [`Login::set_team_member_id`].
    pub members: Vec<types::Member>,
}
