//! The login file on disk. It is read and replaced as a whole, by one program at a time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use compute_kfp_runtime::Error;

use super::document::{Document, Fault};

#[derive(Clone, Debug)]
pub(super) struct ConfigFile(PathBuf);

/// A lock on the login file. While it is held, no other program that uses the lock changes the file.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

/// A new file that will replace the login file.
pub(super) struct Prepared {
    of: ConfigFile,
    file: File,
    path: PathBuf,
    target: PathBuf,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Maximum growth of the content in one change, in bytes.
const ROOM: usize = 64 * 1024;
/// Maximum time to wait for the lock. A refresh takes at most half of it.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

impl ConfigFile {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the file. Returns `None` if there is none.
    pub fn read(&self) -> Result<Option<Document>, Error> {
        match fs::read(&self.0) {
            Ok(content) => {
                Document::parse(content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content))
                    .map(Some)
                    .map_err(|fault| self.fault(&fault))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.broken("cannot be read; check its permissions", error)),
        }
    }

    /// Reads, changes and replaces the file. Creates it if there is none.
    pub fn change(
        &self,
        change: impl FnOnce(&mut Document) -> Result<(), Fault>,
    ) -> Result<(), Error> {
        self.prepare()?.change(change)
    }

    /// Reserves disk space for a new content, so that storing it cannot fail later. A full disk is thus
    /// detected before a refresh token is spent.
    pub fn prepare(&self) -> Result<Prepared, Error> {
        let target = self.target();
        let prepared = create_directory(&target).and_then(|()| {
            let path = hidden_sibling(&target, "new");
            // Left by a program that was killed, or put there by someone else.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = File::options();
            options.write(true).create_new(true);
            for_owner_alone(&mut options);
            let prepared = Prepared {
                of: self.clone(),
                file: options.open(&path)?,
                target: target.clone(),
                path,
            };
            let present = fs::metadata(&target).map_or(0, |metadata| metadata.len());
            let room = usize::try_from(present).unwrap_or_default() + ROOM;
            (&prepared.file).write_all(&vec![0; room])?;
            prepared.file.sync_all()?;
            Ok(prepared)
        });
        prepared.map_err(|error| self.unwritable(error))
    }

    fn unwritable(&self, error: io::Error) -> Error {
        let what = "cannot be written; check its directory and the free space on the disk";
        self.broken(what, error)
    }

    /// Waits until no other program changes the file.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](compute_kfp_runtime::ErrorKind::Configuration) if the
    /// lock cannot be created or another program does not release it. Two concurrent refreshes lose a
    /// login.
    pub async fn lock(&self) -> Result<Lock, Error> {
        let of = self.clone();
        let file = blocking(move || of.lock_file().map_err(|error| of.no_lock(error))).await?;
        let started = Instant::now();
        loop {
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => return Ok(Lock(file)),
                Err(fs4::TryLockError::WouldBlock) if started.elapsed() < LONGEST_WAIT => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(fs4::TryLockError::WouldBlock) => {
                    let message = format!("another program locks it for {LONGEST_WAIT:?}");
                    return Err(self.no_lock(io::Error::new(ErrorKind::WouldBlock, message)));
                }
                Err(fs4::TryLockError::Error(error)) => return Err(self.no_lock(error)),
            }
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        let target = self.target();
        create_directory(&target)?;
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        for_owner_alone(&mut options);
        options.open(hidden_sibling(&target, "lock"))
    }

    fn no_lock(&self, error: io::Error) -> Error {
        let what = "cannot be locked; check the permissions of its directory";
        self.broken(what, error)
    }

    pub fn missing(&self) -> Error {
        Error::authentication(format!(
            "there is no login file `{}`; log in with `Login::device`",
            self.0.display()
        ))
    }

    pub fn fault(&self, fault: &Fault) -> Error {
        Error::configuration(format!(
            "invalid login file `{}`: {fault}; correct it, or move it away and log in again",
            self.0.display()
        ))
    }

    fn broken(&self, what: &str, error: io::Error) -> Error {
        Error::configuration(format!(
            "the login file `{}` {what} ({error})",
            self.0.display()
        ))
        .caused_by(error)
    }

    /// Resolves symbolic links.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone())
    }
}

impl Prepared {
    /// Reads and changes the content, and replaces the file atomically.
    pub fn change(
        mut self,
        change: impl FnOnce(&mut Document) -> Result<(), Fault>,
    ) -> Result<(), Error> {
        let mut document = self.of.read()?.unwrap_or_default();
        change(&mut document).map_err(|fault| self.of.fault(&fault))?;
        let content = document.to_json().map_err(io::Error::from);
        let replaced = content.and_then(|content| {
            self.file.rewind()?;
            self.file.write_all(&content)?;
            self.file.set_len(content.len() as u64)?;
            self.file.sync_all()?;
            fs::rename(&self.path, &self.target)
        });
        replaced.map_err(|error| self.of.unwritable(error))
    }
}

impl Drop for Prepared {
    /// Removes the new file. After the rename there is none.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Returns the path of a hidden file in the same directory, with another ending.
fn hidden_sibling(file: &Path, ending: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{ending}"))
}

fn for_owner_alone(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Runs blocking disk work on a thread where it does not block other tasks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(Error::configuration("reading the login file was interrupted").caused_by(error))
        })
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

fn create_directory(file: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory(file))
}
