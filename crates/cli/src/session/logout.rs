//! Ending a login.

use clap::Command;

use super::stored_login;
use crate::api::Api;
use crate::failure::{Failure, say};
use crate::globals::Globals;
use crate::settings::Settings;

pub const NAME: &str = "logout";

pub fn command() -> Command {
    Command::new(NAME)
        .about("Log out of Quantum Inspire")
        .long_about(
            "Log out of Quantum Inspire\n\nMakes the refresh token useless and takes the tokens out of \
             the login file. Without --endpoint, a profile or COMPUTE_ENDPOINT, it is the login to the \
             file's default server.",
        )
}

pub async fn run(globals: &Globals) -> Result<(), Failure> {
    let settings = Settings::read(globals)?;
    let endpoint = settings.endpoint(Api::Compute)?;
    let Some(login) = stored_login(endpoint)? else {
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
    let connections = settings.anonymous(Api::Compute, server)?;
    let http = connections.http_client().clone();
    login.clone().http_client(http).log_out().await?;
    say(&format!(
        "logged out of `{server}`: its tokens are useless now and no longer in `{file}`"
    ));
    Ok(())
}
