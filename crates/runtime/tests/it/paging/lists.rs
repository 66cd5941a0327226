//! Lists of numbers, in the three ways of paging.

use compute_kfp_runtime::operation::{InPageToken, Location, Operation, Paging, Parameter};
use compute_kfp_runtime::paging::{Items, ListPage, NextPage, PageField as _, Pages, count, token};
use compute_kfp_runtime::{Error, Nullable, Request, Transport};
use serde::{Deserialize, Serialize};
use serde_json::json;

use compute_kfp_test_server::Response;

use super::server::{Query, Server};

const fn parameter(name: &'static str) -> Parameter {
    Parameter::new(name, Location::Query, "string")
}

pub static BY_TOKEN: Operation = Operation::new("list", "by_token", "GET", "/items")
    .parameters(&[
        parameter("page_token"),
        parameter("page_size"),
        parameter("filter"),
        parameter("sort_by"),
    ])
    .paging(Paging::Token { items: "numbers" });
/// A list like those of KFP: the token holds the order, and the filter except for predicates on tags.
pub static HELD_BY_TOKEN: Operation = Operation::new("list", "held_by_token", "GET", "/items")
    .parameters(&[
        parameter("page_token"),
        parameter("page_size"),
        parameter("filter").in_page_token(InPageToken::PredicatesExcept("tags.")),
        parameter("sort_by").in_page_token(InPageToken::Whole),
        parameter("namespace"),
    ])
    .paging(Paging::Token { items: "numbers" });
pub static BY_NUMBER: Operation = Operation::new("list", "by_number", "GET", "/items")
    .parameters(&[parameter("page"), parameter("size"), parameter("filter")])
    .paging(Paging::Numbered { items: "items" });
pub static BY_TIME: Operation = Operation::new("list", "by_time", "GET", "/items")
    .parameters(&[parameter("start"), parameter("limit").maximum(200)])
    .paging(Paging::Timed { items: "lines" });

#[derive(Debug, Deserialize)]
pub struct TokenPage {
    numbers: Option<Vec<u64>>,
    total_size: Option<i32>,
    next_page_token: Option<String>,
}

impl ListPage for TokenPage {
    type Item = u64;

    fn list(&self) -> Option<&Vec<u64>> {
        self.numbers.get()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<u64>> {
        self.numbers.get_mut()
    }

    fn next_page(&self) -> NextPage<'_> {
        NextPage::Token(token(&self.next_page_token))
    }

    fn total(&self) -> Option<u64> {
        count(&self.total_size)?.try_into().ok()
    }
}

#[derive(Debug, Deserialize)]
pub struct NumberedPage {
    items: Vec<u64>,
    total: Option<i64>,
    page: Option<i64>,
    #[serde(default)]
    pages: Nullable<i64>,
}

impl ListPage for NumberedPage {
    type Item = u64;

    fn list(&self) -> Option<&Vec<u64>> {
        self.items.get()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<u64>> {
        self.items.get_mut()
    }

    fn next_page(&self) -> NextPage<'_> {
        NextPage::Number {
            page: count(&self.page),
            pages: count(&self.pages),
        }
    }

    fn total(&self) -> Option<u64> {
        count(&self.total)?.try_into().ok()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Line {
    pub timestamp: i64,
    pub line: String,
}

#[derive(Debug, Deserialize)]
pub struct TimedPage {
    lines: Vec<Line>,
    next_start: Option<i64>,
}

impl ListPage for TimedPage {
    type Item = Line;

    fn list(&self) -> Option<&Vec<Line>> {
        self.lines.get()
    }

    fn list_mut(&mut self) -> Option<&mut Vec<Line>> {
        self.lines.get_mut()
    }

    fn next_page(&self) -> NextPage<'_> {
        NextPage::Time(self.next_start)
    }

    fn time(item: &Line) -> Option<i64> {
        Some(item.timestamp)
    }
}

pub fn pages<P: ListPage>(
    transport: &Transport,
    operation: &'static Operation,
    set: impl FnOnce(&mut Request),
) -> Pages<P> {
    let mut request = Request::new(operation);
    set(&mut request);
    Pages::new(transport.clone(), request)
}

pub fn items<P: ListPage>(
    server: &Server,
    operation: &'static Operation,
    set: impl FnOnce(&mut Request),
) -> Items<P> {
    pages(&server.transport(), operation, set).items()
}

/// All items up to the end or the first error.
pub async fn drain<P: ListPage>(items: &mut Items<P>) -> (Vec<P::Item>, Option<Error>) {
    let mut given = Vec::new();
    loop {
        match items.next().await {
            Some(Ok(item)) => given.push(item),
            Some(Err(error)) => return (given, Some(error)),
            None => return (given, None),
        }
    }
}

fn number(query: &Query, name: &str) -> Option<usize> {
    query.get(name).map(|text| text.parse().unwrap())
}

/// The page of a list of so many numbers that a token asks for; tokens are offsets.
pub fn token_page(query: &Query, length: usize) -> String {
    let size = number(query, "page_size").unwrap_or(20);
    let start = number(query, "page_token").unwrap_or(0);
    let end = (start + size).min(length);
    let mut page = json!({ "total_size": length });
    if start < end {
        page["numbers"] = json!((start..end).collect::<Vec<_>>());
    }
    if end < length {
        page["next_page_token"] = json!(end.to_string());
    }
    page.to_string()
}

/// The page of a list of so many numbers that a number asks for.
pub fn numbered_page(query: &Query, length: usize) -> String {
    let size = number(query, "size").unwrap_or(50);
    let page = number(query, "page").unwrap_or(1);
    let start = ((page - 1) * size).min(length);
    let items: Vec<_> = (start..(start + size).min(length)).collect();
    let pages = length.div_ceil(size);
    json!({ "items": items, "total": length, "page": page, "size": size, "pages": pages })
        .to_string()
}

/// Lines from `start` on, at most `limit`; `next_start` is the time of the first that is left, or
/// just after the last yielded item if `behind` is set.
pub fn timed_page(query: &Query, times: &[i64], behind: bool) -> String {
    page_of_lines(query, &log(times), behind)
}

/// The same of a log that is not one line for each time.
pub fn page_of_lines(query: &Query, log: &[Line], behind: bool) -> String {
    let start = query
        .get("start")
        .map(|start| start.parse::<i64>().unwrap());
    let limit = number(query, "limit").unwrap_or(100);
    assert!(limit <= 200, "more than the description allows");
    let mut lines = log.to_vec();
    lines.retain(|line| start.is_none_or(|start| line.timestamp >= start));
    let rest = lines.split_off(limit.min(lines.len()));
    let next_start = rest.first().map(|next| match lines.last() {
        Some(last) if behind => last.timestamp + 1,
        _ => next.timestamp,
    });
    let lines: Vec<_> = lines
        .iter()
        .map(|line| json!({ "timestamp": line.timestamp, "line": line.line }))
        .collect();
    json!({ "lines": lines, "next_start": next_start }).to_string()
}

/// A log with one line for each time.
pub fn log(times: &[i64]) -> Vec<Line> {
    let line = |(index, timestamp): (usize, &i64)| Line {
        timestamp: *timestamp,
        line: format!("line {index}"),
    };
    times.iter().enumerate().map(line).collect()
}

pub fn answer(body: String) -> Response {
    Response::new(200, "", body)
}
