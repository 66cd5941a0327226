//! Lists with page tokens.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use super::fetcher::{Ahead, Fetched, PageFetcher, arrived};
use super::page::{ListPage, NextPage};
use crate::error::Error;
use crate::request::Request;
use crate::response::Response;
use crate::resume_point::{Position, ResumePoint};

pub(super) struct TokenPager<P> {
    fetcher: PageFetcher,
    next: Next,
    /// Hashes of the tokens so far; the tokens themselves can be long.
    seen: HashSet<u64>,
    ahead: Option<Ahead<P>>,
    prefetch: bool,
}

enum Next {
    /// The page with this token, or the first page.
    Page(Option<String>),
    /// A token that occurred before: the list does not end.
    Repeated(String),
    End,
}

impl<P: ListPage> TokenPager<P> {
    pub fn new(fetcher: PageFetcher, start: Option<String>, prefetch: bool) -> Self {
        let seen = start.iter().map(|token| hash(token)).collect();
        Self {
            fetcher,
            next: Next::Page(start),
            seen,
            ahead: None,
            prefetch,
        }
    }

    pub fn position(&self, given: u64) -> ResumePoint {
        let token = match &self.next {
            Next::Page(token) => token.clone(),
            Next::Repeated(token) => Some(token.clone()),
            Next::End => None,
        };
        self.fetcher.at(Position::Token(token), given)
    }

    pub async fn next(&mut self, given: u64, most: Option<u64>) -> Result<Fetched<P>, Error> {
        let token = match std::mem::replace(&mut self.next, Next::End) {
            Next::Page(token) => token,
            Next::Repeated(_) => {
                let what = "the list does not end: its next page has the token of an earlier page";
                return Err(self.fetcher.broken(what.to_owned()));
            }
            Next::End => return Ok(None),
        };
        let set = |request: &mut Request| {
            if let Some(token) = &token {
                request.next_page(token);
            }
        };
        let response: Response<P> = match self.ahead.take() {
            Some(ahead) => arrived(ahead).await?,
            None => self.fetcher.fetch(set).await?,
        };
        let given = given.saturating_add(response.items().len() as u64);
        let NextPage::Token(Some(token)) = response.next_page() else {
            return Ok(Some((response, None)));
        };
        let token = token.to_owned();
        let is_new = self.seen.insert(hash(&token));
        if is_new && self.prefetch && most.is_none_or(|most| given < most) {
            let ahead = self
                .fetcher
                .fetch_ahead(|request| request.next_page(&token));
            self.ahead = Some(ahead);
        }
        self.next = match is_new {
            true => Next::Page(Some(token)),
            false => Next::Repeated(token),
        };
        let after = self.position(given);
        Ok(Some((response, Some(after))))
    }
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
