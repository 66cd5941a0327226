//! Ending a login.

use clap::Args;

use super::stored_login;
use crate::api::Api;
use crate::failure::{Failure, say};
use crate::options::Options;
use crate::settings::Settings;

/// Log out of Quantum Inspire
///
/// Revokes the refresh token and removes the tokens from the login file. Without --endpoint, a profile
/// or COMPUTE_ENDPOINT, this ends the login to the file's default server.
#[derive(Args, Clone, Debug)]
pub struct Arguments {}

impl Arguments {
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
