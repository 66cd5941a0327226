//! Content that is sent unchanged: files, bytes and streams.

use std::fmt;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use reqwest::Body;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::ReaderStream;

use crate::error::Error;

/// Size of the part of a content that is held in memory.
const PIECE: usize = 64 * 1024;

type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// A file, bytes or a stream to upload.
///
/// A file or stream is read while it is sent and never held in memory as a whole. Bytes and files
/// can be sent again. A stream can be sent only once; sending it again fails with an error of kind
/// [`InvalidRequest`](crate::ErrorKind::InvalidRequest). The same error is returned if a file
/// cannot be read, or if the content does not have the announced length.
///
/// ```
/// use compute_kfp_runtime::Content;
///
/// let from_disk = Content::file("pipelines/train.yaml");
/// let in_memory = Content::from(b"components: {}".to_vec()).named("train.yaml");
/// let photo = Content::file("ash.png").media_type("image/png");
/// # drop((from_disk, in_memory, photo));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Content {
    data: Data,
    pub(crate) name: Option<String>,
    pub(crate) media: Option<String>,
    on_read: Option<OnRead>,
}

type OnRead = Arc<dyn Fn(u64) + Send + Sync>;

#[derive(Clone)]
enum Data {
    Bytes(Bytes),
    File(PathBuf),
    Stream {
        reader: Arc<Mutex<Option<Reader>>>,
        length: Option<u64>,
    },
}

impl Content {
    /// Creates content from the file at a path, sent under its own file name. The file is opened
    /// when it is sent.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        Self {
            name,
            ..Self::new(Data::File(path))
        }
    }

    fn new(data: Data) -> Self {
        Self {
            data,
            name: None,
            media: None,
            on_read: None,
        }
    }

    /// Creates content from a reader, which is read to its end. The `length` in bytes, if known, is
    /// announced to the server.
    ///
    /// ```
    /// use compute_kfp_runtime::Content;
    ///
    /// let content = Content::stream(&b"components: {}"[..], Some(14)).named("train.yaml");
    /// # drop(content);
    /// ```
    pub fn stream(reader: impl AsyncRead + Send + 'static, length: Option<u64>) -> Self {
        let reader: Reader = Box::pin(reader);
        let reader = Arc::new(Mutex::new(Some(reader)));
        Self::new(Data::Stream { reader, length })
    }

    /// Sets the file name that is sent. A server may recognise the format by the extension.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the file name like [`named`](Self::named), unless the content has a name already.
    pub fn or_named(mut self, name: impl FnOnce() -> String) -> Self {
        self.name.get_or_insert_with(name);
        self
    }

    /// Sets the media type that is sent with it [default: the declared one, or
    /// `application/octet-stream`].
    pub fn media_type(mut self, media: impl Into<String>) -> Self {
        self.media = Some(media.into());
        self
    }

    /// Sets a function to call with the number of bytes read for sending so far. It is called each
    /// time that some were read. If the content is sent again, the count restarts at zero.
    ///
    /// ```
    /// use compute_kfp_runtime::Content;
    ///
    /// let content = Content::file("pipelines/train.yaml").on_read(|bytes| println!("{bytes} bytes"));
    /// # drop(content);
    /// ```
    pub fn on_read(mut self, call: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_read = Some(Arc::new(call));
        self
    }

    /// Returns whether it can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self.data, Data::Stream { .. })
    }

    /// Returns a body for one attempt, and its length in bytes if it is known.
    pub(crate) async fn open(&self, progress: &Progress) -> Result<(Body, Option<u64>), Error> {
        let (reader, length) = match &self.data {
            Data::Bytes(bytes) => {
                let reader: Reader = Box::pin(Cursor::new(bytes.clone()));
                (reader, Some(bytes.len() as u64))
            }
            Data::File(path) => open_file(path).await?,
            Data::Stream { reader, length } => {
                let reader = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                let reader = reader.ok_or_else(|| {
                    Error::invalid(
                        "the stream was already sent; use a file or bytes for content that is sent again",
                    )
                })?;
                (reader, *length)
            }
        };
        let metered = Metered {
            reader,
            length,
            read: 0,
            progress: progress.clone(),
            on_read: self.on_read.clone(),
        };
        Ok((
            Body::wrap_stream(ReaderStream::with_capacity(metered, PIECE)),
            length,
        ))
    }
}

async fn open_file(path: &Path) -> Result<(Reader, Option<u64>), Error> {
    let unreadable = |error: io::Error| {
        Error::invalid(format!(
            "the file `{}` cannot be read: {error}; nothing was sent",
            path.display()
        ))
        .caused_by(error)
    };
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Error::invalid(format!(
            "`{}` is a directory, not a file; nothing was sent",
            path.display()
        )));
    }
    // A pipe or a device has no length of its own.
    let length = metadata.is_file().then_some(metadata.len());
    Ok((Box::pin(file), length))
}

/// Number of bytes that have been read from an upload so far.
pub(crate) type Progress = Arc<AtomicU64>;

/// A reader that counts the bytes it reads and detects a wrong length.
struct Metered {
    reader: Reader,
    length: Option<u64>,
    read: u64,
    progress: Progress,
    on_read: Option<OnRead>,
}

impl Metered {
    fn check(&self, ended: bool) -> Result<(), Error> {
        let Self { length, read, .. } = self;
        match *length {
            Some(announced) if *read > announced => Err(Error::invalid(format!(
                "the content has more than the {announced} bytes that were announced"
            ))),
            Some(announced) if ended && *read < announced => Err(Error::invalid(format!(
                "the content ended after {read} bytes, {announced} were announced"
            ))),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.reader.as_mut().poll_read(context, buffer));
        let new = (buffer.filled().len() - before) as u64;
        self.read += new;
        self.progress.fetch_add(new, Ordering::Relaxed);
        if let Some(call) = self.on_read.as_ref().filter(|_| new > 0) {
            call(self.read);
        }
        let unreadable = |error: io::Error| {
            Error::invalid(format!("the content cannot be read: {error}")).caused_by(error)
        };
        let checked = read.map_err(unreadable).and_then(|()| self.check(new == 0));
        Poll::Ready(checked.map_err(io::Error::other))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Content");
        match &self.data {
            Data::Bytes(bytes) => shown.field("bytes", &bytes.len()),
            Data::File(path) => shown.field("file", path),
            Data::Stream { length, .. } => shown.field("stream", length),
        };
        shown.field("name", &self.name).finish()
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::new(Data::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}
