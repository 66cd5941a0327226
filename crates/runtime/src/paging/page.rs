//! One page of a list.

use std::fmt;
use std::ops::Deref;

use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resume::ResumePoint;
use crate::operation::Operation;
use crate::response::ResponseValue;

/// What an answer of a list operation is; generated clients implement it for theirs.
pub trait ListPage: DeserializeOwned + Send + 'static {
    /// What the list consists of.
    type Item: Serialize + Send + Unpin + 'static;

    /// Takes note of the operation that the page is of; `Err` says why it is no page of that.
    ///
    /// # Errors
    ///
    /// A type that is a page of any operation may find that it lacks what this one has.
    fn of(self, operation: &'static Operation) -> Result<Self, String> {
        let _ = operation;
        Ok(self)
    }

    /// The items of this page.
    fn items(&self) -> &[Self::Item];

    /// Takes the items out of the page.
    fn take_items(&mut self) -> Vec<Self::Item>;

    /// Leaves items out of the page.
    fn retain_items(&mut self, keep: impl FnMut(&Self::Item) -> bool);

    /// What the page says of those that follow.
    fn turn(&self) -> Turn<'_>;

    /// How many items all pages have together, where the server says so.
    fn total(&self) -> Option<u64> {
        None
    }

    /// When an item was, in nanoseconds since the Unix epoch, in a list that is paged by time.
    fn time(item: &Self::Item) -> Option<i64> {
        let _ = item;
        None
    }
}

/// What a page says of those that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn<'a> {
    /// The token of the next page; none where this is the last.
    Token(Option<&'a str>),
    /// The number of this page, and how many there are, as far as the server says.
    Number {
        /// Of this page, from 1 on.
        page: Option<i64>,
        /// Of all pages.
        pages: Option<i64>,
    },
    /// Where the next page starts, in nanoseconds since the Unix epoch; none where this is the last.
    Time(Option<i64>),
}

/// A page with the status and headers it came with.
///
/// It can be used like the answer of the operation.
pub struct Page<P> {
    response: ResponseValue<P>,
    here: ResumePoint,
    next: Option<ResumePoint>,
}

impl<P: ListPage> Page<P> {
    pub(super) fn new(
        response: ResponseValue<P>,
        here: ResumePoint,
        next: Option<ResumePoint>,
    ) -> Self {
        Self {
            response,
            here,
            next,
        }
    }

    /// The items of this page.
    pub fn items(&self) -> &[P::Item] {
        self.response.items()
    }

    /// The items of this page, without the rest.
    pub fn into_items(mut self) -> Vec<P::Item> {
        self.response.take_items()
    }

    /// How many items all pages have together, where the server says so.
    pub fn total(&self) -> Option<u64> {
        self.response.total()
    }

    /// The token or number that follows this page, and which it is itself.
    pub fn turn(&self) -> Turn<'_> {
        self.response.turn()
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The answer of the operation.
    pub fn into_response(self) -> ResponseValue<P> {
        self.response
    }

    /// Where a stream goes on behind this page; `None` where it is the last, but for a list that is
    /// paged by time, to which more may be written.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        self.next.as_ref()
    }

    pub(super) fn here(&self) -> &ResumePoint {
        &self.here
    }
}

impl<P> Deref for Page<P> {
    type Target = P;

    fn deref(&self) -> &P {
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
