//! The data file: a snapshot of the store, then every request since that may have changed it.
//!
//! What a request does depends on nothing but the request, the time and what is held, so the same
//! requests at the same times lead to the same store, ids and all. A request is in the file before
//! it is done, so that nothing is answered that a restart would not know.
//!
//! One JSON text a line: the header, the snapshot, then the entries. The first two get into place
//! by renaming a complete file; of the entries only the last line can be torn, by an end in the
//! middle of a write, and such a request was never answered.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};

use crate::journaled_request::JournaledRequest;
use crate::store::Store;

const PROGRAM: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const FORMAT: u32 = 1;

/// Entries that take more than this, and more than the snapshot, become a new snapshot.
const LARGE: u64 = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Header {
    program: String,
    format: u32,
    version: String,
}

/// The clock showed `at`, what was due by then had happened, and then the request came.
#[derive(Serialize, Deserialize)]
struct Entry {
    at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<JournaledRequest>,
}

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// How long the file is as far as all is well with it.
    length: u64,
    /// The length from which on a new snapshot is worth it.
    large: u64,
    /// Whether something is in the file that could not be taken back.
    is_broken: bool,
    /// Locked for as long as the journal is open.
    _lock: File,
}

/// Gives what a data file holds, or a `fresh` store if there is none yet, and from now on keeps it
/// in the file.
///
/// # Errors
///
/// The file is in use, cannot be read or written, or is no data file of this version: then nothing
/// is changed in it.
pub(crate) fn open(
    path: &Path,
    speed: f64,
    fresh: impl FnOnce() -> io::Result<Store>,
) -> io::Result<Store> {
    let lock = lock(path)?;
    let mut store = match read(path)? {
        Some(store) => store,
        None => fresh()?,
    };
    store.clock = store.clock.with_speed(speed);
    let (file, length) = write_snapshot(path, &store)?;
    store.journal = Some(Journal {
        path: path.to_owned(),
        file,
        length,
        large: large(length),
        is_broken: false,
        _lock: lock,
    });
    Ok(store)
}

impl Journal {
    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        if self.is_broken {
            let message = "an earlier write failed and could not be taken back";
            return Err(io::Error::other(message));
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            let taken_back = self.file.set_len(self.length);
            let at_end = taken_back.and_then(|()| self.file.seek(io::SeekFrom::End(0)));
            self.is_broken = at_end.is_err();
            return Err(error);
        }
        let written = u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(written);
        Ok(())
    }
}

impl Store {
    /// Notes a request before it is done.
    ///
    /// # Errors
    ///
    /// The data file cannot be written; the request must not be done then.
    pub(crate) fn note_request(
        &mut self,
        request: impl FnOnce(&Self) -> JournaledRequest,
    ) -> io::Result<()> {
        if self.journal.is_none() {
            return Ok(());
        }
        self.compact();
        let entry = Entry {
            at: self.clock.reading(),
            request: Some(request(self)),
        };
        self.note(&entry)
    }

    /// Notes that it is as late as the clock shows.
    ///
    /// Failing, it is only forgotten how late it was.
    pub(crate) fn note_time(&mut self) {
        let entry = Entry {
            at: self.clock.reading(),
            request: None,
        };
        let _ = self.note(&entry);
    }

    fn note(&mut self, entry: &Entry) -> io::Result<()> {
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        journal.append(entry).map_err(|error| {
            let path = journal.path.display();
            io::Error::new(error.kind(), format!("cannot write {path}: {error}"))
        })
    }

    /// Lets what is held survive the end of the machine too, and be gone on with by another version:
    /// a snapshot takes the place of all entries. Failing, the entries stay.
    pub(crate) fn sync(&mut self) {
        self.note_time();
        if let Some(journal) = self.journal.take() {
            self.replace_by_snapshot(journal);
        }
        if let Some(journal) = &self.journal {
            let _ = journal.file.sync_all();
        }
    }

    /// Puts a snapshot in the place of entries that have become many. Failing, it is tried again
    /// when there are twice as many.
    fn compact(&mut self) {
        if let Some(journal) = self
            .journal
            .take_if(|journal| journal.length > journal.large)
        {
            self.replace_by_snapshot(journal);
        }
    }

    fn replace_by_snapshot(&mut self, mut journal: Journal) {
        match write_snapshot(&journal.path, self) {
            Ok((file, length)) => {
                journal.file = file;
                journal.length = length;
                journal.large = large(length);
                journal.is_broken = false;
            }
            Err(_) => journal.large = journal.large.saturating_mul(2),
        }
        self.journal = Some(journal);
    }
}

