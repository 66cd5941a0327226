//! Calls by name, with JSON in and out.

use compute_kfp_runtime::credentials::BearerToken;
use compute_kfp_runtime::dynamic::Call;
use compute_kfp_runtime::operation::{
    Body, BodyKind, BodyPart, BodySchema, Location, Operation, Parameter, ResponseKind, SchemeKind,
    SecurityScheme, Style,
};
use compute_kfp_runtime::{CallOptions, Content, Error, ErrorKind, RetryPolicy, Transport};
use serde_json::{Value, json};

use crate::item::{ServerTransport as _, html, parameter};
use compute_kfp_test_server::{Received, Response, TestServer};

static BEARER: SecurityScheme = SecurityScheme::new("bearer", SchemeKind::Bearer);

const fn query(name: &'static str, kind: &'static str, items: &'static str) -> Parameter {
    Parameter::new(name, Location::Query, kind).items(items)
}

static LIST_ITEMS: Operation =
    Operation::new("list_items", "ItemService_ListItems", "GET", "/items")
        .response(ResponseKind::Json)
        .parameters(&[
            query("text", "string", ""),
            query("count", "integer", ""),
            query("share", "number", ""),
            query("open", "boolean", ""),
            query("ids", "array", "string"),
            query("a/b~c", "string", ""),
            query("colour", "string", "").values(&["RED", "BLUE"]),
        ]);
static READ_ITEM: Operation = Operation::new(
    "read_item",
    "read_item_items__id__get",
    "GET",
    "/items/{id}",
)
.response(ResponseKind::Json)
.parameters(&[parameter("id", Location::Path).required()])
.security(&[&[&BEARER]]);
static CREATE_ITEM: Operation = Operation::new("create_item", "create_item", "POST", "/items")
    .bodies(&[Body::new("body", BodyKind::Json).schema(BodySchema::new("object", "Item"))])
    .body_required()
    .response(ResponseKind::OptionalJson);
static SEND_FORM: Operation = Operation::new("send_form", "send_form", "POST", "/items")
    .bodies(&[Body::new("body", BodyKind::Form).schema(BodySchema::new("object", ""))]);
static SEND_TEXT: Operation = Operation::new("send_text", "send_text", "PUT", "/items")
    .bodies(&[Body::new("body", BodyKind::Raw("application/yaml"))])
    .body_required();
static UPLOAD: Operation = Operation::new("upload", "upload", "POST", "/items")
    .parameters(&[query("name", "string", "")])
    .bodies(&[Body::new(
        "body",
        BodyKind::Multipart(&[
            BodyPart::new("uploadfile", true).required(),
            BodyPart::new("caption", false),
        ]),
    )])
    .body_required()
    .response(ResponseKind::Json);
static READ_LOG: Operation =
    Operation::new("read_log", "read_log", "GET", "/items").response(ResponseKind::Bytes);
static SEND_ANY: Operation = Operation::new("send_any", "send_any", "POST", "/items/{id}")
    .parameters(&[
        parameter("id", Location::Path).required(),
        parameter("id", Location::Query).argument("id_query"),
        query("filter", "any", "").style(Style::DeepObject, true),
    ])
    .body_required()
    .bodies(&[
        Body::new("body", BodyKind::Json).media("application/vnd.api+json"),
        Body::new("body_xml", BodyKind::Raw("application/xml")),
        Body::new(
            "",
            BodyKind::Multipart(&[
                BodyPart::new("files", true).kind("array").required(),
                BodyPart::new("tags", false).kind("array").items("string"),
                BodyPart::new("meta", false).kind("object"),
            ]),
        ),
    ]);
static OPERATIONS: &[&Operation] = &[
    &SEND_ANY,
    &LIST_ITEMS,
    &READ_ITEM,
    &CREATE_ITEM,
    &SEND_FORM,
    &SEND_TEXT,
    &UPLOAD,
    &READ_LOG,
];

fn call(server: &TestServer, operation: &str, arguments: Value) -> Call {
    Call::new(server.transport(), OPERATIONS, operation, arguments).unwrap()
}

async fn sent(operation: &str, arguments: Value) -> Received {
    let server = TestServer::playing([Response::json(200, "{}")]);
    call(&server, operation, arguments).send().await.unwrap();
    server.only()
}

/// The message for arguments that are refused before there is a call.
fn refused(operation: &str, arguments: Value) -> String {
    let transport = Transport::builder("http://127.0.0.1:9").build().unwrap();
    let error = Call::new(transport, OPERATIONS, operation, arguments).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.was_sent());
    error.to_string()
}

/// Returns the error of a call that is rejected before anything is sent.
async fn refused_when_sent(
    operation: &str,
    arguments: Value,
    change: impl FnOnce(Call) -> Call,
) -> Error {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let error = change(call(&server, operation, arguments))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.was_sent());
    assert_eq!(server.connections(), 0);
    error
}

