//! Lists that would not end, or not be what was asked for.

use compute_kfp_runtime::{Error, ErrorKind};
use serde_json::json;

use super::lists::{
    BY_NUMBER, BY_TIME, BY_TOKEN, NumberedPage, TimedPage, TokenPage, answer, drain, items,
};
use super::server::Server;

fn check(error: Option<Error>, said: &str) {
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains(said), "{error}");
    assert!(error.resume_point().is_some() && error.was_sent());
    assert_eq!(error.operation().unwrap().name, "list");
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_list_without_repeating_an_item() {
    for cycle in 1..4 {
        let server = Server::start(move |number, _| {
            let token = format!("t{}", number % cycle);
            answer(json!({ "numbers": [number], "next_page_token": token }).to_string())
        });
        for prefetch in [0, 1] {
            let mut numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| {
                request.prefetch(prefetch);
            });
            let (given, error) = drain(&mut numbers).await;
            assert_eq!(given.len(), cycle + 1);
            check(error, "the list does not end");
            assert!(numbers.next().await.is_none(), "an error ends the stream");
        }
    }
}

#[tokio::test]
async fn pages_that_grow_without_items_end_the_list() {
    let server = Server::start(|number, query| {
        let page: usize = query["page"].parse().unwrap();
        let items = if page == 1 { vec![7] } else { vec![] };
        answer(json!({ "items": items, "page": page, "pages": number + 3 }).to_string())
    });
    let mut numbers = items::<NumberedPage>(&server, &BY_NUMBER, |_| {});
    let (given, error) = drain(&mut numbers).await;
    assert_eq!(given, [7]);
    check(error, "has no items, and the number of pages grew");
}

#[tokio::test]
async fn a_page_in_place_of_another_is_an_error() {
    let server =
        Server::start(|_, _| answer(json!({ "items": [7], "page": 1, "pages": 3 }).to_string()));
    let mut numbers = items::<NumberedPage>(&server, &BY_NUMBER, |_| {});
    let (given, error) = drain(&mut numbers).await;
    assert_eq!(given, [7]);
    check(error, "page 1 instead of page 2");
}

#[tokio::test]
async fn a_list_of_empty_pages_without_end_is_an_error() {
    let server = Server::start(|number, _| {
        answer(json!({"next_page_token": number.to_string()}).to_string())
    });
    let error = items::<TokenPage>(&server, &BY_TOKEN, |_| {})
        .collect()
        .await;
    let error = error.unwrap_err();
    assert!(error.message().contains("does not end"), "{error}");
    assert!(error.resume_point().is_some());

    let server = Server::start(|_, query| {
        let page: i64 = query["page"].parse().unwrap();
        answer(json!({"items": [], "page": page, "pages": i64::MAX}).to_string())
    });
    let error = items::<NumberedPage>(&server, &BY_NUMBER, |_| {})
        .collect()
        .await;
    assert!(error.unwrap_err().message().contains("does not end"));

    let server = Server::start(|number, _| {
        answer(json!({"lines": [], "next_start": number + 1}).to_string())
    });
    let error = items::<TimedPage>(&server, &BY_TIME, |_| {})
        .collect()
        .await;
    assert!(error.unwrap_err().message().contains("does not end"));
}

#[tokio::test]
async fn the_last_page_that_has_a_number_is_asked_for_once() {
    let server = Server::start(|_, _| answer(json!({"items": [1]}).to_string()));
    let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.set("page", &u64::MAX);
    });
    assert_eq!(numbers.collect().await.unwrap(), [1]);
    assert_eq!(server.queries().len(), 1);
}
