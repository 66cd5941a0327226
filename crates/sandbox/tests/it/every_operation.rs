//! Every operation of both specs, called with a valid request.

mod api_spec;
mod request;
mod world;

use std::fs;

use crate::support::{self, Response, plain, send};
use api_spec::ApiSpec;
use compute_kfp_runtime::operation::Operation;
use compute_kfp_sandbox::Sandbox;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use world::World;

/// The operation that servers do not implement, according to its spec.
const NOT_IMPLEMENTED_BY_SERVERS: &str = "DummyFilterService_GetFilter";

struct Api {
    spec: ApiSpec,
    operations: &'static [&'static Operation],
}

fn apis() -> [Api; 2] {
    [
        Api {
            spec: ApiSpec::compute(),
            operations: compute_api_client::operations::OPERATIONS,
        },
        Api {
            spec: ApiSpec::kfp(),
            operations: kfp_api_client::operations::OPERATIONS,
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_responds_to_a_valid_request_as_its_spec_declares() {
    let mut served = 0;
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("data");
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
            let response = send(world.request(operation, &api.spec)).await;
            let told = format!("{}: {} {}", operation.id, response.status, response.body);
            if operation.id == NOT_IMPLEMENTED_BY_SERVERS {
                assert_eq!(response.status, 404, "{told}");
            } else {
                assert!(response.status.is_success(), "{told}");
            }
            conforms(&api.spec, operation, &response);
            served += 1;
        }
    }
    assert_eq!(served, 137);
}

/// Invalid requests are never the server's fault.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_makes_the_server_fail_and_every_rejection_is_declared() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let world = World::create(&sandbox).await;
    for api in apis() {
        for operation in api.operations {
            for request in careless(&world, operation) {
                let response = send(request).await;
                assert!(
                    response.status.as_u16() < 500 || is_refusal(&response),
                    "{}: {} {}",
                    operation.id,
                    response.status,
                    response.body
                );
                conforms(&api.spec, operation, &response);
            }
        }
    }
}

/// KFP reports some mistakes of a caller as internal errors, with the cause in the chain.
fn is_refusal(response: &Response) -> bool {
    let causes = [
        "Invalid input error",
        "InvalidInputError",
        "ResourceNotFoundError",
    ];
    let chain = response.body["message"].as_str().unwrap_or_default();
    response.body["code"] == 13 && causes.iter().any(|cause| chain.contains(cause))
}

#[tokio::test]
async fn an_undeclared_method_is_rejected() {
    let sandbox = Sandbox::start().await.unwrap();
    for api in apis() {
        for operation in api.operations {
            let method = Method::from_bytes(b"TRACE").unwrap();
            let response = send(plain(&sandbox, method, operation.path)).await;
            if operation.path.starts_with("/apis/") {
                assert_eq!(response.status, 501, "{}", operation.id);
                continue;
            }
            assert_eq!(response.status, 405, "{}", operation.id);
            let allowed = response.headers["allow"].to_str().unwrap();
            let methods: Vec<&str> = allowed.split(", ").collect();
            assert!(
                methods.contains(&operation.method),
                "{}: {allowed}",
                operation.id
            );
        }
    }
}

/// Returns requests with the right credential and invalid paths, queries and bodies.
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
    if operation.bodies.is_empty() || operation.method == "DELETE" {
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

/// Asserts that the spec declares the status for the operation, and that the body conforms to it.
#[track_caller]
fn conforms(spec: &ApiSpec, operation: &Operation, response: &Response) {
    let told = || format!("{}: {} {}", operation.id, response.status, response.body);
    let status = response.status.as_u16();
    // The spec declares no errors from before the operation.
    let by_the_framework =
        matches!(status, 400 | 401 | 404 | 405 | 413) && !spec.declares(operation, status);
    if by_the_framework {
        assert!(response.body["detail"].is_string(), "{}", told());
        return;
    }
    let errors = spec.errors(operation, status, &response.body);
    assert!(errors.is_empty(), "{}: {errors:?}", told());
}
