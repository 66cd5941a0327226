//! Lists that are paged by time, such as the lines of a log.
//!
//! Several items may have one time, and a page may end among them. So each page starts at the time of
//! the last item, and what was given of that time is left out.

use super::page::{ListPage, Page, Turn};
use super::resume::Position;
use super::source::Source;
use crate::error::Error;
use crate::request::Request;
use crate::response::ResponseValue;

/// More than this no server gives in one page.
const LARGEST: u64 = 200;

pub(super) struct TimedPager<P> {
    source: Source,
    /// Time of the last item, and how many items of that time were given.
    last: Option<(i64, u64)>,
    ended: bool,
    page: std::marker::PhantomData<fn() -> P>,
}

impl<P: ListPage> TimedPager<P> {
    pub fn new(source: Source, last: Option<(i64, u64)>) -> Self {
        Self {
            source,
            last,
            ended: false,
            page: std::marker::PhantomData,
        }
    }

    /// The next page, given how many items there were before.
    pub async fn next(&mut self, given: u64) -> Option<Result<Page<P>, Error>> {
        if self.ended {
            return None;
        }
        let here = self.position(given);
        let fetched = match self.fetch(None).await {
            Ok(page) if self.is_stuck(&page) => self.fetch(Some(LARGEST)).await,
            fetched => fetched,
        };
        let fetched = fetched.and_then(|page| match self.is_stuck(&page) {
            false => Ok(page),
            true => Err(self.source.broken(format!(
                "all {} items of a page have the same time, and the list cannot be continued among them",
                page.items().len()
            ))),
        });
        let mut response = match fetched {
            Ok(response) => response,
            Err(error) => {
                self.ended = true;
                return Some(Err(error.resumed_at(here)));
            }
        };
        self.ended = matches!(response.turn(), Turn::Time(None));
        self.leave_out_what_was_given(&mut response);
        let given = given.saturating_add(response.items().len() as u64);
        let after = (!self.ended).then(|| self.position(given));
        Some(Ok(Page::new(response, here, after)))
    }

    async fn fetch(&self, limit: Option<u64>) -> Result<ResponseValue<P>, Error> {
        let set = |request: &mut Request| {
            if let Some((time, _)) = self.last {
                request.set("start", &time);
            }
            if let Some(limit) = limit {
                request.set("limit", &limit);
            }
        };
        self.source.fetch(set).await
    }

    /// Whether a page goes on but has nothing that was not given.
    fn is_stuck(&self, page: &ResponseValue<P>) -> bool {
        let goes_on = matches!(page.turn(), Turn::Time(Some(_)));
        let Some((last, given)) = self.last else {
            return false;
        };
        let same = page.items().iter().all(|item| P::time(item) == Some(last));
        goes_on && !page.items().is_empty() && same && page.items().len() as u64 <= given
    }

    fn leave_out_what_was_given(&mut self, page: &mut ResponseValue<P>) {
        let mut skipped = 0;
        let before = self.last;
        let fresh = |item: &P::Item| match (before, P::time(item)) {
            (Some((last, _)), Some(time)) if time < last => false,
            (Some((last, given)), Some(time)) if time == last && skipped < given => {
                skipped += 1;
                false
            }
            _ => true,
        };
        page.retain_items(fresh);
        for item in page.items() {
            if let Some(time) = P::time(item) {
                self.last = match self.last {
                    Some((last, given)) if last == time => Some((last, given.saturating_add(1))),
                    _ => Some((time, 1)),
                };
            }
        }
    }

    fn position(&self, given: u64) -> super::ResumePoint {
        let position = match self.last {
            Some((last, given)) => Position::Time { last, given },
            None => Position::Start,
        };
        self.source.at(position, given)
    }
}
