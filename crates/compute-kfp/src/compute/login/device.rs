//! The first login, in a browser on this or any other device.

use std::ops::Deref;
use std::path::PathBuf;

use compute_kfp_runtime::{Error, Transport, TransportBuilder, oauth};

use super::account::StoredTokens;
use super::config_file::ConfigFile;
use super::document::SCOPE;
use super::{Login, default_file};
use crate::compute::{Client, types};

/// A login to Quantum Inspire that is about to start; see [`Login::device`].
///
/// Unlike [`oauth::DeviceLogin`], it asks the API for its login server, and stores the tokens in the
/// login file.
#[derive(Clone, Debug)]
#[must_use = "the login begins with `start`"]
pub struct DeviceLogin {
    endpoint: String,
    file: Option<PathBuf>,
    transport: TransportBuilder,
    share_login_server: bool,
}

impl Login {
    /// Starts a login in a browser to the server at `endpoint`, such as
    /// [`DEFAULT_ENDPOINT`](crate::compute::DEFAULT_ENDPOINT).
    pub fn device(endpoint: impl Into<String>) -> DeviceLogin {
        let endpoint: String = endpoint.into();
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        DeviceLogin {
            transport: Transport::builder(&endpoint),
            endpoint,
            file: None,
            share_login_server: false,
        }
    }
}

impl DeviceLogin {
    /// Sets the file that stores the login [default: `~/.quantuminspire/config.json`].
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Configures the transport: time limits, a proxy, certificates. It connects to the API and to the
    /// login server, which needs HTTPS even if the transport allows plain HTTP.
    pub fn transport(mut self, set: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
        self.transport = set(self.transport);
        self
    }

    /// Sets whether the API may name a login server that the login file already has for another API
    /// [default: `false`].
    ///
    /// A token of a shared login server may be accepted by both APIs. Allow this only if one operator
    /// runs both: otherwise the new API could act for you at the other one.
    pub fn share_login_server(mut self, allow: bool) -> Self {
        self.share_login_server = allow;
        self
    }

    /// Asks the API for its login server, and the login server for a code to show.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::ErrorKind::Configuration) if the endpoint is
    /// not a URL or would get secrets over plain HTTP, if the file cannot be read, or if the API names
    /// another login server than before or the one of another API. The kind is
    /// [`Authentication`](crate::ErrorKind::Authentication) if the login server refuses. If the call to
    /// the API fails, its error is returned.
    #[inline]
    pub async fn start(self) -> Result<PendingLogin, Error> {
        let file = ConfigFile(self.file.map_or_else(default_file, Ok)?);
        // A file that cannot be used fails here, before the user confirms.
        let document = file.read()?;
        let login = Login {
            file,
            host: self.endpoint,
            http: None,
        };
        let builder = Client::builder().transport(|_| self.transport);
        let client = builder.login(login.clone()).build()?;
        let settings = client.auth_config().send().await?.into_inner();
        let login_server = &settings.well_known_endpoint;
        match document.account(&login.host)? {
            Some(known) if known.well_known_endpoint == *login_server => {}
            // A server that was taken over could send people to log in where it likes.
            Some(known) if known.tokens.is_some() => {
                return Err(Error::configuration(format!(
                    "`{}` names another login server than before, `{login_server}` in place of `{}`; if its \
                     operator says that this is right, log out of it and log in again",
                    login.host, known.well_known_endpoint
                )));
            }
            _ if self.share_login_server => {}
            _ => {
                if let Some(other) = document.other_server_of(login_server, &login.host)? {
                    return Err(Error::configuration(format!(
                        "`{}` names the login server of `{other}`, `{login_server}`, so it could use your \
                         login there; if one operator runs both, allow it with `share_login_server`",
                        login.host
                    )));
                }
            }
        }
        let http = client.transport().http_client();
        let provider = oauth::Provider::discover(http, login_server).await?;
        let pending = oauth::DeviceLogin::new(&settings.client_id)
            .audience(&settings.audience)
            .scope(SCOPE)
            .start(http, &provider)
            .await?;
        Ok(PendingLogin {
            login: login.http_client(http.clone()),
            client,
            settings,
            pending,
        })
    }
}

/// A login that waits for the user's confirmation. It dereferences to the [`oauth::PendingLogin`], which
/// has what to show to the user.
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
    /// Waits until the user has confirmed, stores the tokens, and requests the memberships.
    ///
    /// If there is exactly one membership, its id is stored, too. The file's `default_host`
    /// becomes this server if it had none.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Authentication`](crate::ErrorKind::Authentication) if the user
    /// refused or took too long. The kind is [`Configuration`](crate::ErrorKind::Configuration) if the
    /// tokens cannot be stored. If only the request for the memberships fails, the tokens are stored
    /// and the error is that of the request.
    #[inline]
    pub async fn finish(self) -> Result<LoggedIn, Error> {
        let tokens = StoredTokens::new(&self.pending.finish().await?);
        let (host, settings) = (self.login.host.clone(), self.settings);
        let file = &self.login.file;
        let lock = file.lock().await?;
        file.change(move |document| document.log_in(&host, &settings, &tokens))
            .await?;
        drop(lock);
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

/// What to show to the user.
impl Deref for PendingLogin {
    type Target = oauth::PendingLogin;

    fn deref(&self) -> &oauth::PendingLogin {
        &self.pending
    }
}

/// A stored login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The login, for [`ClientBuilder::login`](crate::compute::ClientBuilder::login).
    pub login: Login,
    /// The memberships of the user, at most 50. If there is not exactly one, choose one with
    /// [`Login::set_team_member_id`].
    pub members: Vec<types::Member>,
}
