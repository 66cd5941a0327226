//! Quantum Inspire login, logout, and the signed-in user.

mod identity;
mod login;
mod logout;
mod membership;
mod whoami;

use clap::{ArgMatches, Command};
use compute_kfp::compute::Login;
use compute_kfp::{Error, ErrorKind};

pub use self::identity::Identity;
use crate::failure::Failure;
use crate::globals::Globals;

pub fn commands() -> [Command; 3] {
    [login::command(), logout::command(), whoami::command()]
}

/// Runs one of the commands.
pub async fn run(globals: &Globals, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    globals.refuse_dry_run(&format!("`{name}` is more than one request"))?;
    match name {
        login::NAME => {
            let ended = login::run(globals, matches);
            globals.in_time("the login was not over", ended).await
        }
        logout::NAME => {
            let ended = logout::run(globals);
            let late = "the login server did not answer and the login is as it was";
            globals.in_time(late, ended).await
        }
        _ => whoami::run(globals).await,
    }
}

/// Returns the login of the file, for this server or the file's default one; `None` if there is no
/// file.
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
