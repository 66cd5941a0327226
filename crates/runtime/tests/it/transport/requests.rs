//! Positions of values in a request.

use compute_kfp_runtime::operation::{Body, BodyKind, Location, Operation, Parameter, Style};
use compute_kfp_runtime::{BuildError, Content, Error, ErrorKind, Request, Transport};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::json;

use crate::item::{POST, ServerTransport as _, get, parameter};
use compute_kfp_test_server::{Received, Response, TestServer};

const fn path(name: &'static str) -> Parameter {
    parameter(name, Location::Path)
}

static ITEM: Operation =
    Operation::new("read_item", "read_item", "GET", "/items/{id}").parameters(&[path("id")]);
static NESTED: Operation = Operation::new("read_item", "read_item", "GET", "/a/{one}/b/{two}:stop")
    .parameters(&[path("one"), path("two")]);
static SEARCH: Operation = Operation::new("read_item", "read_item", "GET", "/items").parameters(&[
    parameter("repeat", Location::Query),
    parameter("comma", Location::Query).style(Style::Form, false),
    parameter("space", Location::Query).style(Style::Space, false),
    parameter("pipe", Location::Query).style(Style::Pipe, false),
    parameter("json", Location::Query).style(Style::Json, false),
    parameter("odd name&", Location::Query),
    parameter("x-list", Location::Header),
    parameter("one", Location::Cookie),
    parameter("two", Location::Cookie),
]);

fn item(id: &str) -> Request {
    let mut request = Request::new(&ITEM);
    request.set("id", id);
    request
}

async fn sent(request: Request) -> Received {
    let server = TestServer::playing([Response::json(200, "{}")]);
    server.transport().send_empty(request).await.unwrap();
    server.only()
}

/// The error of a request that is refused, with nobody having been called.
async fn refused(request: Request) -> Error {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let error = server.transport().send_empty(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.was_sent());
    assert_eq!(server.connections(), 0);
    assert!(error.to_string().starts_with("read_item: "), "{error}");
    error
}

async fn searched(fill: impl FnOnce(&mut Request)) -> Received {
    let mut request = Request::new(&SEARCH);
    fill(&mut request);
    sent(request).await
}

#[tokio::test]
async fn a_path_value_stays_in_its_segment() {
    for value in [
        "a/b",
        "a%2Fb",
        "%2e%2e",
        "a?b=c",
        "a#b",
        "a b",
        "a+b",
        ":/?#[]@!$&'()*+,;=",
        "ü/ß",
        "…",
        "\u{0}\n\t",
        "...",
        "../../admin",
        "\\",
        "a\\..\\b",
        "~-_.",
        "\"<>^`{|}",
        "null",
    ] {
        let request = sent(item(value)).await;
        let segments: Vec<&str> = request.target.split('/').collect();
        let ["", "items", segment] = segments[..] else {
            panic!("{value:?} gave {}", request.target)
        };
        assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), value);
        assert!(request.target.is_ascii());
    }
}

#[tokio::test]
async fn the_template_around_a_path_value_is_kept() {
    let mut request = Request::new(&NESTED);
    request.set("two", "2:x");
    request.set("one", &1);
    assert_eq!(sent(request).await.target, "/a/1/b/2%3Ax:stop");
}

#[tokio::test]
async fn a_path_value_that_leads_elsewhere_is_not_sent() {
    for value in ["", ".", ".."] {
        let error = refused(item(value)).await;
        assert!(error.message().contains("`id`"), "{error}");
    }
}

#[tokio::test]
async fn a_path_value_that_is_not_there_is_named() {
    assert!(
        refused(Request::new(&ITEM))
            .await
            .message()
            .contains("`id` was not set")
    );
    let mut request = item("7");
    request.set("id", &None::<u32>);
    assert!(
        refused(request)
            .await
            .message()
            .contains("`id` was not set")
    );
}

