//! Tokens that another program writes to a file and replaces there.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::io::AsyncReadExt as _;

use super::{AccessToken, Authorization, Credentials, Pending};
use crate::error::Error;
use crate::json::without_byte_order_mark;

/// Maximum file size. A longer file is not a token, and may be endless.
const LONGEST: u64 = 1024 * 1024;

/// A token that is read from a file and sent as `Bearer <token>`.
///
/// The file is read when a call first needs the token. It is read again when it was changed or
/// replaced, as Kubernetes does with the token of a service account; otherwise only its metadata is
/// checked. While the file cannot be read, the last token is still sent. Surrounding white space is
/// removed.
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
    read: Mutex<Option<Read>>,
}

/// The token that was read, and the version of the file it was read from.
struct Read {
    token: AccessToken,
    version: Version,
}

/// Identifies the content of a file without reading it.
#[derive(PartialEq, Eq)]
struct Version {
    modified: Option<SystemTime>,
    length: u64,
    /// Device and inode number of the file, after all links.
    file: Option<(u64, u64)>,
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt as _;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let file = None;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            file,
        }
    }
}

impl TokenFile {
    /// Creates a token from the file at `path`, which may be created later.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            read: Mutex::default(),
        }
    }

    /// Returns the current token, and reads the file again if it has changed.
    async fn token(&self) -> Result<AccessToken, Error> {
        let version = tokio::fs::metadata(&self.path)
            .await
            .map(|metadata| Version::of(&metadata));
        if let (Ok(version), Some(read)) = (&version, &*self.lock())
            && read.version == *version
        {
            return Ok(read.token.clone());
        }
        self.read().await
    }

    /// Reads the token from the file; returns the last token if that fails.
    async fn read(&self) -> Result<AccessToken, Error> {
        match read(&self.path).await {
            Ok(read) => Ok(self.lock().insert(read).token.clone()),
            Err(error) => match &*self.lock() {
                Some(read) => Ok(read.token.clone()),
                None => Err(error),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credentials for TokenFile {
    fn authorize<'a>(&'a self, authorization: &'a mut Authorization) -> Pending<'a, ()> {
        Box::pin(async move { authorization.token(self.token().await?.text()) })
    }

    fn renew<'a>(&'a self, refused: &'a Authorization) -> Pending<'a, bool> {
        Box::pin(async move { Ok(!refused.carries(self.read().await?.text())) })
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

async fn read(path: &Path) -> Result<Read, Error> {
    let wrong =
        |what: &str| Error::authentication(format!("the token file `{}` {what}", path.display()));
    let unreadable = |error: io::Error| wrong(&format!("cannot be read: {error}")).caused_by(error);
    // To open a pipe or a device may take for ever.
    let metadata = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(wrong(
            "is not a regular file; use a file that contains only a token",
        ));
    }
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    // The version of what is opened, not of what may replace it in the meantime.
    let metadata = file.metadata().await.map_err(unreadable)?;
    let mut content = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut content)
        .await
        .map_err(unreadable)?;
    if content.len() as u64 > LONGEST {
        return Err(wrong(
            "has more than 1 MiB; use a file that contains only a token",
        ));
    }
    // The error of the conversion would hold the bytes.
    let text = str::from_utf8(without_byte_order_mark(&content))
        .map_err(|_| wrong("is not UTF-8; use a file that contains only a token"))?
        .trim();
    if text.is_empty() {
        return Err(wrong("is empty; write the token to it again"));
    }
    Ok(Read {
        token: AccessToken::new(text),
        version: Version::of(&metadata),
    })
}
