//! Tokens that another program writes to a file and replaces there.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::spawn_blocking;

use super::{Authorization, Credentials, Pending};
use crate::error::Error;
use crate::json::without_byte_order_mark;

/// Maximum file size. A longer file is not a token, and may be endless.
const LONGEST: u64 = 1024 * 1024;

/// A token that is read from a file and sent as `Bearer <token>`.
///
/// The file is read before each call, as it may be replaced at any time, such as the token of a service
/// account by Kubernetes. While the file cannot be read, the last token is still sent. Surrounding white
/// space is removed.
///
/// The path must lead to a regular file, or a link to one, of up to 1 MiB.
///
/// ```
/// use compute_kfp_runtime::credentials::TokenFile;
///
/// let token = TokenFile::new("/var/run/secrets/kubeflow/pipelines/token");
/// # drop(token);
/// ```
pub struct TokenFile {
    path: PathBuf,
    /// The token that was read last.
    last: Mutex<Option<SecretString>>,
}

impl TokenFile {
    /// Creates a token from the file at `path`, which may be created later.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            last: Mutex::default(),
        }
    }

    /// Reads the token from the file; returns the last token if that fails.
    async fn token(&self) -> Result<SecretString, Error> {
        let path = self.path.clone();
        let read = spawn_blocking(move || read(&path)).await;
        let read = read.unwrap_or_else(|error| {
            Err(Error::authentication("reading the token file was interrupted").caused_by(error))
        });
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(token) = &read {
            *last = Some(token.clone());
        }
        read.or_else(|error| last.clone().ok_or(error))
    }
}

impl Credentials for TokenFile {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.token(self.token().await?.expose_secret()) })
    }

    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async move { Ok(!refused.carries(self.token().await?.expose_secret())) })
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<SecretString, Error> {
    let wrong =
        |what: &str| Error::authentication(format!("the token file `{}` {what}", path.display()));
    let unreadable = |error: io::Error| wrong(&format!("cannot be read: {error}")).caused_by(error);
    // To open a pipe or a device may take for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(wrong(
            "is not a regular file; use a file that contains only a token",
        ));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let mut start = file.take(LONGEST + 1);
    start.read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > LONGEST {
        return Err(wrong(
            "has more than 1 MiB; use a file that contains only a token",
        ));
    }
    // The error of the conversion would hold the bytes.
    let text = str::from_utf8(without_byte_order_mark(&content))
        .map_err(|_| wrong("is not UTF-8; use a file that contains only a token"))?
        .trim();
    match text.is_empty() {
        true => Err(wrong("is empty; write the token to it again")),
        false => Ok(SecretString::from(text)),
    }
}