#[tokio::test]
async fn a_parameter_nobody_declared_is_refused() {
    let mut request = get();
    request.set("colour", "red");
    assert!(
        refused(request)
            .await
            .message()
            .contains("no parameter `colour`")
    );
}

#[tokio::test]
async fn lists_are_written_in_the_style_of_their_parameter() {
    let list = ["a", "b,c", "d e"];
    for (name, query) in [
        ("repeat", "repeat=a&repeat=b%2Cc&repeat=d%20e"),
        ("comma", "comma=a,b%2Cc,d%20e"),
        ("space", "space=a%20b%2Cc%20d%20e"),
        ("pipe", "pipe=a%7Cb%2Cc%7Cd%20e"),
        ("json", "json=%5B%22a%22%2C%22b%2Cc%22%2C%22d%20e%22%5D"),
    ] {
        assert_eq!(
            searched(|request| request.set(name, &list))
                .await
                .query()
                .unwrap_or_default(),
            query
        );
    }
}

#[tokio::test]
async fn values_are_written_as_json_writes_them_without_quotes() {
    assert_eq!(
        searched(|request| request.set("repeat", &true))
            .await
            .query(),
        Some("repeat=true")
    );
    assert_eq!(
        searched(|request| request.set("repeat", &u64::MAX))
            .await
            .query(),
        Some("repeat=18446744073709551615")
    );
    assert_eq!(
        searched(|request| request.set("repeat", "")).await.query(),
        Some("repeat=")
    );
    let filter = json!({"key": "a+b"});
    assert_eq!(
        searched(|request| request.set("json", &filter))
            .await
            .query(),
        Some("json=%7B%22key%22%3A%22a%2Bb%22%7D")
    );
    assert_eq!(
        searched(|request| request.set("odd name&", "x=y&z"))
            .await
            .query(),
        Some("odd%20name%26=x%3Dy%26z")
    );
}

#[tokio::test]
async fn a_parameter_set_again_is_replaced_and_null_takes_it_out() {
    let query = searched(|request| {
        request.set("repeat", &["a", "b"]);
        request.set("comma", "gone");
        request.set("repeat", &["c"]);
        request.set("comma", &None::<String>);
    });
    assert_eq!(query.await.query(), Some("repeat=c"));
}

#[tokio::test]
async fn an_empty_list_is_not_sent_in_any_style() {
    for name in ["repeat", "comma", "space", "pipe"] {
        let request = searched(|request| request.set(name, &[] as &[&str])).await;
        assert_eq!(request.target, "/items");
    }
}

#[tokio::test]
async fn headers_and_cookies_carry_their_parameters() {
    let request = searched(|request| {
        request.set("x-list", &["a", "b"]);
        request.set("one", "1;2");
        request.set("two", &2);
    });
    let request = request.await;
    assert_eq!(request.header("x-list"), Some("a,b"));
    assert_eq!(request.header("cookie"), Some("one=1%3B2; two=2"));
}

