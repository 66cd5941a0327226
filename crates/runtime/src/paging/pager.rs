//! The pages of a list, fetched one after the other.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::mem::discriminant;

use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::page::{ListPage, NextPage, Page};
use crate::error::{Error, ErrorKind};
use crate::fault;
use crate::operation::{Operation, Paging};
use crate::request::Request;
use crate::response::Response;
use crate::resume_point::{Cursor, Position, ResumePoint};
use crate::transport::Transport;

/// Maximum number of consecutive pages without items. A server that filters after it has cut its
/// pages sends some; if there are more, the list is taken to be endless.
const MOST_EMPTY: u32 = 1_000;

/// A list between two of its pages.
pub(super) struct Pager<P> {
    transport: Transport,
    /// The request of the list, which is copied for each page.
    request: Request,
    max_items: Option<u64>,
    /// Maximum number of pages that are fetched ahead.
    prefetch: usize,
    /// Point at which the next page begins.
    point: ResumePoint,
    has_ended: bool,
    /// Pages that are fetched in the background, from the next one on.
    ahead: VecDeque<Ahead<P>>,
    /// Hashes of the tokens so far; the tokens themselves can be long.
    tokens: HashSet<u64>,
    /// Number of consecutive pages without items.
    empty: u32,
    /// Number of pages that the server reported when an empty page came before the end.
    pages_when_empty: Option<u64>,
    /// Start of the next page after a page of a log without new items, as reported by the server.
    further: Option<i64>,
}

/// A page that is fetched in the background; the request is cancelled when it is dropped.
type Ahead<P> = AbortOnDropHandle<Result<Response<P>, Error>>;

impl<P: ListPage> Pager<P> {
    /// Creates the pager of a request; fails if it is not one of a list, or if it resumes at a point
    /// of another list.
    pub fn new(transport: Transport, request: Request) -> Result<Self, Error> {
        let operation = request.operation();
        let options = request.paging();
        let value = |name: &str| request.value(name).map(str::to_owned);
        let position = match operation.paging {
            Some(Paging::Token { .. }) => Position::Token(value("page_token")),
            Some(Paging::Numbered { .. }) => Position::Number {
                page: value("page").and_then(|it| it.parse().ok()).unwrap_or(1),
                size: value("size"),
            },
            Some(Paging::Timed { .. }) => Position::Time(Cursor::default()),
            None => {
                let what = format!("`{}` is not a paged list", operation.id);
                return Err(refused(operation, &what));
            }
        };
        let start = ResumePoint {
            operation: operation.id.to_owned(),
            position,
            held: request.held_by_token(),
            given_of_page: 0,
            given: 0,
        };
        let point = options.resume.unwrap_or_else(|| start.clone());
        if let Some(mismatch) = mismatch(&point, &start) {
            return Err(refused(operation, &mismatch));
        }
        Ok(Self {
            transport,
            request,
            max_items: options.max_items,
            prefetch: options.prefetch,
            point,
            has_ended: false,
            ahead: VecDeque::new(),
            tokens: HashSet::new(),
            empty: 0,
            pages_when_empty: None,
            further: None,
        })
    }

