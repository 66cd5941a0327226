//! Lists of JSON, of operations that were found by their names.

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::dynamic::Call;
use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::paging::NextPage;
use serde_json::{Value, json};

use super::lists::{
    BY_NUMBER, BY_TIME, BY_TOKEN, NumberedPage, answer, drain, items, log, numbered_page,
    timed_page, token_page,
};
use super::server::{Query, Server, hang_up};

static LIST_NOTHING: Operation = Operation::new("read_item", "list_nothing", "GET", "/items");
static OPERATIONS: &[&Operation] = &[&BY_TOKEN, &BY_NUMBER, &BY_TIME, &LIST_NOTHING];

fn call(server: &Server, id: &str, arguments: Value) -> Call {
    Call::new(server.transport(), OPERATIONS, id, arguments).unwrap()
}

async fn listing(page: impl Fn(&Query) -> String + Send + Sync + 'static) -> Server {
    Server::start(move |_, query| answer(page(query)))
}

fn numbers(range: std::ops::Range<u64>) -> Vec<Value> {
    range.map(Value::from).collect()
}

#[tokio::test]
async fn lists_of_every_kind_are_streams_of_json() {
    let server = listing(|query| token_page(query, 45)).await;
    let by_token = call(&server, "by_token", json!({ "filter": "x" })).page_size(20);
    assert_eq!(by_token.items().collect().await.unwrap(), numbers(0..45));
    let expected = ["", "&page_token=20", "&page_token=40"];
    let expected = expected.map(|token| format!("filter=x&page_size=20{token}"));
    assert_eq!(server.queries(), expected);

    let server = listing(|query| numbered_page(query, 45)).await;
    let by_number = call(&server, "by_number", json!({ "size": "20" })).prefetch(2);
    assert_eq!(by_number.items().collect().await.unwrap(), numbers(0..45));

    let times = [1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 9];
    let server = listing(move |query| timed_page(query, &times, false)).await;
    let lines = call(&server, "by_time", json!({})).page_size(6).items();
    let lines = lines.collect().await.unwrap();
    let expected: Vec<Value> = log(&times)
        .iter()
        .map(|line| json!({ "timestamp": line.timestamp, "line": line.line }))
        .collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_page_is_all_that_the_server_sent() {
    let server = listing(|_| {
        r#"{"numbers": [1], "next_page_token": "", "total_size": 1, "new": {"a": null}}"#.to_owned()
    })
    .await;
    let mut pages = call(&server, "by_token", json!({})).pages();
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(page.items(), [1]);
    assert_eq!(
        (page.total(), page.next_page()),
        (Some(1), NextPage::Token(None))
    );
    assert_eq!(page["new"], json!({ "a": null }));
    let page = Value::from(page.into_response().into_inner());
    let whole =
        json!({ "numbers": [1], "next_page_token": "", "total_size": 1, "new": { "a": null } });
    assert_eq!(page, whole);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn no_more_pages_are_requested_than_the_wanted_items_need() {
    let server = listing(|query| numbered_page(query, 1000)).await;
    let wanted = call(&server, "by_number", json!({}))
        .page_size(10)
        .max_items(25);
    assert_eq!(wanted.items().collect().await.unwrap(), numbers(0..25));
    assert_eq!(server.queries().len(), 3);
}

#[tokio::test]
async fn a_list_that_broke_goes_on_typed_or_not() {
    let server = Server::start(|number, query| match number {
        2 | 4 => hang_up(),
        _ => answer(numbered_page(query, 45)),
    });
    let mut first = call(&server, "by_number", json!({})).page_size(10).items();
    let (mut given, error) = drain(&mut first).await;
    assert_eq!(given, numbers(0..20));
    let point = error.unwrap().resume_point().cloned().unwrap();
    let mut second = items::<NumberedPage>(&server, &BY_NUMBER, |request| {
        request.page_size(10);
        request.resume(point);
    });
    let (more, error) = drain(&mut second).await;
    given.extend(more.into_iter().map(Value::from));
    let point = error.unwrap().resume_point().cloned().unwrap();
    let third = call(&server, "by_number", json!({}))
        .page_size(10)
        .resume(point);
    given.extend(third.items().collect().await.unwrap());
    assert_eq!(given, numbers(0..45));
}

#[tokio::test]
async fn an_answer_that_is_no_page_of_the_operation_is_an_error_and_no_empty_list() {
    for (id, body) in [
        ("by_number", "[]"),
        ("by_number", r#"{"detail": "gone"}"#),
        ("by_time", "{}"),
        ("by_token", r#"{"numbers": {"0": 1}}"#),
        ("by_token", "null"),
    ] {
        let server = listing(move |_| body.to_owned()).await;
        let error = call(&server, id, json!({}))
            .items()
            .collect()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{id} {body}: {error}");
        assert!(error.resume_point().is_some());
    }
    let server = listing(|_| "{}".to_owned()).await;
    let empty = call(&server, "by_token", json!({})).items().collect().await;
    assert_eq!(
        empty.unwrap(),
        numbers(0..0),
        "protobuf leaves out an empty list"
    );
}

#[tokio::test]
async fn what_does_not_list_anything_is_refused_before_anything_is_sent() {
    let server = listing(|_| "{}".to_owned()).await;
    let error = call(&server, "list_nothing", json!({}))
        .items()
        .collect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(server.queries(), [""; 0]);
}
