//! The login file on disk. It is read and replaced as a whole, by one program at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use compute_kfp_runtime::Error;

use super::document::Document;

#[derive(Clone, Debug)]
pub(super) struct ConfigFile(pub PathBuf);

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

const UNREADABLE: &str = "cannot be read; check its permissions";
const UNWRITABLE: &str = "cannot be written; check its directory and the free space on the disk";
const NO_LOCK: &str = "cannot be locked; check the permissions of its directory";

impl ConfigFile {
    /// Reads the file. If there is none, it counts as empty.
    pub fn read(&self) -> Result<Document, Error> {
        let content = match fs::read(&self.0) {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => b"{}".to_vec(),
            Err(error) => return Err(self.broken(UNREADABLE, error)),
        };
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content);
        Document::parse(&self.0, content)
    }

    /// Reads, changes and replaces the file. Creates it if there is none.
    pub async fn change(
        &self,
        change: impl FnOnce(&mut Document) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.prepare().await?.change(change).await
    }

    /// Reserves disk space for a new content, so that storing it cannot fail later. A full disk is thus
    /// detected before a refresh token is spent.
    pub async fn prepare(&self) -> Result<Prepared, Error> {
        let of = self.clone();
        blocking(move || of.reserve().map_err(|error| of.broken(UNWRITABLE, error))).await
    }

    fn reserve(&self) -> io::Result<Prepared> {
        let target = self.target();
        let path = hidden_sibling(&target, "new");
        // Left by a program that was killed, or put there by someone else.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let prepared = Prepared {
            of: self.clone(),
            file: open(&path, File::options().write(true).create_new(true))?,
            path,
            target,
        };
        let present = fs::metadata(&prepared.target).map_or(0, |metadata| metadata.len());
        let room = usize::try_from(present).unwrap_or_default() + ROOM;
        (&prepared.file).write_all(&vec![0; room])?;
        prepared.file.sync_all()?;
        Ok(prepared)
    }

    /// Waits until no other program changes the file, and returns a lock that lasts until it is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](compute_kfp_runtime::ErrorKind::Configuration) if the
    /// lock cannot be created or another program does not release it. Two concurrent refreshes lose a
    /// login.
    pub async fn lock(&self) -> Result<File, Error> {
        let of = self.clone();
        let file = blocking(move || {
            let path = hidden_sibling(&of.target(), "lock");
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            open(&path, &mut options).map_err(|error| of.broken(NO_LOCK, error))
        });
        let file = file.await?;
        let started = Instant::now();
        loop {
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => return Ok(file),
                Err(fs4::TryLockError::WouldBlock) if started.elapsed() < LONGEST_WAIT => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(fs4::TryLockError::WouldBlock) => {
                    let message = format!("another program locks it for {LONGEST_WAIT:?}");
                    return Err(
                        self.broken(NO_LOCK, io::Error::new(ErrorKind::WouldBlock, message))
                    );
                }
                Err(fs4::TryLockError::Error(error)) => return Err(self.broken(NO_LOCK, error)),
            }
        }
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
    pub async fn change(
        mut self,
        change: impl FnOnce(&mut Document) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        blocking(move || {
            let mut document = self.of.read()?;
            change(&mut document)?;
            self.store(&document)
                .map_err(|error| self.of.broken(UNWRITABLE, error))
        })
        .await
    }

    fn store(&mut self, document: &Document) -> io::Result<()> {
        let content = document.to_json()?;
        self.file.rewind()?;
        self.file.write_all(&content)?;
        self.file.set_len(content.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)
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

/// Opens a file that only its owner can use. Creates its directory if there is none.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let mut directory = fs::DirBuilder::new();
    directory.recursive(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    }
    directory.create(path.parent().unwrap_or(Path::new("")))?;
    options.open(path)
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
