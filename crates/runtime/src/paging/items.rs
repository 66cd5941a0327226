//! A list as a stream of its items.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::future::poll_fn;

use super::page::ListPage;
use super::pages::Pages;
use crate::error::Error;
use crate::resume_point::ResumePoint;

/// The items of a list, one after the other, over all of its pages.
///
/// A page is requested once the items before it have been yielded, or earlier as far as `prefetch`
/// allows. An error ends the stream.
///
/// ```no_run
/// # async fn example<P: compute_kfp_runtime::paging::ListPage>(
/// #     mut runs: compute_kfp_runtime::paging::Items<P>,
/// # ) -> compute_kfp_runtime::Result<()> {
/// while let Some(run) = runs.next().await {
///     let run = run?;
/// #   drop(run);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Items<P: ListPage> {
    pages: Pages<P>,
    page: std::vec::IntoIter<P::Item>,
    /// Position of the current page, and in it.
    point: Option<ResumePoint>,
    next_page: Option<ResumePoint>,
    /// Number of items of the first page that were yielded before the resume point.
    skip: u64,
    left: Option<u64>,
    ended: bool,
}

impl<P: ListPage> Pages<P> {
    /// Returns a stream of the items of the pages.
    pub fn items(self) -> Items<P> {
        let start = self.start.clone();
        let skip = start.as_ref().map_or(0, |point| point.given_of_page);
        let given = start.as_ref().map_or(0, |point| point.given);
        Items {
            left: self.max_items.map(|most| most.saturating_sub(given)),
            pages: self,
            page: Vec::new().into_iter(),
            next_page: start,
            point: None,
            skip,
            ended: false,
        }
    }
}

impl<P: ListPage> Items<P> {
    /// Returns the next item, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Pages::next`].
    pub async fn next(&mut self) -> Option<Result<P::Item, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Collects all remaining items in memory.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Pages::next`]. The items before the error are dropped, although
    /// its [resume point](Error::resume_point) is after them. To lose none, take the items one by
    /// one.
    pub async fn collect(mut self) -> Result<Vec<P::Item>, Error> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    /// Returns the point from which another stream can resume after the last yielded item. It is
    /// `None` before the first item and after the last page.
    ///
    /// A list that is paged by time, such as a log, has a resume point after its last page, too. A
    /// stream from there yields the items that were written since.
    pub fn resume_point(&self) -> Option<&ResumePoint> {
        match self.page.len() {
            0 => self.next_page.as_ref(),
            _ => self.point.as_ref(),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<P::Item, Error>>> {
        loop {
            if self.ended || self.left == Some(0) {
                return Poll::Ready(None);
            }
            if let Some(item) = self.page.next() {
                if let Some(point) = &mut self.point {
                    point.pass(&item, P::time(&item));
                }
                self.left = self.left.map(|left| left.saturating_sub(1));
                return Poll::Ready(Some(Ok(item)));
            }
            // Its memory is not kept beside the next page.
            self.page = Vec::new().into_iter();
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => {
                    let skip = std::mem::take(&mut self.skip);
                    let mut here = page.here().clone();
                    here.given_of_page = skip;
                    here.given = here.given.saturating_add(skip);
                    self.point = Some(here);
                    self.next_page = page.resume_point().cloned();
                    let mut items = page.into_items();
                    let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(items.len());
                    items.drain(..skip);
                    self.page = items.into_iter();
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(self.after_skipped(error))));
                }
                None => self.ended = true,
            }
        }
    }

    /// Adjusts the error of the page within which this stream resumed.
    fn after_skipped(&self, error: Error) -> Error {
        match error.resume_point() {
            Some(point) if self.skip > 0 => {
                let mut point = point.clone();
                point.given_of_page = self.skip;
                point.given = point.given.saturating_add(self.skip);
                error.resumed_at(point)
            }
            _ => error,
        }
    }
}

impl<P: ListPage> Stream for Items<P> {
    type Item = Result<P::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl<P: ListPage> fmt::Debug for Items<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left_of_page", &self.page.len())
            .finish_non_exhaustive()
    }
}
