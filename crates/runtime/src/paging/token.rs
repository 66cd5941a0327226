//! Lists with page tokens.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use super::fetcher::{Ahead, PageFetcher, arrived};
use super::page::{ListPage, NextPage, Page};
use crate::error::Error;
use crate::request::Request;
use crate::resume_point::Position;

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

    /// Returns the next page, given the number of items so far and the maximum number of items.
    pub async fn next(&mut self, given: u64, most: Option<u64>) -> Option<Result<Page<P>, Error>> {
        let token = match std::mem::replace(&mut self.next, Next::End) {
            Next::Page(token) => token,
            Next::Repeated(token) => {
                let error = self.fetcher.broken(
                    "the list does not end: its next page has the token of an earlier page"
                        .to_owned(),
                );
                let here = self.fetcher.at(Position::Token(Some(token)), given);
                return Some(Err(error.resumed_at(here)));
            }
            Next::End => return None,
        };
        let here = self.fetcher.at(Position::Token(token.clone()), given);
        let fetched = match self.ahead.take() {
            Some(ahead) => arrived(ahead).await,
            None => {
                self.fetcher
                    .fetch(|request| set(request, token.as_deref()))
                    .await
            }
        };
        let response = match fetched {
            Ok(response) => response,
            Err(error) => return Some(Err(error.resumed_at(here))),
        };
        let given = given.saturating_add(response.items().len() as u64);
        let next = match response.next_page() {
            NextPage::Token(Some(token)) => Some(token.to_owned()),
            _ => None,
        };
        let after = next
            .clone()
            .map(|token| self.fetcher.at(Position::Token(Some(token)), given));
        if let Some(token) = next {
            self.next = if self.seen.insert(hash(&token)) {
                if self.prefetch && most.is_none_or(|most| given < most) {
                    let ahead = self
                        .fetcher
                        .fetch_ahead(|request| set(request, Some(&token)));
                    self.ahead = Some(ahead);
                }
                Next::Page(Some(token))
            } else {
                Next::Repeated(token)
            };
        }
        Some(Ok(Page::new(response, here, after)))
    }
}

fn set(request: &mut Request, token: Option<&str>) {
    if let Some(token) = token {
        request.next_page(token);
    }
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
