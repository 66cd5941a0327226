//! Lists that are paged by time, such as the lines of a log.
//!
//! Several items may have the same time, and a page may end between them. So each page starts at
//! the time of the last item, and the items of that time that were already yielded are removed.

use std::marker::PhantomData;

use super::fetcher::{Fetched, PageFetcher};
use super::page::{ListPage, NextPage};
use crate::error::Error;
use crate::request::Request;
use crate::response::Response;
use crate::resume_point::{Cursor, Position, ResumePoint};

pub(super) struct TimedPager<P> {
    fetcher: PageFetcher,
    cursor: Cursor,
    /// Start of the next page after a page without new items, as reported by the server.
    further: Option<i64>,
    ended: bool,
    page: PhantomData<fn() -> P>,
}

impl<P: ListPage> TimedPager<P> {
    pub fn new(fetcher: PageFetcher, cursor: Cursor) -> Self {
        Self {
            fetcher,
            cursor,
            further: None,
            ended: false,
            page: PhantomData,
        }
    }

    pub async fn next(&mut self, given: u64) -> Result<Fetched<P>, Error> {
        if self.ended {
            return Ok(None);
        }
        let response = self.fetch().await?;
        let after = self.position(given.saturating_add(response.items().len() as u64));
        Ok(Some((response, Some(after))))
    }

    /// Fetches the next page, without the items that were already yielded.
    async fn fetch(&mut self) -> Result<Response<P>, Error> {
        let start = self.further.or(self.cursor.last);
        let asked = start.or_else(|| self.fetcher.value("start")?.parse().ok());
        let mut limit = self
            .fetcher
            .value("limit")
            .and_then(|limit| limit.parse().ok());
        loop {
            let set = |request: &mut Request| {
                if let Some(start) = start {
                    request.set("start", &start);
                }
                if let Some(limit) = limit {
                    request.set("limit", &limit);
                }
            };
            let mut page: Response<P> = self.fetcher.fetch(set).await?;
            let length = page.items().len() as u64;
            let mut given = self.cursor.clone();
            if let Some(items) = page.list_mut() {
                items.retain(|item| !given.take_given(item, P::time(item)));
            }
            for item in page.items() {
                self.cursor.pass(item, P::time(item));
            }
            let NextPage::Time(Some(next)) = page.next_page() else {
                self.ended = true;
                return Ok(page);
            };
            if !page.items().is_empty() {
                self.further = None;
                return Ok(page);
            }
            // More items of the same time may follow a full page.
            if length > 0 && limit.is_none_or(|limit| length >= limit) {
                match self.fetcher.operation().largest_page() {
                    Some(largest) if limit.is_none_or(|limit| limit < largest) => {
                        limit = Some(largest);
                        continue;
                    }
                    _ => return Err(self.too_many(length)),
                }
            }
            // A next start that is not after this one leads to nothing new.
            match asked.is_none_or(|asked| next > asked) {
                true => self.further = Some(next),
                false => self.ended = true,
            }
            return Ok(page);
        }
    }

    fn too_many(&self, length: u64) -> Error {
        let time = self.cursor.last.unwrap_or_default();
        self.fetcher.broken(format!(
            "more than {length} items, the maximum of a page, have the same time ({time} ns); the list cannot be continued"
        ))
    }

    pub fn position(&self, given: u64) -> ResumePoint {
        self.fetcher.at(Position::Time(self.cursor.clone()), given)
    }
}
