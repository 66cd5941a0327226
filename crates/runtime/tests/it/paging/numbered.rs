//! Lists whose pages have numbers.

use compute_kfp_runtime::paging::NextPage;
use serde_json::json;

use super::lists::{BY_NUMBER, NumberedPage, answer, items, numbered_page, pages};
use super::server::Server;

#[tokio::test]
async fn the_pages_are_requested_in_order_with_what_was_set() {
    let server = Server::start(|_, query| answer(numbered_page(query, 25)));
    let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.set("filter", "x");
        request.page_size(10);
    });
    assert_eq!(
        numbers.collect().await.unwrap(),
        (0..25).collect::<Vec<_>>()
    );
    let expected = ["1", "2", "3"].map(|page| format!("filter=x&size=10&page={page}"));
    assert_eq!(server.queries(), expected);
}

#[tokio::test]
async fn page_three_is_never_requested_where_two_are_enough() {
    let server = Server::start(|_, query| answer(numbered_page(query, 1000)));
    let mut numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| request.page_size(10));
    for _ in 0..20 {
        numbers.next().await.unwrap().unwrap();
    }
    assert_eq!(server.queries(), ["size=10&page=1", "size=10&page=2"]);
}

#[tokio::test]
async fn several_pages_are_fetched_at_a_time_and_given_in_order() {
    // The first page says how many there are; of the others none is answered before three are there.
    let server = Server::together(4, |_, query| answer(numbered_page(query, 100)));
    let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.page_size(10);
        request.prefetch(3);
    });
    assert_eq!(
        numbers.collect().await.unwrap(),
        (0..100).collect::<Vec<_>>()
    );
    assert_eq!(server.queries().len(), 10);
}

#[tokio::test]
async fn no_page_is_fetched_ahead_that_the_wanted_items_do_not_need() {
    let server = Server::start(|_, query| answer(numbered_page(query, 1000)));
    let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.page_size(10);
        request.prefetch(8);
        request.max_items(25);
    });
    assert_eq!(
        numbers.collect().await.unwrap(),
        (0..25).collect::<Vec<_>>()
    );
    assert_eq!(server.queries().len(), 3);
}

#[tokio::test]
async fn the_number_of_pages_may_change_while_they_are_read() {
    for (then, expected) in [(30, 30), (10, 10)] {
        let server = Server::start(move |number, query| {
            answer(numbered_page(query, if number == 0 { 20 } else { then }))
        });
        let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| request.page_size(10));
        assert_eq!(numbers.collect().await.unwrap().len(), expected);
    }
}

#[tokio::test]
async fn without_a_number_of_pages_the_total_or_a_short_page_ends_the_list() {
    for total in [json!(25), json!(null)] {
        let server = Server::start(move |_, query| {
            let mut page: serde_json::Value =
                serde_json::from_str(&numbered_page(query, 25)).unwrap();
            page["pages"] = json!(null);
            page["page"] = json!(null);
            page["total"] = total.clone();
            answer(page.to_string())
        });
        for size in [Some(10), None] {
            let numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
                if let Some(size) = size {
                    request.page_size(size);
                }
            });
            assert_eq!(
                numbers.collect().await.unwrap(),
                (0..25).collect::<Vec<_>>()
            );
        }
    }
}

#[tokio::test]
async fn a_list_starts_at_the_page_that_was_set() {
    let server = Server::start(|_, query| answer(numbered_page(query, 30)));
    let mut pages = pages::<NumberedPage>(&server.transport(), &BY_NUMBER, |request| {
        request.page_size(10);
        request.set("page", &2);
    });
    let page = pages.next().await.unwrap().unwrap();
    let next = NextPage::Number {
        page: Some(2),
        pages: Some(3),
    };
    assert_eq!((page.next_page(), page.total()), (next, Some(30)));
    assert_eq!(page.into_items(), (10..20).collect::<Vec<_>>());
}