fn large(snapshot: u64) -> u64 {
    snapshot.saturating_mul(2).max(LARGE)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// Another file than the data file is locked, which is replaced now and then.
fn lock(path: &Path) -> io::Result<File> {
    let lock_path = beside(path, ".lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(|error| at(&lock_path, &error))?;
    match FileExt::try_lock(&lock) {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            format!(
                "{} is in use by another sandbox: stop that one, or name another file",
                path.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(at(&lock_path, &error)),
    }
}

fn write_snapshot(path: &Path, store: &Store) -> io::Result<(File, u64)> {
    let new = beside(path, ".new");
    let written = || {
        let header = Header {
            program: PROGRAM.to_owned(),
            format: FORMAT,
            version: VERSION.to_owned(),
        };
        let mut writer = BufWriter::new(File::create(&new)?);
        serde_json::to_writer(&mut writer, &header)?;
        writer.write_all(b"\n")?;
        serde_json::to_writer(&mut writer, store)?;
        writer.write_all(b"\n")?;
        let mut file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let length = file.stream_position()?;
        std::fs::rename(&new, path)?;
        // Where folders can be synced, the new name survives the end of the machine as well.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        let _ = folder.and_then(|folder| folder.sync_all());
        Ok((file, length))
    };
    written().map_err(|error: io::Error| at(&new, &error))
}

fn read(path: &Path) -> io::Result<Option<Store>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, &error)),
    };
    let mut lines = Lines {
        path,
        number: 0,
        text: Vec::new(),
        reader: BufReader::new(file),
    };
    if lines.is_at_end()? {
        return Ok(None);
    }
    let header = header(&mut lines)?;
    if !lines.advance()? {
        return Err(lines.refusal("the snapshot is missing: restore the file from a copy"));
    }
    let mut store: Store = lines.parsed("restore the file from a copy")?;
    while lines.advance()? {
        if header.version != VERSION {
            return Err(lines.refusal(&format!(
                "the file was left behind by version {}, this is {VERSION}: start and stop that \
                 version with it once, after which this one can go on",
                header.version
            )));
        }
        let remedy = "restore the file from a copy, or delete this line and those after it";
        let entry: Entry = lines.parsed(remedy)?;
        store.clock.set(entry.at);
        store.catch_up();
        if let Some(request) = entry.request {
            let done = request.repeat(&mut store);
            done.map_err(|problem| lines.refusal(&format!("{problem}: {remedy}")))?;
        }
    }
    Ok(Some(store))
}

fn header(lines: &mut Lines<'_>) -> io::Result<Header> {
    let complete = lines.advance()?;
    let header = serde_json::from_slice(&lines.text).ok();
    let header = header.filter(|header: &Header| complete && header.program == PROGRAM);
    let header = header.ok_or_else(|| {
        let message = format!("this is no data file of {PROGRAM}: name another file");
        lines.refusal(&message)
    })?;
    if header.format != FORMAT {
        return Err(lines.refusal(&format!(
            "the file has format {}, and this version reads format {FORMAT}: use version {}, which \
             wrote it, or name another file",
            header.format, header.version
        )));
    }
    Ok(header)
}

struct Lines<'a> {
    path: &'a Path,
    /// Counted from 1.
    number: u64,
    text: Vec<u8>,
    reader: BufReader<File>,
}

impl Lines<'_> {
    fn is_at_end(&mut self) -> io::Result<bool> {
        let buffered = self.reader.fill_buf();
        buffered
            .map(<[u8]>::is_empty)
            .map_err(|error| at(self.path, &error))
    }

    /// Goes to the next line; `false` if none follows that is complete.
    fn advance(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.number += 1;
        self.reader
            .read_until(b'\n', &mut self.text)
            .map_err(|error| at(self.path, &error))?;
        Ok(self.text.pop_if(|last| *last == b'\n').is_some())
    }

    fn parsed<T: for<'de> Deserialize<'de>>(&self, remedy: &str) -> io::Result<T> {
        serde_json::from_slice(&self.text)
            .map_err(|error| self.refusal(&format!("{error}: {remedy}")))
    }

    fn refusal(&self, problem: &str) -> io::Error {
        let path = self.path.display();
        let message = format!("{path}, line {}: {problem}", self.number);
        io::Error::new(io::ErrorKind::InvalidData, message)
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
