//! A list as a stream of its items.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;

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
}

impl<P: ListPage> Pages<P> {
    /// Returns a stream of the items of the pages.
    pub fn items(self) -> Items<P> {
        Items {
            point: None,
            next_page: self.start.clone(),
            pages: self,
            page: Vec::new().into_iter(),
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
        StreamExt::next(self).await
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
}

impl<P: ListPage> Stream for Items<P> {
    type Item = Result<P::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let given = this.point.as_ref().map_or(0, |point| point.given);
            if this.pages.max_items.is_some_and(|most| given >= most) {
                return Poll::Ready(None);
            }
            if let Some(item) = this.page.next() {
                if let Some(point) = &mut this.point {
                    point.pass(&item, P::time(&item));
                }
                return Poll::Ready(Some(Ok(item)));
            }
            // Its memory is not kept beside the next page.
            this.page = Vec::new().into_iter();
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(page)) => {
                    let here = page.here.clone();
                    this.next_page = page.resume_point().cloned();
                    let mut items = page.into_items();
                    // A page is given from its beginning, also where some of its items were given already.
                    let given = usize::try_from(here.given_of_page).unwrap_or(usize::MAX);
                    items.drain(..given.min(items.len()));
                    this.page = items.into_iter();
                    this.point = Some(here);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
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
