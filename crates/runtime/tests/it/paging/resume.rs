//! Going on where a list broke.

use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::paging::{ListPage, ResumePoint};
use compute_kfp_runtime::{ErrorKind, Request};

use super::lists::{
    BY_NUMBER, BY_TIME, BY_TOKEN, NumberedPage, TimedPage, TokenPage, answer, drain, items, log,
    numbered_page, timed_page, token_page,
};
use super::server::{Query, Server, cut_off, hang_up};

/// A point as another process would get it.
fn kept(point: &ResumePoint) -> ResumePoint {
    serde_json::from_str(&serde_json::to_string(point).unwrap()).unwrap()
}

/// Breaks the request with this number in each way, and reads on from where it broke.
async fn read_on<P: ListPage>(
    operation: &'static Operation,
    prefetch: usize,
    requests: usize,
    page: impl Fn(&Query) -> String + Clone + Send + Sync + 'static,
) -> Vec<Vec<P::Item>> {
    let mut read = Vec::new();
    for broken in 0..requests {
        for cut in [false, true] {
            let page = page.clone();
            let server = Server::start(move |number, query| match number == broken {
                true if cut => cut_off(page(query)),
                true => hang_up(),
                false => answer(page(query)),
            });
            let set = |request: &mut Request| {
                request.page_size(10);
                request.prefetch(prefetch);
            };
            let mut stream = items::<P>(&server, operation, set);
            let (mut given, error) = drain(&mut stream).await;
            let error = error.unwrap();
            assert_eq!(error.kind(), ErrorKind::Connection);
            let point = kept(error.resume_point().unwrap());
            let mut stream = items::<P>(&server, operation, |request| {
                set(request);
                request.resume(point);
            });
            let (rest, error) = drain(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            given.extend(rest);
            read.push(given);
        }
    }
    read
}

#[tokio::test]
async fn a_list_that_broke_at_any_page_is_read_on_without_loss() {
    let whole: Vec<u64> = (0..45).collect();
    for prefetch in [0, 1, 3] {
        let lists = read_on::<TokenPage>(&BY_TOKEN, prefetch, 5, |query| token_page(query, 45));
        assert!(lists.await.iter().all(|list| *list == whole));
        let lists =
            read_on::<NumberedPage>(&BY_NUMBER, prefetch, 5, |query| numbered_page(query, 45));
        assert!(lists.await.iter().all(|list| *list == whole));
    }
    let times: Vec<i64> = (0..45).map(|number| number / 4).collect();
    let whole = log(&times);
    let lists = read_on::<TimedPage>(&BY_TIME, 0, 5, move |query| {
        timed_page(query, &times, false)
    });
    assert!(lists.await.iter().all(|list| *list == whole));
}

#[tokio::test]
async fn a_stream_tells_where_it_is_in_the_middle_of_a_page() {
    let server = Server::start(|_, query| answer(token_page(query, 45)));
    for stop in 1..45 {
        let size = |request: &mut Request| request.page_size(10);
        let mut first = items::<TokenPage>(&server, &BY_TOKEN, size);
        assert!(first.resume_point().is_none());
        let mut given = Vec::new();
        for _ in 0..stop {
            given.push(first.next().await.unwrap().unwrap());
        }
        let point = kept(first.resume_point().unwrap());
        let rest = items::<TokenPage>(&server, &BY_TOKEN, |request| {
            size(request);
            request.resume(point);
        });
        given.extend(rest.collect().await.unwrap());
        assert_eq!(given, (0..45).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_wanted_number_counts_what_came_before() {
    let server = Server::start(|_, query| answer(numbered_page(query, 45)));
    let set = |request: &mut Request| {
        request.page_size(10);
        request.max_items(17);
    };
    let mut first = items::<NumberedPage>(&server, &BY_NUMBER, set);
    for _ in 0..12 {
        first.next().await.unwrap().unwrap();
    }
    let point = first.resume_point().unwrap().clone();
    let rest = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        set(request);
        request.resume(point);
    });
    assert_eq!(rest.collect().await.unwrap(), (12..17).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_point_of_another_list_is_refused_and_nothing_is_sent() {
    let server = Server::start(|_, query| answer(token_page(query, 45)));
    let mut numbers = items::<TokenPage>(&server, &BY_TOKEN, |request| request.page_size(10));
    numbers.next().await.unwrap().unwrap();
    let point = numbers.resume_point().unwrap().clone();
    let sent = server.queries().len();
    let mut other = items::<NumberedPage>(&server, &BY_NUMBER, |request| request.resume(point));
    let error = other.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error.message().contains("`by_token`, not to `by_number`"),
        "{error}"
    );
    assert_eq!(server.queries().len(), sent);
}

#[tokio::test]
async fn a_number_of_a_page_of_another_size_is_refused() {
    let server = Server::start(|_, query| answer(numbered_page(query, 45)));
    let mut numbers = items::<NumberedPage>(&server, &BY_NUMBER, |request| request.page_size(10));
    numbers.next().await.unwrap().unwrap();
    let point = numbers.resume_point().unwrap().clone();
    let mut other = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.page_size(20);
        request.resume(point);
    });
    let error = other.next().await.unwrap().unwrap_err();
    assert!(error.message().contains("page size 10"), "{error}");
}
