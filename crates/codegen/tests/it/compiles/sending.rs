//! The parameters and bodies that a server receives.

use compute_kfp_runtime::{Content, Transport};
use compute_kfp_test_server::{Received, Response, TestServer};
use scratch::wire::Client;
use scratch::wire::types::{Colour, SearchUnion};
use serde_json::{Value, json};

fn client(server: &TestServer) -> Client {
    Client::new(Transport::builder(server.url()).build().unwrap())
}

fn server() -> TestServer {
    TestServer::playing([Response::json(200, r#"{"ok": true}"#)])
}

fn colour() -> Colour {
    Colour::builder().r(1).g(2).into()
}

macro_rules! sent {
    ($client:ident => $call:expr) => {{
        let server = server();
        let $client = client(&server);
        $call.send().await.unwrap();
        server.only()
    }};
}

async fn called(operation: &str, arguments: Value) -> Received {
    let server = server();
    client(&server).call(operation, arguments).unwrap().send().await.unwrap();
    server.only()
}

fn parts(request: &Received) -> Vec<(String, String)> {
    let media = request.header("content-type").unwrap();
    let boundary = media.strip_prefix("multipart/form-data; boundary=").unwrap();
    let boundary = format!("--{boundary}");
    let parts = request.text().split(&boundary).skip(1);
    parts
        .filter_map(|part| part.trim_matches(['\r', '\n']).split_once("\r\n\r\n"))
        .map(|(head, content)| (head.replace("Content-Disposition: form-data; name=", ""), content.to_owned()))
        .collect()
}

pub async fn check() {
    let typed = sent!(client => client
        .search(["a", "b"], colour())
        .id_query("q")
        .union(SearchUnion::from("abc"))
        .untyped("u")
        .pipes(["x", "y"])
        .colour(colour())
        .flat(colour())
        .filter([("a", "1")])
        .json(colour())
        .path("a/b")
        .x_colour(colour())
        .x_ids([1, 2])
        .tags(["s", "t"]));
    assert_eq!(
        typed.target,
        "/search/a,b/;G=2;R=1?id=q&union=abc&untyped=u&pipes=x%7Cy&G=2&R=1&flat=G,2,R,1&filter%5Ba%5D=1\
         &json=%7B%22G%22%3A2%2C%22R%22%3A1%7D&path=a/b"
    );
    assert_eq!(typed.header("x-colour"), Some("G=2,R=1"));
    assert_eq!(typed.header("x-ids"), Some("1,2"));
    assert_eq!(typed.header("cookie"), Some("tags=s; tags=t"));
    assert_eq!(typed.header("accept"), Some("application/vnd.api+json"));

    // A call by name sends the same.
    let colour_json = json!({"G": 2, "R": 1});
    let by_name = called(
        "search",
        json!({
            "id": ["a", "b"], "place": colour_json, "id_query": "q", "union": "abc", "untyped": "u", "pipes": ["x", "y"],
            "colour": colour_json, "flat": colour_json, "filter": {"a": "1"}, "json": colour_json, "path": "a/b",
            "X-Colour": colour_json, "X-Ids": [1, 2], "tags": ["s", "t"],
        }),
    );
    let by_name = by_name.await;
    assert_eq!(by_name.target, typed.target);
    for name in ["x-colour", "x-ids", "cookie", "accept"] {
        assert_eq!(by_name.header(name), typed.header(name));
    }

    // So does the mock.
    let mocks = scratch::wire::mock::httpmock::MockServer::start_async().await;
    let mock = {
        use scratch::wire::mock::MockServerExt as _;
        mocks.search(|when, then| {
            when.id(["a", "b"])
                .place(colour())
                .pipes(["x", "y"])
                .colour(colour())
                .filter([("a", "1")])
                .union(SearchUnion::from("abc"))
                .x_colour(colour())
                .tags(["s", "t"]);
            then.ok(&serde_json::from_value(json!({})).unwrap());
        })
    };
    let client = Client::new(Transport::builder(mocks.base_url()).build().unwrap());
    let call = client.search(["a", "b"], colour()).pipes(["x", "y"]).colour(colour()).filter([("a", "1")]);
    let call = call.union(SearchUnion::from("abc")).x_colour(colour()).tags(["s", "t"]);
    call.send().await.unwrap();
    mock.assert();

    let patch = sent!(client => client.patch(colour()));
    assert_eq!(patch.header("content-type"), Some("application/merge-patch+json"));

    let xml = sent!(client => client.several().body_xml(b"<a/>".to_vec()));
    assert_eq!(xml.header("content-type"), Some("application/xml"));
    let image = sent!(client => client.several().body_image(Content::from(b"1".to_vec()).media_type("image/png")));
    assert_eq!(image.header("content-type"), Some("image/png"));
    let json = sent!(client => client.several().body(colour()));
    assert_eq!(json.text(), r#"{"G":2,"R":1}"#);
    let upload = sent!(client => client.several().file(b"1".to_vec()));
    assert_eq!(parts(&upload).len(), 1);
    let nothing = Client::new(Transport::builder("http://127.0.0.1:9").build().unwrap());
    let error = nothing.several().send().await.unwrap_err();
    assert!(error.message().contains("set one of `body`, `file`, "), "{error}");

    let upload = sent!(client => client
        .upload([Content::from(b"1".to_vec()).named("a"), Content::from(b"2".to_vec()).named("b")])
        .photo(Content::from(b"3".to_vec()).named("c"))
        .colour(colour())
        .tags(["x", "y"])
        .count(7));
    let found = parts(&upload);
    let found: Vec<(&str, &str)> = found.iter().map(|(head, content)| (&**head, &**content)).collect();
    assert_eq!(
        found,
        [
            ("\"files\"; filename=\"a\"\r\ncontent-type: application/octet-stream", "1"),
            ("\"files\"; filename=\"b\"\r\ncontent-type: application/octet-stream", "2"),
            ("\"photo\"; filename=\"c\"\r\ncontent-type: image/png", "3"),
            ("\"colour\"\r\ncontent-type: application/json", r#"{"G":2,"R":1}"#),
            ("\"tags\"", "x"),
            ("\"tags\"", "y"),
            ("\"count\"", "7"),
        ]
    );

    let form = sent!(client => client.form(
        scratch::wire::types::FormBody::builder()
            .list(["a", "b"])
            .csv(["a", "b"])
            .colour(colour())
            .deep(colour())
    ));
    assert_eq!(form.text(), "G=2&R=1&csv=a,b&deep%5BG%5D=2&deep%5BR%5D=1&list=a&list=b");
}