#[tokio::test]
async fn an_operation_is_found_by_its_name_in_either_case_and_by_its_upstream_id() {
    for name in ["list_items", "list-items", "ItemService_ListItems"] {
        assert_eq!(sent(name, json!({})).await.target, "/items");
    }
}

#[test]
fn an_unknown_operation_is_answered_with_the_nearest_names() {
    assert_eq!(
        refused("lst-items", json!({})),
        "there is no operation `lst-items`; did you mean `list_items`?"
    );
    assert_eq!(
        refused("ItemService_ListItem", json!({})),
        "there is no operation `ItemService_ListItem`; did you mean `ItemService_ListItems`?"
    );
    assert_eq!(
        refused("%%\n", json!({})),
        "there is no operation `%%\\n`; see the table of operations"
    );
}

#[tokio::test]
async fn arguments_are_sent_where_the_description_puts_them() {
    let arguments = json!({
        "text": "a b", "count": 3, "share": 0.5, "open": false, "ids": ["x", "y"], "a/b~c": "z",
    });
    assert_eq!(
        sent("list_items", arguments).await.target,
        "/items?text=a%20b&count=3&share=0.5&open=false&ids=x&ids=y&a%2Fb~c=z"
    );
    let read = sent_with_token("read_item", json!({ "id": "a/b" })).await;
    assert_eq!(
        (read.method.as_str(), read.target.as_str()),
        ("GET", "/items/a%2Fb")
    );
    assert_eq!(read.header("authorization"), Some("Bearer secret"));
}

async fn sent_with_token(operation: &str, arguments: Value) -> Received {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .credentials("bearer", BearerToken::new("secret"))
        .build()
        .unwrap();
    let call = Call::new(transport, OPERATIONS, operation, arguments).unwrap();
    call.send().await.unwrap();
    server.only()
}

#[tokio::test]
async fn an_enum_value_that_the_description_does_not_list_is_sent() {
    let request = sent("list_items", json!({ "colour": "GREEN" })).await;
    assert_eq!(request.query(), Some("colour=GREEN"));
}

#[tokio::test]
async fn a_null_argument_is_as_if_it_were_not_there() {
    let request = sent("list_items", json!({ "text": null, "ids": null })).await;
    assert_eq!(request.target, "/items");
    assert_eq!(
        refused("read_item", json!({ "id": null })),
        "read_item: `/id` is required; add a string; nothing was sent"
    );
}

