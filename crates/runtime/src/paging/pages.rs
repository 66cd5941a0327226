//! A list as a stream of its pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream;

use super::page::{ListPage, Page};
use super::pager::Pager;
use crate::error::Error;
use crate::operation::Operation;
use crate::request::Request;
use crate::resume_point::ResumePoint;
use crate::transport::Transport;
use crate::value_stream::ValueStream;

/// The pages of a list, one after the other.
///
/// A page is requested only when it is asked for, or earlier as far as `prefetch` allows. An error
/// ends the stream.
pub struct Pages<P> {
    operation: &'static Operation,
    pub(super) start: Option<ResumePoint>,
    pub(super) max_items: Option<u64>,
    pages: ValueStream<Page<P>>,
}

impl<P: ListPage> Pages<P> {
    /// Creates a stream of the pages of a list operation; builders of generated clients call it.
    pub fn new(transport: Transport, request: Request) -> Self {
        let operation = request.operation();
        let options = request.paging();
        let list = Pager::new(transport, request);
        let pages = stream::try_unfold(list, |pager| async move {
            let mut pager = pager?;
            let page = pager.next().await?;
            Ok(page.map(|page| (page, Ok(pager))))
        });
        Self {
            operation,
            start: options.resume,
            max_items: options.max_items,
            pages: ValueStream::new(pages),
        }
    }

    /// Returns the next page, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the errors of the operation. Returns an error of kind
    /// [`Protocol`](crate::ErrorKind::Protocol) if the server's responses do not form a list that
    /// ends. The error has a [resume point](Error::resume_point).
    pub async fn next(&mut self) -> Option<Result<Page<P>, Error>> {
        self.pages.next().await
    }
}

impl<P> Stream for Pages<P> {
    type Item = Result<Page<P>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.pages).poll_next(context)
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &self.operation.name)
            .finish_non_exhaustive()
    }
}
