//! One page of a list.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::operation::Operation;
use crate::response::Response;
use crate::resume_point::ResumePoint;

/// The response of a list operation; generated clients implement it for their response types.
pub trait ListPage: DeserializeOwned + Send + 'static {
    /// Type of the items.
    type Item: Serialize + Send + Unpin + 'static;

    /// Binds the page to the operation that returned it; `Err` explains why it is not a page of
    /// that operation.
    ///
    /// # Errors
    ///
    /// A type for pages of any operation may find that the page lacks a property of this one.
    fn of(self, operation: &'static Operation) -> Result<Self, String> {
        let _ = operation;
        Ok(self)
    }

    /// Returns the list of the items of this page; an absent list has none.
    fn list(&self) -> Option<&Vec<Self::Item>>;

    /// Returns the list of the items of this page for modification.
    fn list_mut(&mut self) -> Option<&mut Vec<Self::Item>>;

    /// Returns the reference to the next page.
    fn next_page(&self) -> NextPage<'_>;

    /// Returns the number of items on all pages together, if the server reports it.
    fn total(&self) -> Option<u64> {
        None
    }

    /// Returns the time of an item in nanoseconds since the Unix epoch, in a list that is paged by
    /// time.
    fn time(item: &Self::Item) -> Option<i64> {
        let _ = item;
        None
    }
}

/// The reference of a page to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPage<'a> {
    /// Token of the next page; `None` on the last page.
    Token(Option<&'a str>),
    /// Number of this page and number of all pages, as far as the server reports them.
    Number {
        /// Number of this page; the first is 1.
        page: Option<i64>,
        /// Number of all pages.
        pages: Option<i64>,
    },
    /// Start of the next page, in nanoseconds since the Unix epoch; `None` on the last page.
    Time(Option<i64>),
}

/// A page with the status and headers of its response.
///
/// It can be used like the [`Response`] of the operation.
pub struct Page<P> {
    response: Response<P>,
    pub(super) here: ResumePoint,
    next: Option<ResumePoint>,
}

impl<P: ListPage> Page<P> {
    pub(super) fn new(response: Response<P>, here: ResumePoint, next: Option<ResumePoint>) -> Self {
        Self {
            response,
            here,
            next,
        }
    }

    /// Returns the items of this page.
    pub fn items(&self) -> &[P::Item] {
        self.response.list().map_or(&[], Vec::as_slice)
    }

    /// Converts the page into its items.
    pub fn into_items(mut self) -> Vec<P::Item> {
        self.response
            .list_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Returns the number of items on all pages together, if the server reports it.
    pub fn total(&self) -> Option<u64> {
        self.response.total()
    }

    /// Returns the reference to the next page, and the number of this one if the pages are
    /// numbered.
    pub fn next_page(&self) -> NextPage<'_> {
        self.response.next_page()
    }

    /// Converts the page into the response of the operation.
    pub fn into_response(self) -> Response<P> {
        self.response
    }

    /// Returns the point from which another stream can resume after this page. It is `None` for the
    /// last page, unless the list is paged by time: then more items may be written.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        self.next.as_ref()
    }
}

impl<P> Deref for Page<P> {
    type Target = Response<P>;

    fn deref(&self) -> &Response<P> {
        &self.response
    }
}

impl<P: fmt::Debug> fmt::Debug for Page<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("response", &self.response)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
