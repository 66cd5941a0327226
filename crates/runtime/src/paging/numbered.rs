//! Lists with numbered pages.

use std::collections::VecDeque;

use super::fetcher::{Ahead, Fetched, PageFetcher, arrived};
use super::page::{ListPage, NextPage};
use crate::error::Error;
use crate::request::Request;
use crate::response::Response;
use crate::resume_point::{Position, ResumePoint};

pub(super) struct NumberedPager<P> {
    fetcher: PageFetcher,
    /// Page size that the caller has set.
    size: Option<String>,
    next: u64,
    ended: bool,
    /// Prefetched pages, from `next` on.
    ahead: VecDeque<Ahead<P>>,
    prefetch: usize,
    /// Number of pages that the server reported when an empty page came before the end.
    pages_when_empty: Option<u64>,
}

impl<P: ListPage> NumberedPager<P> {
    pub fn new(fetcher: PageFetcher, start: u64, prefetch: usize) -> Self {
        Self {
            size: fetcher.value("size"),
            fetcher,
            next: start,
            ended: false,
            ahead: VecDeque::new(),
            prefetch,
            pages_when_empty: None,
        }
    }

    pub fn position(&self, given: u64) -> ResumePoint {
        let (page, size) = (self.next, self.size.clone());
        self.fetcher.at(Position::Number { page, size }, given)
    }

    pub async fn next(&mut self, given: u64, most: Option<u64>) -> Result<Fetched<P>, Error> {
        if self.ended {
            return Ok(None);
        }
        let number = self.next;
        let response: Response<P> = match self.ahead.pop_front() {
            Some(ahead) => arrived(ahead).await?,
            None => {
                let set = |request: &mut Request| request.set("page", &number);
                self.fetcher.fetch(set).await?
            }
        };
        let pages = self.check(number, response.items().is_empty(), response.next_page())?;
        let length = response.items().len() as u64;
        let given = given.saturating_add(length);
        let last = pages.or_else(|| self.last(number, length, response.total()));
        // Without any count, a page with items may have a next one.
        let last = last.unwrap_or(if length == 0 {
            number
        } else {
            number.saturating_add(1)
        });
        self.next = number.saturating_add(1);
        self.ended = self.next > last || number == u64::MAX;
        if pages.is_some() {
            self.fetch_ahead(last, length, most.map(|most| most.saturating_sub(given)));
        }
        let after = (!self.ended).then(|| self.position(given));
        Ok(Some((response, after)))
    }

    /// Returns the number of pages, if the response has it, and checks that the response is the
    /// requested page.
    fn check(&mut self, asked: u64, empty: bool, next: NextPage<'_>) -> Result<Option<u64>, Error> {
        let NextPage::Number { page, pages } = next else {
            return Ok(None);
        };
        if let Some(page) = page.filter(|page| u64::try_from(*page) != Ok(asked)) {
            return Err(self.fetcher.broken(format!(
                "the server sent page {page} instead of page {asked}; items may be repeated"
            )));
        }
        let pages = pages.map(|pages| u64::try_from(pages).unwrap_or(0));
        let Some(count) = pages else {
            return Ok(None);
        };
        if !empty {
            self.pages_when_empty = None;
        } else if asked < count {
            let known = *self.pages_when_empty.get_or_insert(count);
            if count > known {
                return Err(self.fetcher.broken(format!(
                    "the list does not end: page {asked} has no items, and the number of pages grew from {known} to {count}"
                )));
            }
        }
        Ok(pages)
    }

    /// Returns the number of the last page, computed from other figures if the server does not
    /// report it.
    fn last(&self, number: u64, length: u64, total: Option<u64>) -> Option<u64> {
        let size: u64 = self
            .size
            .as_deref()?
            .parse()
            .ok()
            .filter(|size| *size > 0)?;
        match total {
            Some(total) => Some(total.div_ceil(size)),
            None => (length < size).then_some(number),
        }
    }

    /// Requests the following pages, as many as are needed and as `prefetch` allows.
    fn fetch_ahead(&mut self, last: u64, length: u64, wanted: Option<u64>) {
        let needed = match wanted {
            Some(wanted) => wanted.div_ceil(length.max(1)),
            None => u64::MAX,
        };
        let last = last.min(self.next.saturating_add(needed).saturating_sub(1));
        while self.ahead.len() < self.prefetch {
            let page = self.next.saturating_add(self.ahead.len() as u64);
            if page > last {
                break;
            }
            let ahead = self
                .fetcher
                .fetch_ahead(|request| request.set("page", &page));
            self.ahead.push_back(ahead);
        }
    }
}
