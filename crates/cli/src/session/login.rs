//! Login in a browser, on this or any other device.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use compute_kfp::ErrorKind;
use compute_kfp::compute::login::PendingLogin;
use compute_kfp::compute::{DEFAULT_ENDPOINT, Login};

use super::{membership, stored_login, whoami};
use crate::api::Api;
use crate::bar::Bar;
use crate::failure::{Failure, say, warn};
use crate::globals::Globals;
use crate::output::printable;
use crate::settings::Settings;
use crate::setup::Setup;

pub const NAME: &str = "login";

const TEAM_MEMBER: &str = "team-member";
const SHARE_LOGIN_SERVER: &str = "share-login-server";

pub fn command() -> Command {
    Command::new(NAME)
        .about("Log in to Quantum Inspire by a browser")
        .long_about(
            "Log in to Quantum Inspire by a browser, on this or any other device\n\nThe login is kept in \
             ~/.quantuminspire/config.json, as the program `quantuminspire` keeps it. The server is that \
             of --endpoint, of the profile or of COMPUTE_ENDPOINT, or the public one.",
        )
        .arg(
            Arg::new(TEAM_MEMBER)
                .long(TEAM_MEMBER)
                .value_name("ID")
                .value_parser(value_parser!(i64))
                .help("Membership to work as, where there are several; a login that is still good is kept"),
        )
        .arg(
            Arg::new(SHARE_LOGIN_SERVER)
                .long(SHARE_LOGIN_SERVER)
                .action(ArgAction::SetTrue)
                .help("Allow a login server that another API uses, too; only if one operator runs both"),
        )
}

pub async fn run(globals: &Globals, matches: &ArgMatches) -> Result<(), Failure> {
    let settings = Settings::read(globals)?;
    let endpoint = settings.endpoint(Api::Compute)?;
    let endpoint = endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let wanted = matches.get_one(TEAM_MEMBER).copied();
    let setup = match wanted {
        Some(id) => chosen_anew(&settings, &endpoint, id).await?,
        None => None,
    };
    let setup = match setup {
        Some(setup) => setup,
        None => log_in(globals, &settings, &endpoint, matches).await?,
    };
    warn_of_what_goes_first(&settings);
    whoami::answer(globals, &setup).await
}

/// Changes the membership of the existing login. Returns `None` if the login is no longer valid.
async fn chosen_anew(
    settings: &Settings<'_>,
    endpoint: &str,
    id: i64,
) -> Result<Option<Setup>, Failure> {
    let Some(login) = stored_login(Some(endpoint.to_owned()))? else {
        return Ok(None);
    };
    if !login.is_logged_in()? {
        return Ok(None);
    }
    let setup = Setup::of_login(settings, login.endpoint())?;
    match membership::set(&setup, &login, id).await {
        Ok(()) => Ok(Some(setup)),
        Err(error) if error.kind() == ErrorKind::Authentication => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn log_in(
    globals: &Globals,
    settings: &Settings<'_>,
    endpoint: &str,
    matches: &ArgMatches,
) -> Result<Setup, Failure> {
    let connections = settings.anonymous(Api::Compute, endpoint)?;
    let device = Login::device(endpoint).http_client(connections.http_client().clone());
    let device = device
        .allow_plain_http(settings.allows_http(Api::Compute)?)
        .share_login_server(matches.get_flag(SHARE_LOGIN_SERVER));
    let pending = device.start().await?;
    show(&pending, endpoint);
    let spinner = Bar::of_states(globals, "waiting for you to confirm");
    let logged_in = pending.finish().await?;
    drop(spinner);
    let login = logged_in.login;
    say(&format!(
        "logged in to `{}`; the login is kept in `{}`",
        login.endpoint(),
        login.path().display()
    ));
    let setup = Setup::of_login(settings, login.endpoint())?;
    match matches.get_one(TEAM_MEMBER) {
        Some(id) => membership::set(&setup, &login, *id).await?,
        None => membership::choose(&setup, &login, &logged_in.members).await?,
    }
    Ok(setup)
}

fn show(pending: &PendingLogin, endpoint: &str) {
    let code = printable(pending.user_code());
    let page = printable(pending.verification_uri());
    say(&format!("To log in to {endpoint}, open"));
    match pending.verification_uri_complete() {
        Some(complete) => {
            say(&format!("  {}", printable(complete)));
            say(&format!(
                "and check that it shows {code}, or open {page} and enter that code."
            ));
        }
        None => {
            say(&format!("  {page}"));
            say(&format!("and enter the code {code}."));
        }
    }
    let left = humantime::format_duration(Duration::from_secs(pending.expires_in().as_secs()));
    say(&format!("The code is good for {left}."));
}

fn warn_of_what_goes_first(settings: &Settings<'_>) {
    let endpoint = Api::Compute.variables().endpoint;
    let first = settings.of(Api::Compute);
    if let Some(setting) = first.iter().find(|setting| setting.variable != endpoint) {
        warn(&format!(
            "other commands do not use this login while {} is set",
            setting.source
        ));
    }
}
