//! Calls and lists for programs without an async runtime.
//!
//! [`wait`] blocks until a call of any operation is complete. [`Items::blocking`] and
//! [`Pages::blocking`] turn lists into iterators, and [`ValueStream::blocking`] does the same for other
//! streams. They work in a plain `main`, in a test and in
//! any thread, and share one background thread for connections. Inside an async runtime they would
//! block all other tasks; there they return an error of kind
//! [`Configuration`](crate::ErrorKind::Configuration).
//!
//! ```no_run
//! use compute_kfp_runtime::{Request, Transport, blocking};
//!
//! # fn example(transport: Transport, request: Request) -> compute_kfp_runtime::Result<()> {
//! let response = blocking::wait(transport.send_json::<serde_json::Value>(request))?;
//! println!("{}", response.status());
//! # Ok(())
//! # }
//! ```

use std::io;
use std::sync::LazyLock;

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::Error;
use crate::paging::{Items, ListPage, Pages};
use crate::value_stream::ValueStream;

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("compute-kfp")
        .enable_all()
        .build()
});

/// Blocks until a call, or any other future of this SDK, is complete.
///
/// # Errors
///
/// Returns the error of the call. Returns an error of kind
/// [`Configuration`](crate::ErrorKind::Configuration) if called inside an async runtime, also in
/// its blocking threads, or if no thread can be started.
pub fn wait<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    runtime()?.block_on(future)
}

fn runtime() -> Result<&'static Runtime, Error> {
    if Handle::try_current().is_ok() {
        return Err(Error::configuration(
            "a blocking call inside an async runtime would stop it; use `.await`, or make the call in a thread of its own (`std::thread::spawn`)",
        ));
    }
    RUNTIME.as_ref().map_err(|error| {
        Error::configuration(format!(
            "the thread for blocking calls cannot be started: {error}"
        ))
    })
}

impl<P: ListPage> Items<P> {
    /// Returns an iterator over the items, which blocks while a page is fetched. It is as lazy as
    /// the stream.
    pub fn blocking(self) -> Blocking<Self> {
        Blocking::new(self)
    }
}

impl<P: ListPage> Pages<P> {
    /// Returns an iterator over the pages, which blocks while a page is fetched. It is as lazy as
    /// the stream.
    pub fn blocking(self) -> Blocking<Self> {
        Blocking::new(self)
    }
}

impl<T> ValueStream<T> {
    /// Returns an iterator over the values, which blocks until the next value has arrived.
    pub fn blocking(self) -> Blocking<Self> {
        Blocking::new(self)
    }
}

/// An iterator over a stream, which blocks until the next item has arrived; see
/// [`Items::blocking`].
#[derive(Debug)]
#[must_use = "nothing is requested before an item is asked for"]
pub struct Blocking<S> {
    stream: S,
    refused: bool,
}

impl<S> Blocking<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            refused: false,
        }
    }

    /// Returns the underlying stream, for example to ask for its position.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<T, S: Stream<Item = Result<T, Error>> + Unpin> Iterator for Blocking<S> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.stream.next()),
            Err(error) => (!std::mem::replace(&mut self.refused, true)).then_some(Err(error)),
        }
    }
}
