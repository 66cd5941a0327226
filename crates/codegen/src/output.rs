//! Writing what was generated: all of it, or nothing.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::client_crate::Summary;
use crate::error::Problem;
use crate::layout::File;

/// The code of a client crate.
#[derive(Clone, Debug)]
pub struct Generated {
    files: Vec<File>,
    warnings: Vec<Problem>,
    summary: Summary,
    read: Vec<PathBuf>,
}

impl Generated {
    pub(crate) fn new(
        files: Vec<File>,
        warnings: Vec<Problem>,
        summary: Summary,
        read: Vec<PathBuf>,
    ) -> Self {
        Self {
            files,
            warnings,
            summary,
            read,
        }
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Number of operations of the API.
    pub fn operations(&self) -> usize {
        self.summary.operations
    }

    /// Number of named types: structs, enums and unions.
    pub fn types(&self) -> usize {
        self.summary.types
    }

    /// The files that were read: the spec, the files that it refers to, and overlays.
    ///
    /// A build script prints each after `cargo:rerun-if-changed=`.
    pub fn files_read(&self) -> &[PathBuf] {
        &self.read
    }

    /// Names and texts of the files; `mod.rs` is the one that declares the others.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// The text of one file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files()
            .find_map(|(known, text)| (known == name).then_some(text))
    }

    /// What of the document is left out or changed, and overlays that matched nothing.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Writes the files into a folder, which is created where it is missing.
///
/// Every file is complete before the first is put in its place, and files that already have the
/// right content are not touched.
///
/// # Errors
///
/// The folder or a file cannot be written; the error names it.
pub fn write(generated: &Generated, folder: impl AsRef<Path>) -> io::Result<()> {
    let folder = folder.as_ref();
    write_all(
        generated
            .files()
            .map(|(name, text)| (folder.join(name), text)),
    )
}

pub(crate) fn write_all<'a>(files: impl IntoIterator<Item = (PathBuf, &'a str)>) -> io::Result<()> {
    let mut prepared = Vec::new();
    for (path, text) in files {
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        let present = match fs::read(&path) {
            Ok(present) => Some(present),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if present.as_deref() == Some(text.as_bytes()) {
            continue;
        }
        let mut file = temporary(folder)?;
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

/// A file that others can read as well, unlike what `tempfile` makes by itself.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".generated");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Restores what stood in the folder; the error that made it necessary is the one to report.
fn put_back(replaced: Vec<(PathBuf, Option<Vec<u8>>)>) {
    for (path, present) in replaced {
        let _ = match present {
            Some(present) => fs::write(path, present),
            None => fs::remove_file(path),
        };
    }
}
