//! Lists whose pages have tokens.

use serde_json::json;

use super::lists::{BY_TOKEN, TokenPage, answer, drain, items, pages, token_page};
use super::server::Server;

#[tokio::test]
async fn nothing_is_requested_before_the_first_poll_nor_a_page_that_is_not_needed() {
    let server = Server::start(|_, query| answer(token_page(query, 100)));
    let mut numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| request.page_size(10));
    assert_eq!(server.queries(), [""; 0]);
    for expected in 0..20 {
        assert_eq!(numbers.next().await.unwrap().unwrap(), expected);
    }
    drop(numbers);
    assert_eq!(
        server.queries(),
        ["page_size=10", "page_size=10&page_token=10"]
    );
}

#[tokio::test]
async fn what_was_set_goes_with_every_page_unchanged() {
    let server = Server::start(|_, query| answer(token_page(query, 50)));
    let numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| {
        request.set("filter", r#"{"predicates":[]}"#);
        request.set("sort_by", "name desc");
        request.page_size(20);
    });
    assert_eq!(
        numbers.collect().await.unwrap(),
        (0..50).collect::<Vec<_>>()
    );
    let set = "filter=%7B%22predicates%22%3A%5B%5D%7D&sort_by=name%20desc&page_size=20";
    let expected = [
        set.to_owned(),
        format!("{set}&page_token=20"),
        format!("{set}&page_token=40"),
    ];
    assert_eq!(server.queries(), expected);
}

#[tokio::test]
async fn short_and_empty_pages_with_a_token_go_on() {
    let bodies = [
        json!({ "numbers": [1], "next_page_token": "a" }),
        json!({ "next_page_token": "b" }),
        json!({ "numbers": null, "next_page_token": "c" }),
        json!({ "numbers": [2, 3], "next_page_token": "" }),
    ];
    let server = Server::start(move |number, _| answer(bodies[number].to_string()));
    let numbers = items::<TokenPage>(&server, &BY_TOKEN, |_| {});
    assert_eq!(numbers.collect().await.unwrap(), [1, 2, 3]);
    assert_eq!(server.queries().len(), 4);
}

#[tokio::test]
async fn a_list_that_is_empty_ends() {
    let server = Server::start(|_, _| answer("{}".to_owned()));
    let mut numbers = items::<TokenPage>(&server, &BY_TOKEN, |_| {});
    assert!(numbers.next().await.is_none());
    assert!(numbers.next().await.is_none());
    assert_eq!(server.queries().len(), 1);
}

#[tokio::test]
async fn no_more_items_are_given_and_no_more_pages_requested_than_wanted() {
    let server = Server::start(|_, query| answer(token_page(query, 100)));
    for (most, requests) in [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2)] {
        let before = server.queries().len();
        let numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| {
            request.page_size(10);
            request.max_items(most);
            request.prefetch(3);
        });
        assert_eq!(numbers.collect().await.unwrap().len() as u64, most);
        assert_eq!(server.queries().len() - before, requests, "{most}");
    }
}

#[tokio::test]
async fn with_prefetch_the_next_page_comes_while_the_caller_works() {
    let server = Server::start(|_, query| answer(token_page(query, 100)));
    let mut numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| {
        request.page_size(10);
        request.prefetch(1);
    });
    assert_eq!(numbers.next().await.unwrap().unwrap(), 0);
    // The first page, and the second without another poll.
    server.arrival().await;
    server.arrival().await;
    let (given, error) = drain(&mut numbers).await;
    assert_eq!(given, (1..100).collect::<Vec<_>>());
    assert!(error.is_none());
    assert_eq!(server.queries().len(), 10);
}

#[tokio::test]
async fn pages_have_their_metadata() {
    let server = Server::start(|_, query| answer(token_page(query, 30)));
    let mut pages = pages::<TokenPage>(&server.transport(), &BY_TOKEN, |request| {
        request.page_size(20);
    });
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!((first.items().len(), first.total()), (20, Some(30)));
    assert_eq!(first.status(), 200);
    assert!(first.headers().contains_key("content-length"));
    assert!(first.resume_point().is_some());
    let second = pages.next().await.unwrap().unwrap();
    assert!(second.resume_point().is_none());
    assert_eq!(second.into_items(), (20..30).collect::<Vec<_>>());
    assert!(pages.next().await.is_none());
}