#[tokio::test]
async fn a_header_cannot_be_broken_out_of() {
    for value in ["a\r\nx-admin: yes", "a\nb", "\u{0}"] {
        let mut request = Request::new(&SEARCH);
        request.set("x-list", value);
        let error = refused(request).await;
        assert!(
            error.message().contains("`x-list`") && error.message().contains("control"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn every_request_says_what_it_accepts_and_who_sends_it() {
    let request = sent(get()).await;
    assert_eq!(request.method, "GET");
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(
        request.header("user-agent"),
        Some(concat!("compute-kfp/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(request.header("content-type"), None);
    assert_eq!(request.body, b"");
}

#[tokio::test]
async fn the_application_goes_before_the_sdk_whoever_made_the_http_client() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let own = Transport::builder(server.url()).application("calibration/1.2");
    own.clone()
        .build()
        .unwrap()
        .send_empty(get())
        .await
        .unwrap();
    own.configure_http(|http| http.user_agent("of the client"))
        .build()
        .unwrap()
        .send_empty(get())
        .await
        .unwrap();
    for request in server.requests() {
        assert!(
            request
                .header("user-agent")
                .unwrap()
                .starts_with("calibration/1.2 compute-kfp/")
        );
    }
}

#[tokio::test]
async fn a_json_body_is_sent_as_it_was_set() {
    let mut request = Request::new(&POST);
    request.json_body(Ok(json!({"name": "ü", "tags": {}})));
    let request = sent(request).await;
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.text(), r#"{"name":"ü","tags":{}}"#);
}

#[tokio::test]
async fn a_body_repeats_what_the_path_says_unless_it_says_so_itself() {
    static VERSIONS: Operation = Operation::new(
        "create",
        "create",
        "POST",
        "/pipelines/{pipeline_id}/versions",
    )
    .parameters(&[path("pipeline_id").repeated_in_body()])
    .bodies(&[Body::new("body", BodyKind::Json)])
    .body_required();
    for (body, expected) in [
        (
            json!({"name": "v"}),
            json!({"name": "v", "pipeline_id": "a b"}),
        ),
        (json!({}), json!({"pipeline_id": "a b"})),
        (json!({"pipeline_id": "own"}), json!({"pipeline_id": "own"})),
        (json!({"pipelineId": "own"}), json!({"pipelineId": "own"})),
        (json!(["no object"]), json!(["no object"])),
        (json!("text"), json!("text")),
    ] {
        // In any order.
        let mut request = Request::new(&VERSIONS);
        request.json_body(Ok(body));
        request.set("pipeline_id", "a b");
        assert_eq!(sent(request).await.json(), expected);
    }
}

#[tokio::test]
async fn a_form_body_is_encoded_and_leaves_nulls_out() {
    let mut request = Request::new(&POST);
    request.form_body(Ok(json!({"a": "1&2=3 +", "b": [1, 2], "c": null})));
    let request = sent(request).await;
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(request.text(), "a=1%262%3D3%20%2B&b=1&b=2");
}

#[tokio::test]
async fn a_raw_body_keeps_its_bytes_and_type() {
    let mut request = Request::new(&POST);
    request.raw_body("application/zip", Content::from(vec![0, 159, 255]));
    let request = sent(request).await;
    assert_eq!(request.header("content-type"), Some("application/zip"));
    assert_eq!(request.header("content-length"), Some("3"));
    assert_eq!(request.body, [0, 159, 255]);
}

#[tokio::test]
async fn a_body_that_cannot_be_written_is_refused() {
    let mut request = Request::new(&POST);
    request.json_body::<u32>(Err(BuildError::missing("JobIn", "file_id")));
    assert!(
        refused(request)
            .await
            .message()
            .contains("`file_id` of `JobIn`")
    );

    let mut request = Request::new(&POST);
    request.form_body(Ok("not fields"));
    refused(request).await;

    let mut request = Request::new(&POST);
    request.json_body(Ok(std::collections::BTreeMap::from([((1, 2), 3)])));
    assert!(refused(request).await.message().contains("JSON"));
}

#[test]
fn a_request_shows_names_and_no_values() {
    let mut request = Request::new(&SEARCH);
    request.set("repeat", "confidential");
    request.json_body(Ok("confidential"));
    let shown = format!("{request:?}");
    assert!(
        shown.contains("repeat") && !shown.contains("confidential"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_path_value_is_refused_or_arrives_as_it_is(value in "\\PC{0,12}|[./%\\\\?#;]{0,5}|.*") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::playing([Response::json(200, "{}")]);
            match server.transport().send_empty(item(&value)).await {
                Ok(_) => {
                    let target = server.only().target;
                    let segment = target.strip_prefix("/items/").unwrap();
                    assert!(!segment.contains(['/', '?', '#']));
                    assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), value);
                }
                Err(error) => {
                    assert!(!error.was_sent());
                    assert_eq!(server.connections(), 0);
                    assert!(["", ".", ".."].contains(&value.as_str()));
                }
            }
        });
    }
}
