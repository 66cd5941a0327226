//! Logging in to Quantum Inspire, logging out, and who is logged in.

mod identity;
mod login;
mod logout;
mod membership;
mod whoami;

use std::time::Duration;

use clap::{ArgMatches, Command};
use compute_kfp::compute::Login;
use compute_kfp::{Error, ErrorKind};

pub use self::identity::Identity;
use crate::failure::Failure;
use crate::globals::Globals;

pub fn commands() -> [Command; 3] {
    [login::command(), logout::command(), whoami::command()]
}

/// Does what one of the commands asks for.
pub async fn run(globals: &Globals, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    if globals.dry_run {
        return Err(Failure::Usage(format!(
            "`{name}` cannot be previewed; leave out --dry-run"
        )));
    }
    match name {
        login::NAME => {
            let ended = login::run(globals, matches);
            in_time(globals.timeout, "the login was not over", ended).await
        }
        logout::NAME => {
            let ended = logout::run(globals);
            let late = "the login server did not answer and the login is as it was";
            in_time(globals.timeout, late, ended).await
        }
        _ => whoami::run(globals).await,
    }
}

/// The login of the file, for this server or the file's default one; `None` if there is no file.
fn stored_login(endpoint: Option<String>) -> Result<Option<Login>, Error> {
    match Login::from_default_file() {
        Ok(login) => Ok(Some(match endpoint {
            Some(endpoint) => login.host(endpoint),
            None => login,
        })),
        Err(error) if error.kind() == ErrorKind::Authentication => Ok(None),
        Err(error) => Err(error),
    }
}

async fn in_time(
    limit: Option<Duration>,
    late: &str,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let Some(limit) = limit else {
        return work.await;
    };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let limit = humantime::format_duration(limit);
        let message = format!("{late} after {limit}; allow more with --timeout");
        Err(Error::new(ErrorKind::Timeout, message).into())
    })
}