#[test]
fn all_that_is_wrong_with_arguments_is_said_with_its_place_and_without_its_value() {
    let arguments = json!({
        "txt": "s3cret", "count": 1.5, "share": "s3cret", "open": 1, "ids": ["x", 7],
        "a/b~c": ["s3cret"], "body": { "s3cret": 1 },
    });
    let message = refused("list_items", arguments);
    for expected in [
        "`/txt` is not an argument; did you mean `text`?",
        "`/count` is a number with a fraction or an exponent; give an integer",
        "`/share` is a string; give a number",
        "`/open` is an integer; give a boolean",
        "`/ids/1` is an integer; give a string",
        "`/a~1b~0c` is an array; give a string",
        "`/body` is not accepted by this operation; remove it",
    ] {
        assert!(message.contains(expected), "no {expected:?} in {message}");
    }
    assert!(message.starts_with("list_items: "), "{message}");
    assert!(message.ends_with("; nothing was sent"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn arguments_that_lack_something_or_are_no_object_are_refused() {
    assert_eq!(
        refused("create_item", json!({})),
        "create_item: `/body` is required; add it; nothing was sent"
    );
    assert_eq!(
        refused("create_item", json!({ "body": [1] })),
        "create_item: `/body` is an array; give an object; nothing was sent"
    );
    assert_eq!(
        refused("create_item", json!({ "bdy": {}, "body": {} })),
        "create_item: `/bdy` is not an argument; did you mean `body`?; nothing was sent"
    );
    assert_eq!(
        refused("read_log", json!({ "x": 1 })),
        "read_log: `/x` is not an argument; the operation has none; nothing was sent"
    );
    assert_eq!(
        refused("list_items", json!([])),
        "list_items: the arguments are an array; give an object, with the names of parameters and `body`; nothing was sent"
    );
}

#[tokio::test]
async fn a_path_value_that_leads_elsewhere_is_not_sent() {
    for value in ["", ".", ".."] {
        let error = refused_when_sent("read_item", json!({ "id": value }), |call| call).await;
        assert!(
            error
                .to_string()
                .starts_with("read_item: the parameter `id` "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_body_is_sent_as_it_was_given() {
    let body = json!({ "zeta": "9007199254740993", "alpha": [null, 1.5, {}] });
    let request = sent("create_item", json!({ "body": body })).await;
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(serde_json::from_str::<Value>(request.text()).unwrap(), body);

    let form = sent("send_form", json!({ "body": { "a": "x y", "b": 2 } })).await;
    assert_eq!(form.text(), "a=x%20y&b=2");
    assert_eq!(sent("send_form", json!({})).await.text(), "");

    let text = sent("send_text", json!({ "body": "a: 1" })).await;
    assert_eq!(text.header("content-type"), Some("application/yaml"));
    assert_eq!(text.text(), "a: 1");
    assert_eq!(
        refused("send_text", json!({ "body": {} })),
        "send_text: `/body` is an object; give a string; nothing was sent"
    );
}

#[tokio::test]
async fn one_of_several_bodies_is_sent_by_its_argument() {
    let request = sent("send_any", json!({ "id": "p", "body": 1 })).await;
    assert_eq!(
        request.header("content-type"),
        Some("application/vnd.api+json")
    );
    let arguments = json!({ "id": "p", "id_query": "q", "filter": { "a": 1 }, "body_xml": "<a/>" });
    let request = sent("send_any", arguments).await;
    assert_eq!(request.target, "/items/p?id=q&filter%5Ba%5D=1");
    assert_eq!(request.header("content-type"), Some("application/xml"));

    let server = TestServer::playing([Response::json(200, "{}")]);
    let arguments = json!({ "id": "p", "tags": ["x", "y"], "meta": { "k": 1 } });
    call(&server, "send_any", arguments)
        .file("files", Content::from("1".to_owned()))
        .file("files", Content::from("2".to_owned()))
        .send()
        .await
        .unwrap();
    let request = server.only();
    let parts = super::uploads::parts(&request);
    let contents: Vec<&str> = parts.iter().map(|(_, content)| content.as_str()).collect();
    assert_eq!(contents.len(), 5);
    for content in ["x", "y", r#"{"k":1}"#, "1", "2"] {
        assert!(contents.contains(&content), "{contents:?}");
    }

    let error = refused_when_sent("send_any", json!({ "id": "p" }), |call| call).await;
    assert_eq!(
        error.message(),
        "a body is required; set one of `body`, `body_xml`, `files`, `tags`, `meta`; nothing was sent"
    );
    let error = refused_when_sent("send_any", json!({ "id": "p", "tags": ["x"] }), |call| call);
    assert_eq!(
        error.await.message(),
        "the part `files` of the body is required; set it; nothing was sent"
    );
    assert_eq!(
        refused("send_any", json!({ "id": "p", "tags": [1], "meta": "x" })),
        "send_any: `/tags/0` is an integer; give a string; `/meta` is a string; give an object; nothing was sent"
    );
}

#[tokio::test]
async fn a_file_streams_from_its_path_into_its_part() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("train.yaml");
    std::fs::write(&path, "components: {}").unwrap();
    let server = TestServer::playing([Response::json(200, "{}")]);
    call(
        &server,
        "upload",
        json!({ "name": "n", "caption": "first" }),
    )
    .file("uploadfile", path.as_path())
    .send()
    .await
    .unwrap();
    let request = server.only();
    assert_eq!(request.query(), Some("name=n"));
    let text = request.text();
    assert!(
        text.contains("name=\"uploadfile\"; filename=\"train.yaml\""),
        "{text}"
    );
    assert!(text.contains("\r\n\r\ncomponents: {}\r\n"), "{text}");
    assert!(text.contains("name=\"caption\"\r\n\r\nfirst\r\n"), "{text}");

    let server = TestServer::playing([Response::json(200, "{}")]);
    call(&server, "send_text", json!({}))
        .file("body", Content::stream(&b"a: 2"[..], None))
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().text(), "a: 2");
}

#[tokio::test]
async fn files_that_are_missing_unknown_or_given_as_json_are_refused() {
    let error = refused_when_sent("upload", json!({}), |call| call).await;
    assert_eq!(
        error.to_string(),
        "upload: the part `uploadfile` of the body is required; set it; nothing was sent"
    );
    let error = refused_when_sent("send_text", json!({}), |call| call).await;
    assert_eq!(
        error.message(),
        "a body is required; set `body`; nothing was sent"
    );
    let other = |call: Call| call.file("caption", Content::from("x".to_owned()));
    let error = refused_when_sent("upload", json!({}), other).await;
    assert_eq!(
        error.message(),
        "`/caption` is not a file; there is `uploadfile`; nothing was sent"
    );
    let error = refused_when_sent("create_item", json!({ "body": {} }), |call| {
        call.file("uploadfile", Content::from("x".to_owned()))
    })
    .await;
    assert_eq!(
        error.message(),
        "`/uploadfile` is not a file; the operation has none; nothing was sent"
    );
    assert_eq!(
        refused("upload", json!({ "uploadfile": "a.yaml" })),
        "upload: `/uploadfile` is a file; add it with `file`; nothing was sent"
    );
}

#[tokio::test]
async fn json_comes_back_as_the_server_wrote_it() {
    let text = r#"{"zeta":18446744073709551615,"alpha":{"new":[null,1.0,0.1e-6,"\u00e4"]},"big":-9223372036854775808}"#;
    let server = TestServer::playing([Response::json(201, text)]);
    let answer = call(&server, "list_items", json!({})).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let expected = r#"{"zeta":18446744073709551615,"alpha":{"new":[null,1.0,1e-7,"ä"]},"big":-9223372036854775808}"#;
    assert_eq!(answer.to_string(), expected);
}

#[tokio::test]
async fn an_answer_without_content_is_null_where_the_operation_allows_it() {
    let nothing = || TestServer::playing([Response::new(204, "", "")]);
    let server = nothing();
    let created = call(&server, "create_item", json!({ "body": {} }))
        .send()
        .await
        .unwrap();
    assert_eq!((created.status().as_u16(), &*created), (204, &Value::Null));
    let server = nothing();
    let sent = call(&server, "send_form", json!({})).send().await.unwrap();
    assert_eq!(*sent, Value::Null);
    let server = nothing();
    let error = call(&server, "list_items", json!({}))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let server = TestServer::playing([html(200)]);
    let error = call(&server, "send_form", json!({}))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Authentication,
        "a login page is none"
    );
}

#[tokio::test]
async fn what_is_not_json_comes_as_bytes() {
    let error = refused_when_sent("read_log", json!({}), |call| call).await;
    assert!(error.message().contains("use `send_bytes`"), "{error}");
    for name in ["read_log", "list_items"] {
        let server =
            TestServer::playing([Response::new(200, "content-type: text/plain", "one\ntwo")]);
        let mut log = call(&server, name, json!({})).send_bytes().await.unwrap();
        let mut text = Vec::new();
        while let Some(piece) = log.next().await {
            let piece = piece.unwrap();
            text.extend_from_slice(&piece);
        }
        assert_eq!(text, b"one\ntwo");
    }
}

#[tokio::test]
async fn the_servers_refusal_and_retries_are_those_of_the_typed_builders() {
    let server = TestServer::playing([Response::json(404, r#"{"detail":"no such item"}"#)]);
    let error = call(&server, "list_items", json!({}))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "list_items: 404: no such item");

    let server = TestServer::playing([
        Response::json(503, "{}"),
        Response::json(200, r#"{"ok":true}"#),
    ]);
    let once = |options: CallOptions| options.retry(RetryPolicy::never());
    let refused = call(&server, "list_items", json!({}))
        .options(once)
        .send()
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Server);
    let answer = call(&server, "list_items", json!({})).send().await.unwrap();
    assert_eq!(*answer, json!({ "ok": true }));
}

#[test]
fn what_a_call_shows_of_itself_has_no_values() {
    let transport = Transport::builder("http://127.0.0.1:9").build().unwrap();
    let arguments = json!({ "text": "s3cret" });
    let call = Call::new(transport, OPERATIONS, "list_items", arguments).unwrap();
    let shown = format!("{call:?}");
    assert!(
        shown.contains("list_items") && shown.contains("text"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(call.operation().id, "ItemService_ListItems");
}

#[tokio::test]
async fn a_streamed_response_is_a_stream_of_json_or_of_events() {
    static WATCH: Operation =
        Operation::new("watch", "watch", "GET", "/watch").response(ResponseKind::JsonResults);
    static ASK: Operation = Operation::new("ask", "ask", "GET", "/ask")
        .response(ResponseKind::Json)
        .events();
    let server = TestServer::playing([
        Response::new(200, "", "{\"result\":{\"b\":1,\"a\":2}}\n"),
        Response::new(200, "content-type: text/event-stream", "data: a\n\n"),
    ]);
    let call = |name| Call::new(server.transport(), &[&WATCH, &ASK], name, json!({})).unwrap();
    let mut values = call("watch").stream().await.unwrap();
    let value = values.next().await.unwrap().unwrap();
    assert_eq!(value.to_string(), r#"{"b":1,"a":2}"#);
    let mut events = call("ask").events().await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data(), "a");
    for (error, remedy) in [
        (call("watch").send().await.unwrap_err(), "use `stream`"),
        (call("watch").events().await.unwrap_err(), "use `send`"),
        (call("ask").stream().await.unwrap_err(), "use `send`"),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(remedy), "{error}");
        assert!(!error.was_sent());
    }
}
