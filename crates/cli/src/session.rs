//! Quantum Inspire login, logout, and the signed-in user.

pub mod login;
mod membership;
pub mod whoami;

use compute_kfp::compute::Login;
use compute_kfp::{Error, ErrorKind};

/// Returns the login of the file, for this server or the file's default one; `None` if there is no
/// file.
pub fn stored_login(endpoint: Option<String>) -> Result<Option<Login>, Error> {
    match Login::from_default_file() {
        Ok(login) => Ok(Some(match endpoint {
            Some(endpoint) => login.host(endpoint),
            None => login,
        })),
        Err(error) if error.kind() == ErrorKind::Authentication => Ok(None),
        Err(error) => Err(error),
    }
}
