//! The generated files, and writing all or none of them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;

use crate::error::Problem;
use crate::layout::File;
use crate::model::Api;

/// The code of a client crate.
#[derive(Clone, Debug)]
pub struct Generated {
    pub(crate) files: Vec<File>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) api: Arc<Api>,
    /// The paths of the files that were read.
    pub(crate) read: Vec<PathBuf>,
}

impl Generated {
    /// Returns the number of operations of the API.
    pub fn operations(&self) -> usize {
        self.api.operations.len()
    }

    /// Returns the number of named types: structs, enums and unions.
    pub fn types(&self) -> usize {
        self.api.schemas.len()
    }

    /// Returns the paths of the files that were read: the spec, files that it refers to, and
    /// overlays.
    ///
    /// A build script prints each after `cargo:rerun-if-changed=`.
    pub fn files_read(&self) -> &[PathBuf] {
        &self.read
    }

    /// Returns the names and contents of the files. `mod.rs` declares the others.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// Returns the content of a file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files()
            .find_map(|(known, text)| (known == name).then_some(text))
    }

    /// Returns the warnings: parts of the spec that are left out or changed, and overlay actions
    /// that match nothing.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Writes the files into a directory, and creates it if it is missing.
///
/// No file is replaced before all are written completely. Files that already have the right content
/// are not touched.
///
/// # Errors
///
/// Returns an error, with the path, if the directory or a file cannot be written.
pub fn write(generated: &Generated, directory: impl AsRef<Path>) -> io::Result<()> {
    let directory = directory.as_ref();
    write_all(
        generated
            .files()
            .map(|(name, text)| (directory.join(name), text)),
    )
}

pub(crate) fn write_all<'a>(files: impl IntoIterator<Item = (PathBuf, &'a str)>) -> io::Result<()> {
    let mut prepared = Vec::new();
    for (path, text) in files {
        let directory = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(directory)?;
        let present = match fs::read(&path) {
            Ok(present) => Some(present),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if present.as_deref() == Some(text.as_bytes()) {
            continue;
        }
        let mut file = temporary(directory)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        prepared.push((file, path, present));
    }
    let mut replaced = Vec::new();
    for (file, path, present) in prepared {
        if let Err(error) = file.persist(&path) {
            put_back(replaced);
            let message = format!("{} cannot be written: {}", path.display(), error.error);
            return Err(io::Error::new(error.error.kind(), message));
        }
        replaced.push((path, present));
    }
    Ok(())
}

/// Creates a temporary file that other users can read, unlike the default of `tempfile`.
fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".generated");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

/// Restores the previous files as far as possible; the original error is reported.
fn put_back(replaced: Vec<(PathBuf, Option<Vec<u8>>)>) {
    for (path, present) in replaced {
        let _ = match present {
            Some(present) => fs::write(path, present),
            None => fs::remove_file(path),
        };
    }
}
