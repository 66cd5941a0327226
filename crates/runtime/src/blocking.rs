//! Calls and lists for programs without an async runtime.
//!
//! [`wait`] blocks until a call of any operation is complete. [`Items::blocking`] and
//! [`Pages::blocking`] turn lists into iterators; [`JsonStream::blocking`] and
//! [`EventStream::blocking`] do the same for streams. They work in a plain `main`, in a test and in
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

use std::fmt;
use std::io;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::Error;
use crate::paging::{Items, ListPage, Page, Pages};
use crate::stream::{Event, EventStream, JsonStream};

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
    pub fn blocking(self) -> BlockingItems<P> {
        BlockingItems {
            items: self,
            refused: false,
        }
    }
}

impl<P: ListPage> Pages<P> {
    /// Returns an iterator over the pages, which blocks while a page is fetched. It is as lazy as
    /// the stream.
    pub fn blocking(self) -> BlockingPages<P> {
        BlockingPages {
            pages: self,
            refused: false,
        }
    }
}

/// An iterator over the items of a list; see [`Items::blocking`].
#[must_use = "nothing is requested before an item is asked for"]
pub struct BlockingItems<P: ListPage> {
    items: Items<P>,
    refused: bool,
}

impl<P: ListPage> BlockingItems<P> {
    /// Returns the underlying stream, for example to ask for its position.
    pub fn get_ref(&self) -> &Items<P> {
        &self.items
    }
}

impl<P: ListPage> Iterator for BlockingItems<P> {
    type Item = Result<P::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.items.next()),
            Err(error) => (!std::mem::replace(&mut self.refused, true)).then_some(Err(error)),
        }
    }
}

impl<P: ListPage> fmt::Debug for BlockingItems<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingItems").field(&self.items).finish()
    }
}

/// An iterator over the pages of a list; see [`Pages::blocking`].
#[must_use = "nothing is requested before a page is asked for"]
pub struct BlockingPages<P> {
    pages: Pages<P>,
    refused: bool,
}

impl<P: ListPage> Iterator for BlockingPages<P> {
    type Item = Result<Page<P>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.pages.next()),
            Err(error) => (!std::mem::replace(&mut self.refused, true)).then_some(Err(error)),
        }
    }
}

impl<P> fmt::Debug for BlockingPages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingPages").field(&self.pages).finish()
    }
}

impl<T: DeserializeOwned> JsonStream<T> {
    /// Returns an iterator over the values, which blocks until the next value has arrived.
    pub fn blocking(self) -> BlockingJson<T> {
        BlockingJson {
            values: self,
            refused: false,
        }
    }
}

impl EventStream {
    /// Returns an iterator over the events, which blocks until the next event has arrived.
    pub fn blocking(self) -> BlockingEvents {
        BlockingEvents {
            events: self,
            refused: false,
        }
    }
}

/// An iterator over the values of a stream; see [`JsonStream::blocking`].
#[derive(Debug)]
pub struct BlockingJson<T> {
    values: JsonStream<T>,
    refused: bool,
}

impl<T: DeserializeOwned> Iterator for BlockingJson<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.values.next()),
            Err(error) => (!std::mem::replace(&mut self.refused, true)).then_some(Err(error)),
        }
    }
}

/// An iterator over the events of a stream; see [`EventStream::blocking`].
#[derive(Debug)]
pub struct BlockingEvents {
    events: EventStream,
    refused: bool,
}

impl Iterator for BlockingEvents {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match runtime() {
            Ok(runtime) => runtime.block_on(self.events.next()),
            Err(error) => (!std::mem::replace(&mut self.refused, true)).then_some(Err(error)),
        }
    }
}
