//! KFP's handling of requests: credentials, errors, bodies.

use crate::support::{Kfp, plain, send, spec};
use compute_kfp_sandbox::{KfpServer, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

/// A sandbox that requires a token.
async fn guarded() -> Sandbox {
    let sandbox = Sandbox::builder().empty().require_kfp_token();
    sandbox.start().await.unwrap()
}

/// Returns the code of an error, and its message for people.
#[track_caller]
fn error(body: &Value) -> (i64, &str) {
    let code = body["code"].as_i64().unwrap();
    let detail = &body["details"][0];
    assert_eq!(
        detail["@type"], "type.googleapis.com/google.rpc.Status",
        "{body}"
    );
    assert_eq!(detail["code"], code, "{body}");
    let text = detail["message"].as_str().unwrap();
    let chain = body["message"].as_str().unwrap();
    assert!(chain.ends_with(text) && chain.len() > text.len(), "{body}");
    (code, text)
}

/// Returns the message of an error of the gateway, which has no details.
#[track_caller]
fn gateway_error(body: &Value, code: i64) -> &str {
    assert_eq!(body["code"], code, "{body}");
    assert!(body.get("details").is_none(), "{body}");
    body["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_a_401_with_code_16() {
    let sandbox = guarded().await;
    let get = || plain(&sandbox, Method::GET, "/apis/v2beta1/artifacts");
    let requests = [
        get(),
        get().bearer_auth("wrong"),
        get().bearer_auth(sandbox.compute_token()),
        get().header("authorization", sandbox.kfp_token()),
        get().header("authorization", "Bearer"),
    ];
    for request in requests {
        assert_eq!(error(&send(request).await.expect(401)).0, 16);
    }
}

#[tokio::test]
async fn every_operation_but_one_requires_a_token_if_tokens_are_required() {
    let sandbox = guarded().await;
    let health = plain(&sandbox, Method::GET, "/apis/v2beta1/healthz");
    let health = send(health).await.expect(200);
    assert_eq!(health["multi_user"], false);
    let operations = [
        (Method::GET, "/artifacts"),
        (Method::POST, "/artifacts"),
        (Method::POST, "/artifacts:batchCreate"),
        (Method::GET, "/artifacts/x"),
        (Method::PUT, "/artifacts/x"),
        (Method::GET, "/artifact_tasks"),
        (Method::POST, "/artifact_tasks"),
        (Method::POST, "/artifact_tasks:batchCreate"),
        (Method::GET, "/metrics"),
        (Method::POST, "/metrics"),
        (Method::GET, "/metrics/x/y"),
    ];
    for (method, path) in operations {
        send(plain(&sandbox, method, &format!("/apis/v2beta1{path}")))
            .await
            .expect(401);
    }
    assert!(
        sandbox
            .received()
            .iter()
            .all(|request| request.operation_id().is_some())
    );
}

#[tokio::test]
async fn an_identity_is_needed_in_multi_user_mode() {
    let sandbox = Sandbox::builder().empty().multi_user();
    let sandbox = sandbox.start().await.unwrap();
    let health = plain(&sandbox, Method::GET, "/apis/v2beta1/healthz");
    assert_eq!(send(health).await.expect(200)["multi_user"], true);
    let list = || plain(&sandbox, Method::GET, "/apis/v2beta1/runs?namespace=n");
    assert_eq!(error(&send(list()).await.expect(401)).0, 16);
    send(list().header("kubeflow-userid", "a@b.c"))
        .await
        .expect(200);
    send(list().bearer_auth(sandbox.kfp_token()))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_single_user_server_accepts_requests_without_a_token() {
    let sandbox = sandbox().await;
    let list = || plain(&sandbox, Method::GET, "/apis/v2beta1/runs");
    send(list()).await.expect(200);
    send(list().bearer_auth("any")).await.expect(200);
}

#[tokio::test]
async fn release_2_17_has_no_artifacts_tasks_and_metrics() {
    for (server, path, status) in [
        (KfpServer::Release217, "/artifacts", 404),
        (KfpServer::Release217, "/artifact_tasks", 404),
        (KfpServer::Release217, "/runs/r/tasks", 404),
        (KfpServer::Release217, "/metrics", 404),
        (KfpServer::Release217, "/filters", 404),
        (KfpServer::Release217, "/runs?view=HALF", 200),
        (KfpServer::Next, "/artifacts", 200),
        (KfpServer::Next, "/runs/r/tasks", 200),
        (KfpServer::Next, "/metrics", 404),
        (KfpServer::Next, "/auth", 404),
        (KfpServer::All, "/metrics", 200),
    ] {
        let sandbox = Sandbox::builder().empty().kfp_server(server);
        let sandbox = sandbox.start().await.unwrap();
        let response = Kfp(&sandbox).get(path).await.expect(status);
        if status == 404 {
            assert_eq!(gateway_error(&response, 5), "Not Found");
        }
    }
}

#[tokio::test]
async fn the_scheme_bearer_may_be_written_in_any_case() {
    let sandbox = guarded().await;
    let request = plain(&sandbox, Method::GET, "/apis/v2beta1/artifacts")
        .header("authorization", format!("bearer {}", sandbox.kfp_token()));
    send(request).await.expect(200);
}

#[tokio::test]
async fn an_unknown_artifact_is_not_found() {
    let sandbox = sandbox().await;
    let body = Kfp(&sandbox).get("/artifacts/x").await.expect(404);
    assert_eq!(error(&body), (5, "Artifact x not found"));
    let message = "get_artifact failed: ResourceNotFoundError: Artifact x not found";
    assert_eq!(body["message"], message);
}

#[tokio::test]
async fn an_id_may_contain_an_encoded_slash() {
    let sandbox = sandbox().await;
    let body = Kfp(&sandbox).get("/artifacts/a%2Fb").await.expect(404);
    assert_eq!(error(&body).1, "Artifact a/b not found");
    let metric = json!({ "metric": { "task_id": "t/1", "name": "a b/ü", "value": 1 } });
    let logged = Kfp(&sandbox).post("/metrics", metric).await.expect(200);
    let read = Kfp(&sandbox)
        .get("/metrics/t%2F1/a%20b%2F%C3%BC")
        .await
        .expect(200);
    assert_eq!(read, logged);
}

#[tokio::test]
async fn a_path_or_query_that_cannot_be_decoded_is_a_400() {
    let sandbox = sandbox().await;
    for path in [
        "/artifacts/%FF",
        "/artifacts/%zz",
        "/artifacts?namespace=%FF",
        "/artifacts?a=%",
    ] {
        gateway_error(&Kfp(&sandbox).get(path).await.expect(400), 3);
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_an_unknown_method_a_501() {
    let sandbox = sandbox().await;
    let body = Kfp(&sandbox).get("/nowhere").await.expect(404);
    assert_eq!(gateway_error(&body, 5), "Not Found");
    let body = send(Kfp(&sandbox).request(Method::DELETE, "/artifacts/x"))
        .await
        .expect(501);
    assert_eq!(gateway_error(&body, 12), "Method Not Allowed");
}

#[tokio::test]
async fn unknown_fields_are_rejected_at_every_depth() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let bodies = [
        (
            "/artifacts",
            json!({ "artifact": { "name": "n" }, "surprise": 1 }),
        ),
        (
            "/artifacts",
            json!({ "artifact": { "name": "n", "surprise": 1 } }),
        ),
        (
            "/artifacts:batchCreate",
            json!({ "artifacts": [{ "artifact": { "surprise": 1 } }] }),
        ),
        (
            "/artifact_tasks",
            json!({ "artifact_task": { "producer": { "surprise": 1 } } }),
        ),
        ("/metrics", json!({ "metric": { "surprise": null } })),
    ];
    for (path, body) in bodies {
        let response = kfp.post(path, body).await.expect(400);
        assert!(
            gateway_error(&response, 3).contains("unknown field \"surprise\""),
            "{response}"
        );
    }
    assert_eq!(kfp.get("/artifacts").await.expect(200), json!({}));
}

#[tokio::test]
async fn values_of_the_wrong_type_are_rejected() {
    let sandbox = sandbox().await;
    let bodies = [
        json!([]),
        json!("text"),
        json!({ "artifact": [] }),
        json!({ "artifact": { "name": 5 } }),
        json!({ "artifact": { "name": "n", "type": "Poem" } }),
        json!({ "artifact": { "name": "n", "metadata": [] } }),
        json!({ "artifact": { "name": "n", "number_value": "many" } }),
        json!({ "artifact": { "name": "n", "created_at": "yesterday" } }),
        json!({ "artifact": { "name": "n" }, "iteration_index": 1.5 }),
        json!({ "artifact": { "name": "n" }, "iteration_index": "99999999999999999999" }),
        json!({ "artifact": { "name": "n" }, "reuse_if_exists": "yes" }),
    ];
    for body in bodies {
        let response = Kfp(&sandbox).post("/artifacts", body).await.expect(400);
        assert!(
            gateway_error(&response, 3).starts_with("proto: "),
            "{response}"
        );
    }
}

#[tokio::test]
async fn nulls_count_as_absent_and_camel_case_names_are_read() {
    let sandbox = sandbox().await;
    let body = json!({
        "displayName": "r", "pipelineSpec": spec(&[]), "description": null,
        "storageState": "ARCHIVED", "serviceAccount": "s",
    });
    let run = Kfp(&sandbox).post("/runs", body).await.expect(200);
    assert_eq!(run["service_account"], "s");
    assert!(run.get("description").is_none());
    let twice = json!({ "artifact": { "name": "n" }, "run_id": "r", "runId": "r" });
    let response = Kfp(&sandbox).post("/artifacts", twice).await.expect(400);
    assert!(gateway_error(&response, 3).contains("duplicate field"));
}

#[tokio::test]
async fn a_message_of_any_type_names_its_type() {
    let sandbox = sandbox().await;
    let with = |details: Value| json!({ "display_name": "p", "error": { "details": details } });
    let named = json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "r" });
    let body = with(json!([{}, named]));
    Kfp(&sandbox).post("/pipelines", body).await.expect(200);
    for detail in [
        json!(null),
        json!("text"),
        json!({ "reason": "r" }),
        json!({ "@type": null }),
        json!({ "@type": "no URL" }),
    ] {
        let response = Kfp(&sandbox)
            .post("/pipelines", with(json!([detail])))
            .await
            .expect(400);
        assert!(gateway_error(&response, 3).contains("google.protobuf.Any"));
    }
}

#[tokio::test]
async fn a_body_of_invalid_json_is_a_400() {
    let sandbox = sandbox().await;
    let post = |body: Vec<u8>| send(Kfp(&sandbox).request(Method::POST, "/artifacts").body(body));
    for body in [&b"{"[..], b"\xff", b"<html>"] {
        gateway_error(&post(body.to_vec()).await.expect(400), 3);
    }
    gateway_error(&post(vec![b'['; 100_000]).await.expect(400), 3);
}

#[tokio::test]
async fn the_content_type_of_a_body_does_not_matter() {
    let sandbox = sandbox().await;
    let request = Kfp(&sandbox)
        .request(Method::POST, "/experiments")
        .header("content-type", "text/plain")
        .body(r#"{"display_name":"n"}"#);
    send(request).await.expect(200);
}

#[tokio::test]
async fn a_huge_body_is_rejected_as_by_grpc() {
    let sandbox = sandbox().await;
    let body = json!({ "artifact": { "name": "x".repeat(5 * 1024 * 1024) } });
    let response = Kfp(&sandbox).post("/artifacts", body).await.expect(429);
    gateway_error(&response, 8);
    assert!(sandbox.received()[0].body().is_empty());
}
