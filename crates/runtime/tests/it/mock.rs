//! What a mock expects is what a request with the same settings sends.

use compute_kfp_runtime::mock::httpmock::MockServer;
use compute_kfp_runtime::mock::{Bytes, Then, When};
use compute_kfp_runtime::operation::{Location, Operation, Parameter, Style};
use compute_kfp_runtime::{BuildError, Content, Request, RetryPolicy, Transport};
use serde_json::json;

const fn parameter(name: &'static str, location: Location, style: Style) -> Parameter {
    Parameter {
        name,
        location,
        style,
        required: false,
        deprecated: false,
        kind: "any",
        items: "",
        values: &[],
        maximum: None,
        description: "",
    }
}

const OPERATION: Operation = Operation {
    name: "put_item",
    id: "put_item",
    method: "PUT",
    path: "/items/{id}:put",
    summary: "",
    description: "",
    deprecated: false,
    tags: &[],
    parameters: &[
        parameter("id", Location::Path, Style::Comma),
        parameter("repeat", Location::Query, Style::Repeat),
        parameter("comma", Location::Query, Style::Comma),
        parameter("space", Location::Query, Style::Space),
        parameter("pipe", Location::Query, Style::Pipe),
        parameter("json", Location::Query, Style::Json),
        parameter("x-header", Location::Header, Style::Comma),
        parameter("cookie", Location::Cookie, Style::Comma),
    ],
    body: None,
    body_schema: None,
    success_status: 201,
    answer: None,
    security: &[],
    paging: None,
};
static PUT_ITEM: Operation = OPERATION;
static PUT_SPECIAL: Operation = Operation {
    id: "put_special",
    path: "/items/special:put",
    parameters: &[],
    ..OPERATION
};
static OPERATIONS: &[&Operation] = &[&PUT_ITEM, &PUT_SPECIAL];

fn transport(server: &MockServer) -> Transport {
    let transport = Transport::builder(server.base_url()).retry(RetryPolicy::never());
    transport.build().unwrap()
}

/// Whether a mock of `put_item` answers, with what it expects and what is sent.
async fn meets(expect: impl Fn(&mut When), send: impl Fn(&mut Request)) -> bool {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            expect(&mut When::new(when, &PUT_ITEM, OPERATIONS));
            then.status(204);
        })
        .await;
    let mut request = Request::new(&PUT_ITEM);
    request.set("id", "a b");
    send(&mut request);
    let answered = transport(&server).send_empty(request).await.is_ok();
    assert_eq!(mock.calls_async().await, usize::from(answered));
    answered
}

#[tokio::test]
async fn each_parameter_is_expected_where_and_as_it_is_sent() {
    for (name, sent, other) in [
        ("id", json!("x/y:z"), json!("x")),
        ("repeat", json!(["a&b", "c"]), json!(["c"])),
        ("comma", json!(["a", "c"]), json!(["a"])),
        ("space", json!(["a", "c"]), json!(["a"])),
        ("pipe", json!(["a", "c"]), json!(["a"])),
        ("json", json!({ "a": [1] }), json!({ "a": [2] })),
        ("x-header", json!(["a", "c"]), json!(["c"])),
        ("cookie", json!("a c"), json!("d")),
    ] {
        let expect = |when: &mut When| when.set(name, &sent);
        assert!(meets(expect, |it| it.set(name, &sent)).await, "{name}");
        assert!(!meets(expect, |it| it.set(name, &other)).await, "{name}");
        if name != "id" {
            assert!(!meets(expect, |_| {}).await, "{name}");
        }
        assert!(meets(|_| {}, |it| it.set(name, &sent)).await, "{name}");
    }
}

#[tokio::test]
async fn bodies_are_expected_as_they_are_sent() {
    let body = |body: serde_json::Value| Ok::<_, BuildError>(body);
    let expect = |when: &mut When| when.json_body(body(json!({ "a": [1, null] })));
    assert!(meets(expect, |it| it.json_body(body(json!({ "a": [1, null] })))).await);
    assert!(!meets(expect, |it| it.json_body(body(json!({ "a": [1] })))).await);

    let expect = |when: &mut When| when.form_body(body(json!({ "a": ["x y", 2], "b": null })));
    assert!(meets(expect, |it| it.form_body(body(json!({ "a": ["x y", 2] })))).await);
    assert!(!meets(expect, |it| it.form_body(body(json!({ "a": "x y" })))).await);

    let content = |bytes: &[u8]| Content::from(bytes.to_vec());
    let expect = |when: &mut When| when.raw_body("image/png", content(b"\x89PNG\xff"));
    assert!(
        meets(expect, |it| it
            .raw_body("image/png", content(b"\x89PNG\xff")))
        .await
    );
    assert!(
        !meets(expect, |it| it
            .raw_body("image/png", content(b"\x89JPG\xff")))
        .await
    );

    let expect = |when: &mut When| {
        when.file_part("file", content(b"\x89PNG\xff"));
        when.text_part("caption", "x".to_owned());
    };
    let file = |request: &mut Request| request.file_part("file", content(b"\x89PNG\xff"));
    assert!(!meets(expect, file).await);
    let both = |request: &mut Request| {
        file(request);
        request.text_part("caption", "x".to_owned());
    };
    assert!(meets(expect, both).await);
}

#[tokio::test]
async fn what_would_not_be_sent_is_never_met() {
    assert!(!meets(|when| when.set("id", ".."), |_| {}).await);
    assert!(!meets(|when| when.set("other", "x"), |_| {}).await);
    let unbuilt = || Err::<u8, _>(BuildError::missing("Item", "id"));
    assert!(!meets(|when| when.json_body(unbuilt()), |it| it.json_body(Ok(1))).await);
    let once = || Content::stream(&b"x"[..], None);
    assert!(
        !meets(
            |when| when.raw_body("a/b", once()),
            |it| it.raw_body("a/b", once())
        )
        .await
    );
}

#[tokio::test]
async fn a_path_of_its_own_is_not_taken_for_a_value() {
    let server = MockServer::start_async().await;
    let item = server
        .mock_async(|when, then| {
            When::new(when, &PUT_ITEM, OPERATIONS);
            then.status(200);
        })
        .await;
    let request = Request::new(&PUT_SPECIAL);
    let error = transport(&server).send_empty(request).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    assert_eq!(item.calls_async().await, 0);
}

#[tokio::test]
async fn an_answer_has_the_described_status_and_may_be_changed() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            When::new(when, &PUT_SPECIAL, OPERATIONS);
            Then::<Bytes>::new(then, &PUT_SPECIAL)
                .ok("text/plain", "one")
                .answer(|then| then.header("x-request-id", "r-1"));
        })
        .await;
    let request = Request::new(&PUT_SPECIAL);
    let mut answer = transport(&server).send_bytes(request).await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.request_id(), Some("r-1"));
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
}
