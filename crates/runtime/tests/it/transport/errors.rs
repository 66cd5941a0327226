//! Errors of failed calls.

use compute_kfp_runtime::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::item::{OPERATION, POST, ServerTransport as _, get, html};
use compute_kfp_test_server::{Response, TestServer};

async fn failed(answer: Response) -> Error {
    let server = TestServer::playing([answer]);
    let error = server
        .transport()
        .send_json::<Value>(get())
        .await
        .unwrap_err();
    assert!(error.was_sent());
    assert_eq!(error.operation(), Some(&OPERATION));
    error
}

async fn said(body: &str) -> String {
    failed(Response::json(400, body)).await.message().to_owned()
}

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::Unsupported),
        (408, ErrorKind::Timeout),
        (409, ErrorKind::Conflict),
        (410, ErrorKind::NotFound),
        (418, ErrorKind::InvalidRequest),
        (422, ErrorKind::InvalidRequest),
        (429, ErrorKind::RateLimited),
        (499, ErrorKind::InvalidRequest),
        (500, ErrorKind::Server),
        (501, ErrorKind::Unsupported),
        (503, ErrorKind::Server),
        (599, ErrorKind::Server),
        (300, ErrorKind::Protocol),
        (304, ErrorKind::Protocol),
        (302, ErrorKind::Protocol),
        (600, ErrorKind::Protocol),
        (999, ErrorKind::Protocol),
    ] {
        let error = failed(Response::json(status, "")).await;
        assert_eq!(
            (error.status().unwrap().as_u16(), error.kind()),
            (status, kind)
        );
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("read_item: {status}: ")),
            "{message}"
        );
        assert!(
            message.contains("the server reported no reason"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_keeps_the_kind_of_its_status() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::Unsupported),
        (413, ErrorKind::InvalidRequest),
        (429, ErrorKind::RateLimited),
        (502, ErrorKind::Server),
        (504, ErrorKind::Server),
    ] {
        let error = failed(html(status)).await;
        assert_eq!(error.kind(), kind, "{status}");
        assert!(
            error.message().contains("HTML") && error.message().contains("Log in"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn of_an_internal_error_the_part_that_helps_is_shown_and_tells_the_kind() {
    const START: &str = "Failed to create a run.: InternalServerError: Failed to validate: ";
    for (chain, expected, kind) in [
        (
            "Invalid input error: Run name cannot be empty",
            "Run name cannot be empty",
            ErrorKind::InvalidRequest,
        ),
        (
            "ResourceNotFoundError: Pipeline nope not found: sql: no rows",
            "Pipeline nope not found: sql: no rows",
            ErrorKind::NotFound,
        ),
        (
            "UNIQUE constraint failed: links.a, links.b",
            "UNIQUE constraint failed: links.a, links.b",
            ErrorKind::Conflict,
        ),
        (
            "the disk is full",
            "Failed to validate: the disk is full",
            ErrorKind::Server,
        ),
        (
            "Invalid input error: no name\nmain.create\n\t/go/src/main.go:12\nmain.main\n\t/go/a.go:3",
            "no name",
            ErrorKind::InvalidRequest,
        ),
    ] {
        let detail = json!({"code": 13, "message": "Internal Server Error"});
        let message = format!("{START}{chain}");
        let body = json!({"code": 13, "message": message, "details": [detail]}).to_string();
        let error = failed(Response::json(500, body.clone())).await;
        assert_eq!((error.message(), error.kind()), (expected, kind));
        assert!(!error.is_retryable());
        // All of it stays at hand.
        assert_eq!(error.body(), body.as_bytes());
    }
}

#[tokio::test]
async fn a_stack_trace_is_never_shown_and_a_taken_name_is() {
    let trace = "\ngithub.com/a/b.(*Server).upload\n\t/go/src/b/server.go:75\nnet/http.serve\n\t/usr/go/server.go:2";
    let body = json!({
        "error_message": "Failed to create a pipeline",
        "error_details": format!("Failed to create a pipeline: conflict{trace}"),
    });
    let error = failed(Response::json(409, body)).await;
    assert_eq!(
        error.message(),
        "Failed to create a pipeline: Failed to create a pipeline: conflict; something of this name \
         exists already, choose another name"
    );
    let body = json!({"message": format!("no such run{trace}")});
    assert_eq!(
        failed(Response::json(404, body)).await.message(),
        "no such run"
    );
}

#[tokio::test]
async fn an_operation_that_the_server_does_not_have_is_no_missing_resource() {
    let details = json!([{"code": 5, "message": "Run r1 not found"}]);
    for (status, body, unsupported) in [
        (404, json!({"code": 5, "message": "Not Found"}), true),
        (
            404,
            json!({"code": 5, "message": "Not Found", "details": []}),
            true,
        ),
        (
            404,
            json!({"code": 5, "message": "Not Found", "details": details}),
            false,
        ),
        (
            404,
            json!({"code": 5, "message": "Run r1 not found"}),
            false,
        ),
        (404, json!({"detail": "Job not found"}), false),
        (
            501,
            json!({"code": 12, "message": "Method Not Allowed"}),
            true,
        ),
        (405, json!({"detail": "Method Not Allowed"}), true),
        (500, json!({"code": 5, "message": "Not Found"}), false),
    ] {
        let error = failed(Response::json(status, body.clone())).await;
        assert_eq!(
            error.kind() == ErrorKind::Unsupported,
            unsupported,
            "{status} {body}"
        );
        let says_so = error.to_string().contains("does not have this operation");
        assert_eq!(says_so, unsupported, "{error}");
    }
}

#[tokio::test]
async fn the_server_is_quoted_in_every_shape_it_writes() {
    for (body, expected) in [
        (
            r#"{"code":5,"message":"chain: of: causes","details":[{"@type":"type.googleapis.com/google.rpc.Status","code":5,"message":"Run r1 not found"}]}"#,
            "Run r1 not found",
        ),
        (
            r#"{"error":"old","code":5,"message":"chain","details":[{"message":"Run r1 not found"}]}"#,
            "Run r1 not found",
        ),
        (
            r#"{"error":"same","code":5,"message":"chain","details":[]}"#,
            "chain",
        ),
        (
            r#"{"code":5,"message":"chain","details":[{"@type":"x","message":""}]}"#,
            "chain",
        ),
        (
            r#"{"error_message":"cannot read","error_details":"no such object"}"#,
            "cannot read: no such object",
        ),
        (
            r#"{"error_message":"cannot read","error_details":"cannot read"}"#,
            "cannot read",
        ),
        (r#"{"error_message":"cannot read"}"#, "cannot read"),
        (r#"{"detail":"Job not found"}"#, "Job not found"),
        (
            r#"{"detail":[{"loc":["body","shots",0],"msg":"must be positive","type":"value_error"},{"loc":["query"],"msg":"missing"}]}"#,
            "body.shots.0: must be positive; query: missing",
        ),
        (r#"{"detail":[{"msg":"no place"},{}]}"#, "no place; invalid"),
        (
            r#"{"error":"invalid_grant","error_description":"Token expired"}"#,
            "invalid_grant: Token expired",
        ),
        (r#"{"error":"invalid_grant"}"#, "invalid_grant"),
        (r#"{"error":{"code":1,"message":"nested"}}"#, "nested"),
        (r#"{"message":"  padded\n"}"#, "padded"),
        (
            r#"{"message":"two\nlines\u001b[31m"}"#,
            "two\nlines\\u{1b}[31m",
        ),
        (
            r#"{"detail":{"reason":"odd"}}"#,
            r#"`{"detail":{"reason":"odd"}}`"#,
        ),
        (r#"["odd"]"#, r#"`["odd"]`"#),
        ("plainly wrong", "`plainly wrong`"),
    ] {
        assert_eq!(said(body).await, expected);
    }
}

#[tokio::test]
async fn plain_text_is_quoted_as_it_is() {
    let error = failed(Response::new(
        400,
        "content-type: text/plain; charset=utf-8",
        "Namespace ns/1 is invalid\n",
    ))
    .await;
    assert_eq!(
        error.to_string(),
        "read_item: 400: Namespace ns/1 is invalid"
    );
}

#[tokio::test]
async fn long_texts_are_cut_between_characters() {
    let error = failed(Response::new(
        500,
        "content-type: text/plain",
        "ü".repeat(5000),
    ))
    .await;
    assert_eq!(error.message(), "ü".repeat(2000));
    let error = failed(Response::new(500, "", "ü".repeat(5000))).await;
    assert_eq!(error.message(), format!("`{}…`", "ü".repeat(100)));
}

#[tokio::test]
async fn an_error_has_headers_body_and_the_name_of_the_request() {
    let body = r#"{"detail":"Job not found","job":7}"#;
    let error = failed(Response::new(
        404,
        "content-type: application/json\nx-request-id: r-9\nretry-after: 3",
        body,
    ))
    .await;
    assert_eq!(error.request_id(), Some("r-9"));
    assert_eq!(error.headers().unwrap()["retry-after"], "3");
    assert_eq!(error.body(), body.as_bytes());
    assert_eq!(error.body_as::<Value>().unwrap()["job"], 7);
    assert_eq!(error.body_as::<Vec<u32>>(), None);
    assert_eq!(
        failed(Response::new(404, "x-correlation-id: c-1", ""))
            .await
            .request_id(),
        Some("c-1")
    );
    assert_eq!(failed(Response::new(404, "", "")).await.request_id(), None);
}

#[tokio::test]
async fn a_large_error_is_quoted_and_kept_in_part() {
    let filling = "x".repeat(200_000);
    let error = failed(Response::json(
        500,
        format!(r#"{{"detail":"too much","filling":"{filling}"}}"#),
    ))
    .await;
    assert_eq!(error.message(), "too much");
    assert_eq!(error.body().len(), 64 * 1024);
    let endless = "x".repeat(3_000_000);
    assert_eq!(
        failed(Response::json(503, &endless)).await.kind(),
        ErrorKind::Server
    );
}

#[tokio::test]
async fn the_limit_for_answers_does_not_hide_an_error() {
    let server = TestServer::playing([Response::json(409, r#"{"detail":"exists"}"#)]);
    let transport = compute_kfp_runtime::Transport::builder(server.url())
        .max_response_bytes(3)
        .build()
        .unwrap();
    let error = transport.send_empty(get()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Conflict, "exists")
    );
}

#[tokio::test]
async fn an_error_that_is_cut_off_keeps_its_status() {
    let whole = Response::new(503, "content-type: text/plain", "try again later");
    let error = failed(whole.without_last(6)).await;
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Server, "try again")
    );
}

#[tokio::test]
async fn a_failure_of_a_stream_is_read_as_any_other() {
    let server = TestServer::playing([Response::json(404, r#"{"detail":"no log"}"#)]);
    let error = server.transport().send_bytes(get()).await.unwrap_err();
    assert_eq!(error.to_string(), "read_item: 404: no log");
}

#[tokio::test]
async fn a_redirect_to_a_login_names_its_host() {
    let page = Response::new(
        302,
        "location: https://dex.example.org/auth?state=x\ncontent-type: text/html",
        "<a href=\"x\">Found</a>",
    );
    let error = failed(page).await;
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error.message().contains("`dex.example.org`") && !error.message().contains("state"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_moved_to_https_says_what_to_set() {
    let error = failed(Response::new(308, "location: https://127.0.0.1/items", "")).await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("`https://127.0.0.1`"), "{error}");
}

#[tokio::test]
async fn a_post_never_becomes_a_get() {
    for (status, kind) in [
        (301, ErrorKind::Protocol),
        (302, ErrorKind::Authentication),
        (303, ErrorKind::Authentication),
    ] {
        let server = TestServer::playing([
            Response::new(status, "location: /elsewhere", ""),
            Response::json(200, "{}"),
        ]);
        let mut request = compute_kfp_runtime::Request::new(&POST);
        request.json_body(Ok(7));
        let error = server
            .transport()
            .send_json::<Value>(request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains("`/elsewhere`"), "{error}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_post_is_sent_again_where_the_redirect_keeps_it() {
    for status in [307, 308] {
        let server = TestServer::playing([
            Response::new(status, "location: /items/", ""),
            Response::json(200, "{}"),
        ]);
        let mut request = compute_kfp_runtime::Request::new(&POST);
        request.json_body(Ok(7));
        server
            .transport()
            .send_json::<Value>(request)
            .await
            .unwrap();
        let [_, second] = server.requests().try_into().unwrap();
        assert_eq!(
            (
                second.method.as_str(),
                second.target.as_str(),
                second.text()
            ),
            ("POST", "/items/", "7")
        );
    }
}

#[tokio::test]
async fn a_stream_is_not_sent_again_by_a_redirect() {
    let server = TestServer::playing([Response::new(307, "location: /items/", "")]);
    let mut request = compute_kfp_runtime::Request::new(&POST);
    request.raw_body(
        "text/plain",
        compute_kfp_runtime::Content::stream(&b"x"[..], Some(1)),
    );
    let error = server.transport().send_empty(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("`/items/`"), "{error}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = TestServer::playing([Response::new(302, "location: /items", "")]);
    let error = server
        .transport()
        .send_json::<Value>(get())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(server.connections(), 6);
}

#[test]
fn an_error_can_go_anywhere() {
    fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<Error>();
    anywhere::<compute_kfp_runtime::BuildError>();
}
