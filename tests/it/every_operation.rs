//! Every operation of both tables, called by its name with arguments made from the table.

use compute_kfp::dynamic::Call;
use compute_kfp::operation::{BodyKind, Location, Operation, ResponseKind};
use compute_kfp::{Content, ErrorKind, compute, kfp};
use compute_kfp_test_server::{Received, TestServer};
use serde_json::{Map, Value, json};

fn compute_client(url: String) -> compute::Client {
    let client = compute::Client::builder().endpoint(url);
    client.bearer_token("token").api_key("key").build().unwrap()
}

fn kfp_client(url: String) -> kfp::Client {
    let client = kfp::Client::builder(url).bearer_token("token");
    client.build().unwrap()
}

/// Returns a value of a JSON type that differs from all defaults.
fn value(kind: &str, items: &str, values: &[&str]) -> Value {
    match (kind, values) {
        ("array", values) => json!([value(items, "", values), value(items, "", values)]),
        ("string", [first, ..]) => json!(first),
        ("string", []) => json!("a b/ü"),
        ("integer", _) => json!(7),
        ("number", _) => json!(0.5),
        ("boolean", _) => json!(true),
        other => panic!("{other:?}"),
    }
}

fn arguments(operation: &Operation, all: bool) -> Map<String, Value> {
    let mut arguments = Map::new();
    for parameter in operation.parameters {
        if all || parameter.required {
            let value = value(parameter.kind, parameter.items, parameter.values);
            arguments.insert(parameter.name.to_owned(), value);
        }
    }
    if let Some(BodyKind::Json) = operation.body().map(|body| body.kind)
        && (all || operation.body_required)
    {
        arguments.insert("body".to_owned(), body(operation));
    }
    arguments
}

fn body(operation: &Operation) -> Value {
    match operation.body().unwrap().schema.unwrap().kind {
        "object" => json!({ "new": "7" }),
        "array" => json!([{ "new": "7" }]),
        kind => value(kind, "", &[]),
    }
}

/// Adds all files that the operation takes to the call.
fn with_files(mut call: Call) -> Call {
    for part in call.operation().body_parts().filter(|part| part.file) {
        call = call.file(
            part.name,
            Content::from(format!("content of {}", part.name)),
        );
    }
    call
}

/// Encodes a string for a path or query.
fn encoded(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    text.replace(' ', "%20")
        .replace('/', "%2F")
        .replace('ü', "%C3%BC")
}

#[track_caller]
fn assert_sent(operation: &Operation, arguments: &Map<String, Value>, request: &Received) {
    let name = operation.name;
    assert_eq!(request.method, operation.method, "{name}");
    let (mut path, mut query) = (operation.path.to_owned(), Vec::new());
    for parameter in operation.parameters {
        let Some(value) = arguments.get(parameter.name) else {
            continue;
        };
        match (parameter.location, value) {
            (Location::Path, value) => {
                path = path.replace(&format!("{{{}}}", parameter.name), &encoded(value));
            }
            (Location::Query, Value::Array(items)) => {
                let pairs = items.iter();
                query.extend(pairs.map(|item| format!("{}={}", parameter.name, encoded(item))));
            }
            (Location::Query, value) => {
                query.push(format!("{}={}", parameter.name, encoded(value)))
            }
            (location, _) => panic!("{name} has a parameter in {location:?}"),
        }
    }
    assert_eq!(request.path(), path, "{name}");
    let mut sent: Vec<&str> = request
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .collect();
    sent.sort_unstable();
    query.sort_unstable();
    assert_eq!(sent, query, "{name}");
    let media = request.header("content-type");
    match operation.body().map(|body| body.kind) {
        Some(BodyKind::Multipart(parts)) => {
            assert!(
                media.unwrap().starts_with("multipart/form-data; boundary="),
                "{name}"
            );
            let body = String::from_utf8_lossy(&request.body);
            for part in parts.iter().filter(|part| part.file) {
                assert!(
                    body.contains(&format!("content of {}", part.name)),
                    "{name}: {body}"
                );
            }
        }
        _ if arguments.contains_key("body") => {
            assert_eq!(media, Some("application/json"), "{name}");
            let mut body = arguments["body"].clone();
            for parameter in operation.parameters.iter().filter(|it| it.repeated_in_body) {
                body[parameter.name] = arguments[parameter.argument].clone();
            }
            assert_eq!(request.json(), body, "{name}");
        }
        _ => assert_eq!((media, request.body.as_slice()), (None, &b""[..]), "{name}"),
    }
}

