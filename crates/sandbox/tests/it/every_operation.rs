//! Every operation of both specifications, asked for once in a way that it can serve.

mod description;
mod request;
mod world;

use std::fs;

use crate::support::{self, Answer, plain, send};
use compute_kfp_runtime::operation::Operation;
use compute_kfp_sandbox::Sandbox;
use description::Description;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use world::World;

/// The operation that servers do not implement, as its description says.
const NOT_IMPLEMENTED_BY_SERVERS: &str = "DummyFilterService_GetFilter";

struct Api {
    description: Description,
    operations: &'static [&'static Operation],
}

fn apis() -> [Api; 2] {
    [
        Api {
            description: Description::compute(),
            operations: compute_api_client::operations::OPERATIONS,
        },
        Api {
            description: Description::kfp(),
            operations: kfp_api_client::operations::OPERATIONS,
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_a_valid_request_as_its_description_says() {
    let mut served = 0;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("data");
    let common = Sandbox::builder().data_file(&file).start().await.unwrap();
    let common = World::create(&common).await;
    common.sandbox.save().unwrap();
    let data: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    for api in apis() {
        for operation in api.operations {
            let (sandbox, own);
            let world = match operation.method {
                "GET" => &common,
                _ => {
                    let builder = Sandbox::builder().seed(data.clone());
                    sandbox = builder.start().await.unwrap();
                    own = common.again(&sandbox);
                    &own
                }
            };
            let answer = send(world.request(operation, &api.description)).await;
            let told = format!("{}: {} {}", operation.id, answer.status, answer.body);
            if operation.id == NOT_IMPLEMENTED_BY_SERVERS {
                assert_eq!(answer.status, 404, "{told}");
            } else {
                assert!(answer.status.is_success(), "{told}");
            }
            conforms(&api.description, operation, &answer);
            served += 1;
        }
    }
    assert_eq!(served, 137);
}

/// Requests that a careless or hostile client may send; whatever is wrong with them is their fault.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_makes_the_server_fail_and_every_refusal_is_as_described() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let world = World::create(&sandbox).await;
    for api in apis() {
        for operation in api.operations {
            for request in careless(&world, operation) {
                let answer = send(request).await;
                assert!(
                    answer.status.as_u16() < 500 || is_refusal(&answer),
                    "{}: {} {}",
                    operation.id,
                    answer.status,
                    answer.body
                );
                conforms(&api.description, operation, &answer);
            }
        }
    }
}

/// KFP takes some mistakes of a caller for failures of its own, and says in the chain of causes
/// what they are.
fn is_refusal(answer: &Answer) -> bool {
    let causes = [
        "Invalid input error",
        "InvalidInputError",
        "ResourceNotFoundError",
    ];
    let chain = answer.body["message"].as_str().unwrap_or_default();
    answer.body["code"] == 13 && causes.iter().any(|cause| chain.contains(cause))
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    for api in apis() {
        for operation in api.operations {
            let method = Method::from_bytes(b"TRACE").unwrap();
            let answer = send(plain(&sandbox, method, operation.path)).await;
            if operation.path.starts_with("/apis/") {
                assert_eq!(answer.status, 501, "{}", operation.id);
                continue;
            }
            assert_eq!(answer.status, 405, "{}", operation.id);
            let allowed = answer.headers["allow"].to_str().unwrap();
            let methods: Vec<&str> = allowed.split(", ").collect();
            assert!(
                methods.contains(&operation.method),
                "{}: {allowed}",
                operation.id
            );
        }
    }
}

/// With the right credential: paths, queries and bodies that cannot be valid.
fn careless(world: &World, operation: &Operation) -> Vec<RequestBuilder> {
    let mut requests = Vec::new();
    let method = || Method::from_bytes(operation.method.as_bytes()).unwrap();
    let huge = "9".repeat(400);
    for value in [
        "x", "-1", "%00", "%FF%FE", "%", "%zz", "..%2F", "%2F", &huge,
    ] {
        let path = world.path_with(operation, value);
        requests.push(world.authorised(world.plain(method(), &path), operation));
    }
    let path = world.path(operation);
    let queries = [
        "=",
        "&&",
        "%",
        "%FF",
        "%00=%00",
        "page=x",
        "page_size=-1",
        "size=0",
    ];
    let named = operation.parameters.iter().map(|parameter| parameter.name);
    let named = named.flat_map(|name| {
        ["%00", "%FF", "{", &huge].map(|value| format!("{name}={value}&{name}={value}"))
    });
    for query in queries.into_iter().map(str::to_owned).chain(named) {
        let request = world.plain(method(), &format!("{path}?{query}"));
        requests.push(world.authorised(request, operation));
    }
    if operation.body.is_none() || operation.method == "DELETE" {
        return requests;
    }
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"\"",
        "\"\\u0000\"",
        "1e999",
        "{\"\":null}",
        "\u{0}",
        &deep,
        "{\"display_name\":\"\\u0000\"}",
        "{\"status\":\"nonsense\"}",
        "{\"id\":1e400}",
    ] {
        let request = world.plain(method(), &path).body(body.to_owned());
        let request = request.header("content-type", "application/json");
        requests.push(world.authorised(request, operation));
    }
    for content_type in [
        "text/plain",
        "multipart/form-data",
        "nonsense",
        "application/xml",
    ] {
        let request = world.plain(method(), &path).body("{}");
        let request = request.header("content-type", content_type);
        requests.push(world.authorised(request, operation));
    }
    let not_text = world.plain(method(), &path).body(vec![0xff, 0xfe, 0x00]);
    requests.push(world.authorised(not_text, operation));
    requests
}

/// The status is declared for the operation, and the body is what it is declared to be.
#[track_caller]
fn conforms(description: &Description, operation: &Operation, answer: &Answer) {
    let told = || format!("{}: {} {}", operation.id, answer.status, answer.body);
    let status = answer.status.as_u16();
    // What comes before an operation is reached is declared nowhere.
    let by_the_framework =
        matches!(status, 400 | 401 | 404 | 405 | 413) && !description.declares(operation, status);
    if by_the_framework {
        assert!(answer.body["detail"].is_string(), "{}", told());
        return;
    }
    let errors = description.errors(operation, status, &answer.body);
    assert!(errors.is_empty(), "{}: {errors:?}", told());
}
