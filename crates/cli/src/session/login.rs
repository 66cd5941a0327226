//! Login in a browser, on this or any other device, and its end.

use std::time::Duration;

use clap::Args;
use compute_kfp::ErrorKind;
use compute_kfp::compute::login::PendingLogin;
use compute_kfp::compute::{DEFAULT_ENDPOINT, Login};

use super::{membership, stored_login, whoami};
use crate::api::Api;
use crate::bar;
use crate::client::ApiClient;
use crate::failure::{Failure, say, warn};
use crate::options::Options;
use crate::settings::Settings;

/// Log in to Quantum Inspire in a browser
///
/// The browser may run on this or any other device. The login is stored in
/// ~/.quantuminspire/config.json, which the program `quantuminspire` uses too. The server comes from
/// --endpoint, the profile or COMPUTE_ENDPOINT; the default is the public server.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Membership to work as, if you belong to several teams; a valid login is kept
    #[arg(long, value_name = "ID")]
    team_member: Option<i64>,
    /// Allow a login server that another API uses too; only if one operator runs both
    #[arg(long)]
    share_login_server: bool,
}

impl Arguments {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("`login` is more than one request")?;
        options
            .in_time("login not completed", self.log_in(options))
            .await
    }

    async fn log_in(&self, options: &Options) -> Result<(), Failure> {
        let settings = Settings::read(options)?;
        let endpoint = settings.endpoint(Api::Compute);
        let endpoint = endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let configured = match self.keep_login(&settings, &endpoint).await? {
            Some(configured) => configured,
            None => self.log_in_anew(&settings, &endpoint).await?,
        };
        let used = ApiClient::if_configured(&settings, Api::Compute);
        if let Some(hidden) = used.ok().flatten().and_then(|used| used.hidden_login()) {
            warn(&hidden);
        }
        whoami::print(options, &configured).await
    }

    /// Changes the membership of the existing login if one is given. Returns `None` if none is, or if
    /// the login is no longer valid.
    async fn keep_login(
        &self,
        settings: &Settings<'_>,
        endpoint: &str,
    ) -> Result<Option<ApiClient>, Failure> {
        let Some(id) = self.team_member else {
            return Ok(None);
        };
        let login = match stored_login(Some(endpoint.to_owned()))? {
            Some(login) if login.is_logged_in()? => login,
            _ => return Ok(None),
        };
        let configured = ApiClient::of_login(settings, login.endpoint())?;
        match membership::set(&configured, &login, id).await {
            Ok(()) => Ok(Some(configured)),
            Err(error) if error.kind() == ErrorKind::Authentication => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn log_in_anew(
        &self,
        settings: &Settings<'_>,
        endpoint: &str,
    ) -> Result<ApiClient, Failure> {
        let transport = settings.connections(Api::Compute, endpoint)?;
        let device = Login::device(endpoint)
            .transport(|_| transport)
            .share_login_server(self.share_login_server);
        let pending = device.start().await?;
        show(&pending, endpoint);
        let spinner = bar::of_states(settings.options, "waiting for you to confirm");
        let logged_in = pending.finish().await?;
        drop(spinner);
        let login = logged_in.login;
        say(&format!(
            "logged in to `{}`; the login is stored in `{}`",
            login.endpoint(),
            login.path().display()
        ));
        let configured = ApiClient::of_login(settings, login.endpoint())?;
        match self.team_member {
            Some(id) => membership::set(&configured, &login, id).await?,
            None => membership::choose(&configured, &login, &logged_in.members).await?,
        }
        Ok(configured)
    }
}

fn show(pending: &PendingLogin, endpoint: &str) {
    let page = pending.verification_uri_complete();
    let page = page.unwrap_or(pending.verification_uri());
    let code = pending.user_code();
    let left = humantime::format_duration(Duration::from_secs(pending.expires_in().as_secs()));
    say(&format!(
        "To log in to {endpoint}, open\n  {page}\nand check that it shows the code {code}, or enter it \
         there.\nThe code is valid for {left}."
    ));
}

/// Log out of Quantum Inspire
///
/// Revokes the refresh token and removes the tokens from the login file. Without --endpoint, a profile
/// or COMPUTE_ENDPOINT, this ends the login to the file's default server.
#[derive(Args, Clone, Debug)]
pub struct Logout {}

impl Logout {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("`logout` is more than one request")?;
        let late = "the login is unchanged: the login server did not respond";
        options.in_time(late, log_out(options)).await
    }
}

async fn log_out(options: &Options) -> Result<(), Failure> {
    let settings = Settings::read(options)?;
    let Some(login) = stored_login(settings.endpoint(Api::Compute))? else {
        say("nothing to do: there is no login file");
        return Ok(());
    };
    let (server, file) = (login.endpoint(), login.path().display());
    if !login.is_logged_in()? {
        say(&format!(
            "nothing to do: `{file}` holds no login to `{server}`"
        ));
        return Ok(());
    }
    let connections = settings.connections(Api::Compute, server)?.build()?;
    let http = connections.http_client().clone();
    login.clone().http_client(http).log_out().await?;
    say(&format!(
        "logged out of `{server}`: its tokens are revoked and removed from `{file}`"
    ));
    Ok(())
}