async fn assert_called(
    call: impl Fn(&str, Value) -> Call,
    server: &TestServer,
    operations: &[&Operation],
) {
    for operation in operations {
        for all in [false, true] {
            let arguments = arguments(operation, all);
            let before = server.requests().len();
            let call = with_files(call(operation.name, Value::Object(arguments.clone())));
            let response = call.send().await.unwrap();
            let expected = match operation.response {
                None => Value::Null,
                Some(ResponseKind::Json | ResponseKind::OptionalJson) => {
                    json!({ "new": ["7", null] })
                }
                other => panic!("{} returns {other:?}", operation.name),
            };
            assert_eq!(*response, expected, "{}", operation.name);
            let received = server.requests();
            assert_eq!(received.len(), before + 1, "{}", operation.name);
            assert_sent(operation, &arguments, &received[before]);
        }
    }
}

#[tokio::test]
async fn all_137_operations_are_sent_as_declared_in_their_tables() {
    let response = json!({ "new": ["7", null] });
    let server = TestServer::playing([response.clone()]);
    let compute = compute_client(server.url().to_owned());
    let kfp = kfp_client(server.url().to_owned());
    let operations = compute::operations::OPERATIONS;
    assert_called(
        |name, json| compute.call(name, json).unwrap(),
        &server,
        operations,
    )
    .await;
    let operations = kfp::operations::OPERATIONS;
    assert_called(
        |name, json| kfp.call(name, json).unwrap(),
        &server,
        operations,
    )
    .await;
    assert_eq!(server.requests().len(), 2 * 137);
}

#[test]
fn each_operation_is_found_by_its_name_in_snake_and_kebab_case_and_by_its_upstream_id() {
    let client = compute_client("http://127.0.0.1:9".to_owned());
    for operation in compute::operations::OPERATIONS {
        let arguments = Value::Object(arguments(operation, false));
        for name in [
            operation.name,
            &operation.name.replace('_', "-"),
            operation.id,
        ] {
            let call = client.call(name, arguments.clone()).unwrap();
            assert_eq!(call.operation(), *operation);
        }
    }
}

#[test]
fn each_missing_argument_of_each_operation_is_named() {
    let client = kfp_client("http://127.0.0.1:9".to_owned());
    let (mut refused, none) = (0, json!({}));
    for operation in kfp::operations::OPERATIONS {
        let wanted = arguments(operation, false);
        match client.call(operation.name, none.clone()) {
            Ok(_) => assert!(wanted.is_empty(), "{}", operation.name),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                for name in wanted.keys() {
                    let place = format!("`/{name}` is required");
                    assert!(error.message().contains(&place), "{error}");
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn each_list_is_a_stream_by_its_name() {
    for operation in kfp::operations::OPERATIONS {
        let Some(paging) = operation.paging else {
            continue;
        };
        let page = json!({ paging.items(): [{ "id": "a" }, { "id": "b" }] });
        let server = TestServer::playing([page.clone()]);
        let client = kfp_client(server.url().to_owned());
        let arguments = Value::Object(arguments(operation, false));
        let call = client
            .call(operation.name, arguments)
            .unwrap()
            .page_size(50);
        let items = call.items().collect().await.unwrap();
        assert_eq!(
            items,
            [json!({ "id": "a" }), json!({ "id": "b" })],
            "{}",
            operation.name
        );
        assert_eq!(
            server.only().query().unwrap(),
            "page_size=50",
            "{}",
            operation.name
        );
    }
}