    /// Returns the next page, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Page<P>>, Error> {
        let here = self.point.clone();
        if self.has_ended || self.max_items.is_some_and(|most| here.given >= most) {
            return Ok(None);
        }
        match self.page().await {
            Ok(response) => {
                // More lines of a log may be written.
                let goes_on = !self.has_ended || matches!(self.point.position, Position::Time(_));
                let after = goes_on.then(|| self.point.clone());
                Ok(Some(Page::new(response, here, after)))
            }
            Err(error) => Err(error.resumed_at(here)),
        }
    }

    /// Fetches a page, and moves to the position after it.
    async fn page(&mut self) -> Result<Response<P>, Error> {
        if let Position::Token(Some(token)) = &self.point.position
            && !self.tokens.insert(hash(token))
        {
            let what = "the list does not end: its next page has the token of an earlier page";
            return Err(self.broken(what.to_owned()));
        }
        let page = match (self.ahead.pop_front(), &self.point.position) {
            (Some(ahead), _) => ahead.await.map_err(stopped)??,
            (None, Position::Time(cursor)) => self.lines(cursor.clone()).await?,
            (None, _) => fetch(&self.transport, self.request_of(0)).await?,
        };
        let length = length(&*page);
        let before = self.point.given.saturating_sub(self.point.given_of_page);
        self.point.given = before.saturating_add(length);
        self.point.given_of_page = 0;
        let following = match (&mut self.point.position, page.next_page()) {
            (Position::Token(next), NextPage::Token(Some(token))) => {
                *next = Some(token.to_owned());
                1
            }
            (
                Position::Number { page: next, size },
                NextPage::Number {
                    page: number,
                    pages,
                },
            ) => {
                let (asked, size) = (*next, size.as_deref().and_then(|size| size.parse().ok()));
                *next = asked.saturating_add(1);
                self.check_number(asked, number)?;
                self.following(asked, size, length, pages, page.total())?
            }
            (Position::Time(_), _) => 0,
            _ => {
                self.has_ended = true;
                0
            }
        };
        self.empty = if length == 0 { self.empty + 1 } else { 0 };
        if self.empty > MOST_EMPTY && !self.has_ended {
            return Err(self.broken(format!(
                "the list does not end: {MOST_EMPTY} consecutive pages have no items"
            )));
        }
        self.fetch_ahead(following, length);
        Ok(page)
    }

    /// Checks that a response is the requested page.
    fn check_number(&self, asked: u64, received: Option<i64>) -> Result<(), Error> {
        match received {
            Some(page) if u64::try_from(page) != Ok(asked) => Err(self.broken(format!(
                "the server sent page {page} instead of page {asked}; items may be repeated"
            ))),
            _ => Ok(()),
        }
    }

    /// Ends the list with its last page, and returns how many follow a numbered one, as far as the
    /// server reports it.
    fn following(
        &mut self,
        asked: u64,
        size: Option<u64>,
        length: u64,
        pages: Option<i64>,
        total: Option<u64>,
    ) -> Result<u64, Error> {
        let pages = pages.map(|pages| u64::try_from(pages).unwrap_or(0));
        if length > 0 {
            self.pages_when_empty = None;
        } else if let Some(count) = pages.filter(|count| asked < *count) {
            let known = *self.pages_when_empty.get_or_insert(count);
            if count > known {
                return Err(self.broken(format!(
                    "the list does not end: page {asked} has no items, and the number of pages grew from {known} to {count}"
                )));
            }
        }
        // Without a number of pages, other figures show the last one. Without any, a page with items
        // may have a next one.
        let last = pages.unwrap_or_else(|| match (size.filter(|size| *size > 0), total) {
            (Some(size), Some(total)) => total.div_ceil(size),
            (Some(size), None) if length < size => asked,
            _ => asked.saturating_add(length.min(1)),
        });
        self.has_ended = asked >= last || asked == u64::MAX;
        Ok(pages.map_or(0, |last| last.saturating_sub(asked)))
    }

    /// Fetches the next lines of a list that is paged by time, such as a log.
    ///
    /// Several lines may have the same time, and a page may end between them. So each page starts at
    /// the time of the last line, and the lines of that time that were already given are removed.
    async fn lines(&mut self, mut cursor: Cursor) -> Result<Response<P>, Error> {
        let value = |name: &str| self.request.value(name)?.parse::<i64>().ok();
        let start = self.further.or(cursor.last);
        let asked = start.or_else(|| value("start"));
        let mut limit = value("limit").and_then(|limit| u64::try_from(limit).ok());
        loop {
            let mut request = self.request.clone();
            if let Some(start) = start {
                request.set("start", &start);
            }
            if let Some(limit) = limit {
                request.set("limit", &limit);
            }
            let mut page: Response<P> = fetch(&self.transport, request).await?;
            let received = length(&*page);
            let mut given = cursor.clone();
            if let Some(lines) = page.list_mut() {
                lines.retain(|line| !given.take_given(line, P::time(line)));
            }
            for line in page.list().into_iter().flatten() {
                cursor.pass(line, P::time(line));
            }
            self.point.position = Position::Time(cursor.clone());
            let NextPage::Time(Some(next)) = page.next_page() else {
                self.has_ended = true;
                return Ok(page);
            };
            if length(&*page) > 0 {
                self.further = None;
                return Ok(page);
            }
            // More lines of the same time may follow a full page.
            if received > 0 && limit.is_none_or(|limit| received >= limit) {
                let largest = self.request.operation().largest_page();
                let larger = largest.filter(|largest| limit.is_none_or(|it| it < *largest));
                if larger.is_none() {
                    let time = cursor.last.unwrap_or_default();
                    return Err(self.broken(format!(
                        "more than {received} items, the maximum of a page, have the same time ({time} ns); the list cannot be continued"
                    )));
                }
                limit = larger;
                continue;
            }
            // A next start that is not after this one leads to nothing new.
            match asked.is_none_or(|asked| next > asked) {
                true => self.further = Some(next),
                false => self.has_ended = true,
            }
            return Ok(page);
        }
    }

    /// Requests the following pages, as many as are needed and as `prefetch` allows.
    fn fetch_ahead(&mut self, following: u64, length: u64) {
        let needed = match self.max_items {
            Some(most) => most
                .saturating_sub(self.point.given)
                .div_ceil(length.max(1)),
            None => u64::MAX,
        };
        let ahead = following.min(needed).min(self.prefetch as u64);
        for index in self.ahead.len() as u64..ahead {
            let (transport, request) = (self.transport.clone(), self.request_of(index));
            let fetching = async move { fetch(&transport, request).await };
            let fetching = tokio::spawn(fetching.in_current_span());
            self.ahead.push_back(AbortOnDropHandle::new(fetching));
        }
    }

    /// Returns the request of the page at the position, or of one that many pages after it.
    fn request_of(&self, further: u64) -> Request {
        let mut request = self.request.clone();
        match &self.point.position {
            Position::Token(Some(token)) => request.next_page(token),
            Position::Number { page, .. } => request.set("page", &page.saturating_add(further)),
            Position::Token(None) | Position::Time(_) => {}
        }
        request
    }

    /// Creates the error for a response that would make a list endless or wrong.
    fn broken(&self, what: String) -> Error {
        fault::unfit(what).during(self.request.operation())
    }
}

