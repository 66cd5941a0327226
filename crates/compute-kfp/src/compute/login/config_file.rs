//! The login file on disk: read as a whole, replaced as a whole, by one program at a time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use compute_kfp_runtime::Error;
use tempfile::NamedTempFile;

use super::document::{Document, Fault};

#[derive(Clone, Debug)]
pub(super) struct ConfigFile(PathBuf);

/// While it is held, no other program that takes turns changes the file.
pub(super) struct Turn(
    #[expect(dead_code, reason = "closing the file ends the turn")] Option<File>,
);

impl ConfigFile {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `None` where there is no file.
    pub fn read(&self) -> Result<Option<Document>, Error> {
        match fs::read(&self.0) {
            Ok(content) => Document::parse(&content)
                .map(Some)
                .map_err(|fault| self.fault(&fault)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.broken("cannot be read; check its permissions", error)),
        }
    }

    /// Reads, changes, and replaces the file; where there was none, it is made.
    pub fn change(
        &self,
        change: impl FnOnce(&mut Document) -> Result<(), Fault>,
    ) -> Result<(), Error> {
        let mut document = self.read()?.unwrap_or_default();
        change(&mut document).map_err(|fault| self.fault(&fault))?;
        document
            .to_json()
            .map_err(io::Error::from)
            .and_then(|content| self.replace(&content))
            .map_err(|error| {
                self.broken(
                    "cannot be written; check the permissions of its folder",
                    error,
                )
            })
    }

    /// Waits until no other program changes the file.
    ///
    /// Where there can be no lock, as in a folder that is not writable, it does not wait.
    pub async fn turn(&self) -> Turn {
        let path = self.target();
        let lock = tokio::task::spawn_blocking(move || {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let beside = path.with_file_name(format!(".{name}.lock"));
            make_folder(&beside)?;
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(beside)?;
            fs4::FileExt::lock(&file)?;
            Ok::<_, io::Error>(file)
        });
        Turn(lock.await.ok().and_then(Result::ok))
    }

    pub fn missing(&self) -> Error {
        Error::authentication(format!(
            "there is no login file `{}`; log in with `Login::device`",
            self.0.display()
        ))
    }

    pub fn fault(&self, fault: &Fault) -> Error {
        Error::configuration(format!(
            "the login file `{}` cannot be used: {fault}; correct it, or move it away and log in again",
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

    /// The file itself, behind symbolic links.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone())
    }

    /// The new file is written beside the old one, for its owner alone, and takes its place whole.
    fn replace(&self, content: &[u8]) -> io::Result<()> {
        let target = self.target();
        make_folder(&target)?;
        let mut new = NamedTempFile::new_in(folder(&target))?;
        new.write_all(content)?;
        new.as_file().sync_all()?;
        new.persist(target)?;
        Ok(())
    }
}

/// Does what waits for the disk where it keeps no other task waiting.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(Error::configuration("the login file was not read to its end").caused_by(error))
        })
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn make_folder(file: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder(file))
}
