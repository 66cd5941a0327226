//! Bodies of every media type, as the server receives them.

use compute_kfp_runtime::operation::{
    Body, BodyKind, BodyPart, Location, Operation, Parameter, ResponseKind, Style,
};
use compute_kfp_runtime::{Content, Error, Request};
use serde_json::json;

use crate::item::ServerTransport as _;
use crate::transport::uploads::parts;
use compute_kfp_test_server::{Received, Response, TestServer};

static PATCH: Operation = Operation::new("read_item", "read_item", "PATCH", "/items")
    .bodies(&[Body::new("body", BodyKind::Json).media("application/merge-patch+json")])
    .body_required()
    .accept("application/vnd.api+json")
    .response(ResponseKind::Json);
static FORM: Operation = Operation::new("read_item", "read_item", "POST", "/items")
    .bodies(&[Body::new("body", BodyKind::Form)])
    .body_required()
    .form_fields(&[
        Parameter::new("csv", Location::Query, "array").style(Style::Form, false),
        Parameter::new("deep", Location::Query, "object").style(Style::DeepObject, true),
        Parameter::new("json", Location::Query, "object").style(Style::Json, false),
    ]);
static PARTS: &[BodyPart] = &[
    BodyPart::new("files", true).kind("array"),
    BodyPart::new("photo", true).media("image/png"),
    BodyPart::new("meta", false).kind("object"),
    BodyPart::new("tags", false).kind("array").items("string"),
    BodyPart::new("csv", false)
        .kind("array")
        .items("string")
        .separator(","),
    BodyPart::new("note", false).media("text/markdown"),
];
static UPLOAD: Operation = Operation::new("read_item", "read_item", "POST", "/items")
    .bodies(&[Body::new("body", BodyKind::Multipart(PARTS))]);
static SEVERAL: Operation = Operation::new("read_item", "read_item", "POST", "/items")
    .body_required()
    .bodies(&[
        Body::new("body", BodyKind::Json),
        Body::new(
            "file",
            BodyKind::Multipart(&[
                BodyPart::new("file", true).required(),
                BodyPart::new("name", false).required(),
            ]),
        ),
        Body::new("body_form", BodyKind::Form),
        Body::new("body_image", BodyKind::Raw("image/*")),
        Body::new("body_json", BodyKind::Json).media("text/json"),
    ]);

async fn tried(
    operation: &'static Operation,
    fill: impl FnOnce(&mut Request),
) -> Result<Received, Error> {
    let mut request = Request::new(operation);
    fill(&mut request);
    let server = TestServer::playing([Response::json(200, "{}")]);
    server.transport().send_empty(request).await?;
    Ok(server.only())
}

async fn sent(operation: &'static Operation, fill: impl FnOnce(&mut Request)) -> Received {
    tried(operation, fill).await.unwrap()
}

#[tokio::test]
async fn json_has_the_declared_media_type_and_so_has_what_is_accepted() {
    let request = sent(&PATCH, |request| request.json_body(Ok(json!({"a": null})))).await;
    assert_eq!(
        request.header("content-type"),
        Some("application/merge-patch+json")
    );
    assert_eq!(request.header("accept"), Some("application/vnd.api+json"));
    assert_eq!(request.text(), r#"{"a":null}"#);
}

#[tokio::test]
async fn fields_of_a_form_have_their_own_styles() {
    let fields = json!({"csv": ["a", "b"], "deep": {"k": 1}, "json": {"k": 1}, "list": [1, 2], "obj": {"R": 1}});
    let request = sent(&FORM, |request| request.form_body(Ok(fields))).await;
    assert_eq!(
        request.text(),
        "csv=a,b&deep%5Bk%5D=1&json=%7B%22k%22%3A1%7D&list=1&list=2&R=1"
    );
}

#[tokio::test]
async fn parts_are_files_texts_and_json_with_their_media_types() {
    let request = sent(&UPLOAD, |request| {
        let first = Content::from(b"1".to_vec())
            .named("a.txt")
            .media_type("text/plain");
        request.file_parts(
            "files",
            vec![first, Content::from(b"2".to_vec()).named("b")],
        );
        request.file_part("photo", Content::from(b"3".to_vec()).named("c.png"));
        request.value_part("meta", &json!({"k": 1}));
        request.value_part("tags", &["x", "y"]);
        request.value_part("csv", &["x", "y"]);
        request.value_part("count", &7);
        request.value_part("gone", &None::<u32>);
        request.value_part("note", "# hi");
        request.value_part("ü \"[]\"", "odd");
    });
    let found: Vec<(String, String)> = parts(&request.await)
        .into_iter()
        .map(|(head, content)| {
            let head = head.replace("Content-Disposition: form-data; ", "");
            (head.replace("\r\ncontent-type: ", "; "), content)
        })
        .collect();
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(head, content)| (&**head, &**content))
        .collect();
    assert_eq!(
        found,
        [
            (r#"name="files"; filename="a.txt"; text/plain"#, "1"),
            (
                r#"name="files"; filename="b"; application/octet-stream"#,
                "2"
            ),
            (r#"name="photo"; filename="c.png"; image/png"#, "3"),
            (r#"name="meta"; application/json"#, r#"{"k":1}"#),
            (r#"name="tags""#, "x"),
            (r#"name="tags""#, "y"),
            (r#"name="csv""#, "x,y"),
            (r#"name="count""#, "7"),
            (r#"name="note"; text/markdown"#, "# hi"),
            (r#"name="ü %22[]%22""#, "odd"),
        ]
    );
}

#[tokio::test]
async fn one_of_several_bodies_is_sent_and_the_last_one_counts() {
    let request = sent(&SEVERAL, |request| {
        request.file_part("file", Content::from(b"1".to_vec()));
        request.json_body(Ok(1));
    });
    assert_eq!(
        request.await.header("content-type"),
        Some("application/json")
    );
    let request = sent(&SEVERAL, |request| request.json_body_as("text/json", Ok(1))).await;
    assert_eq!(request.header("content-type"), Some("text/json"));
    let request = sent(&SEVERAL, |request| request.form_body(Ok(json!({"a": 1})))).await;
    assert_eq!(request.text(), "a=1");

    for (content, media) in [
        (Content::from(b"1".to_vec()), "application/octet-stream"),
        (
            Content::from(b"1".to_vec()).media_type("image/png"),
            "image/png",
        ),
    ] {
        let request = sent(&SEVERAL, |request| request.raw_body("image/*", content)).await;
        assert_eq!(request.header("content-type"), Some(media));
    }
}

#[tokio::test]
async fn what_a_body_lacks_is_named() {
    let error = tried(&SEVERAL, |_| ()).await.unwrap_err();
    assert_eq!(
        error.message(),
        "a body is required; set one of `body`, `file`, `name`, `body_form`, `body_image`, `body_json`; nothing was sent"
    );
    let error = tried(&SEVERAL, |request| {
        request.file_part("file", Content::from(b"1".to_vec()));
    });
    let error = error.await.unwrap_err();
    assert_eq!(
        error.message(),
        "the part `name` of the body is required; set it; nothing was sent"
    );
}