/// Returns why a list cannot resume at a point, if it is one of another list.
fn mismatch(point: &ResumePoint, start: &ResumePoint) -> Option<String> {
    let (of, id) = (&point.operation, &start.operation);
    if of != id {
        return Some(format!("the resume point belongs to `{of}`, not to `{id}`"));
    }
    if point.held != start.held {
        let what = "the resume point belongs to a list with another filter or order; set the same";
        return Some(what.to_owned());
    }
    match (&point.position, &start.position) {
        (Position::Number { size, .. }, Position::Number { size: set, .. }) if size != set => {
            Some(format!(
                "the resume point belongs to a list with page size {}; set the same page size",
                size.as_deref().unwrap_or("chosen by the server")
            ))
        }
        (position, start) if discriminant(position) != discriminant(start) => Some(format!(
            "the resume point is of another kind of paging than `{id}`"
        )),
        _ => None,
    }
}

fn refused(operation: &'static Operation, what: &str) -> Error {
    Error::invalid(format!("{what}; nothing was sent")).during(operation)
}

async fn fetch<P: ListPage>(transport: &Transport, request: Request) -> Result<Response<P>, Error> {
    let operation = request.operation();
    let (page, status, headers) = transport.send_json::<P>(request).await?.into_parts();
    match page.of(operation) {
        Ok(page) => Ok(Response::new(page, status, headers)),
        Err(what) => Err(fault::unfit(what).during(operation)),
    }
}

fn stopped(error: JoinError) -> Error {
    let what = "the page was not fetched: its async runtime has stopped";
    Error::new(ErrorKind::Connection, what).caused_by(error)
}

fn length<P: ListPage>(page: &P) -> u64 {
    page.list().map_or(0, |list| list.len() as u64)
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
