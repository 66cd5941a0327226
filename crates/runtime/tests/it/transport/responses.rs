//! Decoding of successful responses.

use compute_kfp_runtime::operation::Operation;
use compute_kfp_runtime::{self as runtime, Error, ErrorKind, Request, Transport};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::item::{ServerTransport as _, get, html};
use compute_kfp_test_server::{Response, TestServer};

#[derive(Debug, PartialEq, Deserialize)]
struct Page {
    items: Vec<Item>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Item {
    id: u32,
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<runtime::Response<T>, Error> {
    let server = TestServer::playing([answer]);
    server.transport().send_json(get()).await
}

async fn page(body: impl AsRef<[u8]>) -> Result<runtime::Response<Page>, Error> {
    read(Response::new(200, "content-type: application/json", body)).await
}

async fn unreadable(body: impl AsRef<[u8]>) -> Error {
    let error = page(body).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.operation().unwrap().name, "read_item");
    assert!(error.was_sent());
    error
}

#[tokio::test]
async fn a_json_answer_comes_with_status_and_headers() {
    let answer = Response::new(
        201,
        "content-type: application/json\nx-request-id: r-7",
        r#"{"items":[{"id":1}],"new":{}}"#,
    );
    let response = read::<Page>(answer).await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.request_id(), Some("r-7"));
    assert_eq!(response.items, [Item { id: 1 }]);
    let (ids, status, headers) = response.map(|page| page.items[0].id).into_parts();
    assert_eq!((ids, status.as_u16(), headers.len()), (1, 201, 4));
}

