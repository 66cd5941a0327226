//! A list as a stream of its pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::future::poll_fn;
use futures_util::stream::{self, BoxStream};

use super::fetcher::{Fetched, PageFetcher};
use super::numbered::NumberedPager;
use super::page::{ListPage, Page};
use super::timed::TimedPager;
use super::token::TokenPager;
use crate::error::Error;
use crate::fault;
use crate::operation::{Operation, Paging};
use crate::request::Request;
use crate::resume_point::{Cursor, Position, ResumePoint};
use crate::transport::Transport;

/// The pages of a list, one after the other.
///
/// A page is requested only when it is asked for, or earlier as far as `prefetch` allows. An error
/// ends the stream.
pub struct Pages<P> {
    operation: &'static Operation,
    pub(super) start: Option<ResumePoint>,
    pub(super) max_items: Option<u64>,
    pages: BoxStream<'static, Result<Page<P>, Error>>,
}

/// Maximum number of consecutive pages without items. A server that filters after it has cut its
/// pages sends some; if there are more, the list is taken to be endless.
const MOST_EMPTY: u32 = 1_000;

enum Pager<P> {
    Token(TokenPager<P>),
    Numbered(NumberedPager<P>),
    Timed(TimedPager<P>),
}

impl<P: ListPage> Pages<P> {
    /// Creates a stream of the pages of a list operation; builders of generated clients call it.
    pub fn new(transport: Transport, request: Request) -> Self {
        let operation = request.operation();
        let options = request.paging();
        let (start, max_items) = (options.resume, options.max_items);
        // A page is given from its beginning, also where some of its items were given already.
        let given = start
            .as_ref()
            .map_or(0, |point| point.given.saturating_sub(point.given_of_page));
        let fetcher = PageFetcher::new(transport, request);
        let pager = pager::<P>(fetcher, start.clone(), options.prefetch);
        let pager = pager.map_err(|error| error.during(operation));
        let start_of_list = (pager, given, 0);
        let pages = stream::try_unfold(start_of_list, move |(pager, given, empty)| async move {
            let mut pager = pager?;
            if max_items.is_some_and(|most| given >= most) {
                return Ok(None);
            }
            let here = pager.position(given);
            let (response, after) = match pager.next(given, max_items).await {
                Ok(Some(fetched)) => fetched,
                Ok(None) => return Ok(None),
                Err(error) => return Err(error.resumed_at(here)),
            };
            let length = response.items().len() as u64;
            let empty = if length == 0 { empty + 1 } else { 0 };
            if empty > MOST_EMPTY && after.is_some() {
                let what =
                    format!("the list does not end: {MOST_EMPTY} consecutive pages have no items");
                let error = fault::unreadable_list(what).during(operation);
                return Err(error.resumed_at(here));
            }
            let page = Page::new(response, here, after);
            Ok(Some((
                page,
                (Ok(pager), given.saturating_add(length), empty),
            )))
        });
        Self {
            operation,
            start,
            max_items,
            pages: Box::pin(pages),
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
        poll_fn(|context| self.pages.as_mut().poll_next(context)).await
    }
}

fn pager<P: ListPage>(
    fetcher: PageFetcher,
    start: Option<ResumePoint>,
    prefetch: usize,
) -> Result<Pager<P>, Error> {
    let operation = fetcher.operation();
    if let Some(point) = &start {
        fetcher.check(point)?;
    }
    let position = start.map(|point| point.position);
    let pager = match (operation.paging, position) {
        (Some(Paging::Token { .. }), Some(Position::Token(token))) => {
            Pager::Token(TokenPager::new(fetcher, token, prefetch > 0))
        }
        (Some(Paging::Token { .. }), None) => {
            let token = fetcher.value("page_token");
            Pager::Token(TokenPager::new(fetcher, token, prefetch > 0))
        }
        (Some(Paging::Numbered { .. }), Some(Position::Number { page, size })) => {
            if fetcher.value("size") != size {
                return Err(Error::invalid(format!(
                    "the resume point belongs to a list with page size {}; set the same page size; nothing was sent",
                    size.as_deref().unwrap_or("chosen by the server")
                )));
            }
            Pager::Numbered(NumberedPager::new(fetcher, page, prefetch))
        }
        (Some(Paging::Numbered { .. }), None) => {
            let page = fetcher.value("page").and_then(|page| page.parse().ok());
            Pager::Numbered(NumberedPager::new(fetcher, page.unwrap_or(1), prefetch))
        }
        (Some(Paging::Timed { .. }), Some(Position::Time(cursor))) => {
            Pager::Timed(TimedPager::new(fetcher, cursor))
        }
        (Some(Paging::Timed { .. }), None) => {
            Pager::Timed(TimedPager::new(fetcher, Cursor::default()))
        }
        (None, _) => {
            return Err(Error::invalid(format!(
                "`{}` is not a paged list; nothing was sent",
                operation.id
            )));
        }
        (Some(_), Some(_)) => {
            return Err(Error::invalid(format!(
                "the resume point is of another kind of paging than `{}`; nothing was sent",
                operation.id
            )));
        }
    };
    Ok(pager)
}

impl<P: ListPage> Pager<P> {
    /// Returns the position of the next page, given the number of items so far.
    fn position(&self, given: u64) -> ResumePoint {
        match self {
            Self::Token(pager) => pager.position(given),
            Self::Numbered(pager) => pager.position(given),
            Self::Timed(pager) => pager.position(given),
        }
    }

    /// Returns the next page and the position after it, given the number of items so far and the
    /// maximum number of items.
    async fn next(&mut self, given: u64, most: Option<u64>) -> Result<Fetched<P>, Error> {
        match self {
            Self::Token(pager) => pager.next(given, most).await,
            Self::Numbered(pager) => pager.next(given, most).await,
            Self::Timed(pager) => pager.next(given).await,
        }
    }
}

impl<P> Stream for Pages<P> {
    type Item = Result<Page<P>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pages.as_mut().poll_next(context)
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &self.operation.name)
            .finish_non_exhaustive()
    }
}
