//! Lists whose pages have tokens.

use std::collections::BTreeMap;

use compute_kfp_runtime::Request;
use serde_json::json;

use super::lists::{BY_TOKEN, HELD_BY_TOKEN, TokenPage, answer, drain, items, pages, token_page};
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

/// Filters of the first page and of those with a token.
async fn filters(filter: &str, prefetch: usize) -> Vec<Option<String>> {
    let server = Server::start(|_, query| answer(token_page(query, 25)));
    let numbers = items::<TokenPage>(&server, &HELD_BY_TOKEN, |request| {
        request.set("filter", filter);
        request.set("sort_by", "name desc");
        request.set("namespace", "team-a");
        request.page_size(10);
        request.prefetch(prefetch);
    });
    assert_eq!(numbers.collect().await.unwrap().len(), 25);
    let queries = server.queries();
    let parameters = queries.iter().map(|query| {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.into_owned().collect::<BTreeMap<_, _>>()
    });
    let parameters: Vec<_> = parameters.collect();
    assert_eq!(parameters.len(), 3);
    for (number, page) in parameters.iter().enumerate() {
        assert_eq!(page["namespace"], "team-a");
        assert_eq!(page["page_size"], "10");
        assert_eq!(page.contains_key("sort_by"), number == 0, "{page:?}");
        assert_eq!(page.contains_key("page_token"), number > 0, "{page:?}");
    }
    let filters = parameters.iter().map(|page| page.get("filter").cloned());
    filters.collect()
}

#[tokio::test]
async fn what_a_token_holds_is_sent_with_the_first_page_only() {
    let state = r#"{"operation":"IN","key":"state","string_values":{"values":["A"]}}"#;
    let tag = r#"{"key":"tags.team","operation":"EQUALS","string_value":"a"}"#;
    let both = format!(r#"{{"predicates":[{state},{tag}]}}"#);
    let only_tags = format!(r#"{{"predicates":[{tag}]}}"#);
    let no_tags = format!(r#"{{"predicates":[{state}]}}"#);
    for prefetch in [0, 1] {
        let sent = filters(&both, prefetch).await;
        let rest = Some(only_tags.clone());
        assert_eq!(sent, [Some(both.clone()), rest.clone(), rest.clone()]);
        let sent = filters(&only_tags, prefetch).await;
        assert_eq!(sent, [rest.clone(), rest.clone(), rest]);
        let sent = filters(&no_tags, prefetch).await;
        assert_eq!(sent, [Some(no_tags.clone()), None, None]);
        for unreadable in ["{", "[]", "text"] {
            let given = Some(unreadable.to_owned());
            let sent = filters(unreadable, prefetch).await;
            assert_eq!(sent, [given.clone(), given.clone(), given]);
        }
    }
}

#[tokio::test]
async fn a_stream_that_starts_at_a_token_leaves_out_what_it_holds() {
    let server = Server::start(|_, query| answer(token_page(query, 25)));
    let numbers = items::<TokenPage>(&server, &HELD_BY_TOKEN, |request| {
        request.set("sort_by", "name desc");
        request.set("page_token", "20");
    });
    assert_eq!(numbers.collect().await.unwrap(), [20, 21, 22, 23, 24]);
    assert_eq!(server.queries(), ["page_token=20"]);
}

#[tokio::test]
async fn a_stream_that_is_resumed_leaves_out_what_the_token_holds() {
    let server = Server::start(|_, query| answer(token_page(query, 25)));
    let set = |request: &mut Request| {
        request.set("sort_by", "name desc");
        request.page_size(10);
    };
    let mut numbers = items::<TokenPage>(&server, &HELD_BY_TOKEN, set);
    for _ in 0..12 {
        numbers.next().await.unwrap().unwrap();
    }
    let point = numbers.resume_point().unwrap().clone();
    let numbers = items::<TokenPage>(&server, &HELD_BY_TOKEN, |request| {
        set(request);
        request.resume(point);
    });
    assert_eq!(numbers.collect().await.unwrap()[0], 12);
    let after = &server.queries()[2..];
    assert_eq!(
        after,
        ["page_size=10&page_token=10", "page_size=10&page_token=20"]
    );
}

#[tokio::test]
async fn a_single_call_sends_all_that_was_set() {
    let server = Server::start(|_, query| answer(token_page(query, 25)));
    let mut request = Request::new(&HELD_BY_TOKEN);
    request.set("sort_by", "name");
    request.set("page_token", "20");
    server
        .transport()
        .send_json::<TokenPage>(request)
        .await
        .unwrap();
    assert_eq!(server.queries(), ["sort_by=name&page_token=20"]);
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