#[tokio::test]
async fn the_body_decides_and_not_the_content_type() {
    for kind in [
        "text/plain",
        "text/html",
        "application/octet-stream",
        "application/problem+json",
        "nonsense",
    ] {
        let answer = Response::new(200, &format!("content-type: {kind}"), r#"{"items":[]}"#);
        assert_eq!(read::<Page>(answer).await.unwrap().items, []);
    }
    assert_eq!(
        read::<Page>(Response::new(200, "", r#" {"items":[]} "#))
            .await
            .unwrap()
            .items,
        []
    );
}

#[tokio::test]
async fn a_chunked_answer_is_put_together() {
    let chunked = "8\r\n{\"items\"\r\n4\r\n:[]}\r\n0\r\n\r\n";
    let answer = Response::new(200, "transfer-encoding: chunked", chunked);
    assert_eq!(read::<Page>(answer).await.unwrap().items, []);
}

#[tokio::test]
async fn no_content_is_no_content_with_or_without_a_body() {
    for answer in [
        Response::raw("HTTP/1.1 204 No Content\r\n\r\n"),
        Response::json(200, "{}"),
        Response::json(200, "not JSON"),
        Response::new(204, "content-type: text/html", ""),
        Response::new(200, "content-type: text/html", "\n"),
    ] {
        let server = TestServer::playing([answer]);
        assert!(
            server
                .transport()
                .send_empty(get())
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
}

#[tokio::test]
async fn optional_content_is_read_where_there_is_some() {
    for (answer, expected) in [
        (Response::raw("HTTP/1.1 204 No Content\r\n\r\n"), None),
        (Response::new(200, "", "\r\n"), None),
        (Response::json(200, "7"), Some(7)),
    ] {
        let server = TestServer::playing([answer]);
        let response = server
            .transport()
            .send_optional_json::<u32>(get())
            .await
            .unwrap();
        assert_eq!(response.into_inner(), expected);
    }
    let server = TestServer::playing([Response::json(200, "x")]);
    let error = server
        .transport()
        .send_optional_json::<u32>(get())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_login_page_is_no_answer_whatever_is_awaited() {
    let server = TestServer::playing([html(200)]);
    let transport = server.transport();
    let errors = [
        transport.send_json::<Page>(get()).await.unwrap_err(),
        transport
            .send_optional_json::<Page>(get())
            .await
            .unwrap_err(),
        transport.send_empty(get()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(error.status().unwrap(), 200);
        assert!(
            error.message().contains("HTML") && error.message().contains("Log in"),
            "{error}"
        );
        assert_eq!(error.operation().unwrap().name, "read_item");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_says_where() {
    let error = unreadable(r#"{"items":[{"id":1},{"id":"two"}]}"#).await;
    assert!(error.message().contains("`items[1].id`"), "{error}");
    assert!(error.message().contains("invalid type: string"), "{error}");
    assert!(
        error
            .message()
            .contains(r#"starts with `{"items":[{"id":1}"#),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_json_says_so() {
    for (body, said) in [
        (&br#"{"items":[{"id":1}"#[..], "EOF"),
        (
            br#"{"items":[]} trailing"#,
            "trailing data after the JSON value",
        ),
        (b"\xff\xfe", "not UTF-8"),
        (b"{\"\xff\":[]}", "not UTF-8"),
        (b"", "no body"),
        (b"  ", "no body"),
        (b"upstream said no", "`upstream said no`"),
    ] {
        let error = unreadable(body).await;
        assert!(error.message().contains(said), "{error}");
    }
    assert_eq!(unreadable("").await.message(), "the response has no body");
}

#[tokio::test]
async fn control_characters_of_an_answer_do_not_reach_the_terminal() {
    let error = unreadable("\u{1b}[31mred\nline").await;
    assert!(error.message().ends_with("`[31mred line`"), "{error}");
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_a_broken_connection() {
    let whole = Response::json(200, r#"{"items":[]}"#);
    let cut = whole.without_last(3);
    let chunked = Response::new(200, "transfer-encoding: chunked", "4\r\n{\"it");
    for answer in [cut, chunked] {
        let error = read::<Page>(answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
        assert!(error.was_sent());
        assert_eq!(error.operation().unwrap().name, "read_item");
    }
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_held() {
    let body = format!("[{}]", "0,".repeat(600));
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for answer in [
        Response::json(200, &body),
        Response::new(200, "transfer-encoding: chunked", chunked),
    ] {
        let server = TestServer::playing([answer]);
        let transport = Transport::builder(server.url())
            .max_response_bytes(1000)
            .build()
            .unwrap();
        let error = transport
            .send_json::<serde_json::Value>(get())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.status().unwrap(), 200);
        assert!(
            error.message().contains("1000 bytes")
                && error.message().contains("max_response_bytes"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_read() {
    let server = TestServer::playing([Response::json(200, "12345")]);
    let transport = Transport::builder(server.url())
        .max_response_bytes(5)
        .build()
        .unwrap();
    assert_eq!(
        transport
            .send_json::<u32>(get())
            .await
            .unwrap()
            .into_inner(),
        12345
    );
}

#[tokio::test]
async fn many_and_long_headers_are_read() {
    let headers: String = (0..80)
        .map(|index| format!("x-{index}: {}\n", "v".repeat(1000)))
        .collect();
    let response = read::<Page>(Response::new(200, headers.trim_end(), r#"{"items":[]}"#))
        .await
        .unwrap();
    assert_eq!(response.headers()["x-79"].len(), 1000);
}

#[tokio::test]
async fn a_delete_is_done_though_the_response_has_no_body() {
    static DELETE: Operation = Operation::new("delete_item", "delete_item", "DELETE", "/items");
    for status in [200, 204] {
        let server = TestServer::playing([Response::new(status, "", "")]);
        let request = Request::new(&DELETE);
        let deleted = server.transport().send_json::<Value>(request).await;
        assert_eq!(*deleted.unwrap(), json!({}));
    }
    let server = TestServer::playing([Response::new(200, "", "")]);
    let error = server.transport().send_json::<Value>(get()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_json() {
    let server = TestServer::playing([Response::json(200, "\u{feff}{\"a\": 1}")]);
    let read = server.transport().send_json::<Value>(get()).await;
    assert_eq!(*read.unwrap(), json!({"a": 1}));
}

#[tokio::test]
async fn a_response_with_too_many_objects_is_not_read() {
    let many = format!("[{}1]", "{},".repeat(50));
    let server = TestServer::start(move |_| Response::json(200, many.clone()));
    let transport = |most| {
        let transport = Transport::builder(server.url()).max_response_objects(most);
        transport.build().unwrap()
    };
    let read = transport(50).send_json::<Value>(get()).await.unwrap();
    assert_eq!(read.as_array().unwrap().len(), 51);
    let error = transport(49).send_json::<Value>(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("more than 49 objects"), "{error}");
}

#[tokio::test]
async fn control_characters_of_a_name_are_escaped_in_an_error() {
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read is of interest")]
    struct Page {
        items: std::collections::BTreeMap<String, u32>,
    }
    let body = "{\"items\": {\"\\u001b[31m\": \"x\"}}";
    let server = TestServer::playing([Response::json(200, body)]);
    let error = server.transport().send_json::<Page>(get()).await;
    let message = error.unwrap_err().to_string();
    assert!(!message.contains('\u{1b}'), "{message:?}");
}
