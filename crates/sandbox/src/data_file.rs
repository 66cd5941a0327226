//! The file that stores a sandbox's data, in the format of a seed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};
use serde_json::Value;
use tempfile::NamedTempFile;

pub(crate) struct DataFile {
    /// Path with links resolved, so that a snapshot replaces the file and not a link to it.
    path: PathBuf,
    /// The open file. It is locked while it is open.
    file: File,
}

impl DataFile {
    /// Opens the file and reads its content, if any.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if the file is in use, and `InvalidData` if it is not JSON.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<Value>)> {
        let opened = (|| {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            // It contains keys of backends.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            if !file.metadata()?.is_file() {
                return Err(invalid("not a regular file"));
            }
            lock(&file)?;
            let path = fs::canonicalize(path)?;
            if !is_at(&file, &path)? {
                return Err(in_use());
            }
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            let held = if content.is_empty() {
                None
            } else {
                let not_json = |error| invalid(format!("invalid JSON: {error}"));
                Some(serde_json::from_slice(&content).map_err(not_json)?)
            };
            Ok((Self { path, file }, held))
        })();
        opened.map_err(|error: io::Error| at(path, &error))
    }

    /// Replaces the content atomically. Readers, and a restart after a machine failure, see the old or
    /// the new content.
    pub(crate) fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        self.write(content).map_err(|error| at(&self.path, &error))
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let mut new = NamedTempFile::new_in(directory)?;
        lock(new.as_file())?;
        new.as_file()
            .set_permissions(self.file.metadata()?.permissions())?;
        new.write_all(content)?;
        new.as_file().sync_all()?;
        self.file = new.persist(&self.path)?;
        // Where directories can be synced, the new name survives a failure of the machine too.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

impl Drop for DataFile {
    /// Unlocks the file. Closing is not enough: a child process that is being started may have a copy
    /// of the handle for a moment.
    fn drop(&mut self) {
        let _ = FileExt::unlock(&self.file);
    }
}

fn lock(file: &File) -> io::Result<()> {
    FileExt::try_lock(file).map_err(|error| match error {
        TryLockError::WouldBlock => in_use(),
        TryLockError::Error(error) => error,
    })
}

/// Returns whether the path still refers to this file. Another one may have replaced it before it was
/// locked.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let (opened, found) = (file.metadata()?, fs::metadata(path)?);
    Ok((opened.dev(), opened.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

fn in_use() -> io::Error {
    let message = "in use by another sandbox: stop that one, or name another file";
    io::Error::new(io::ErrorKind::WouldBlock, message)
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

pub(crate) fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
