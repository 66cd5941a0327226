//! Requests on the wire, and how the clients read responses.

#![allow(
    deprecated,
    reason = "the public service no longer has the Metadata operations"
)]

use std::collections::BTreeSet;

use compute::types as compute_types;
use compute_kfp::operation::{BodyKind, Location, Operation};
use compute_kfp::{Content, Error, ErrorKind, Nullable, compute, kfp};
use compute_kfp_test_server::{Received, Response, TestServer};
use kfp::types as kfp_types;
use serde_json::{Map, Value, json};

fn kfp_client(server: &TestServer) -> kfp::Client {
    kfp::Client::builder(server.url()).build().unwrap()
}

fn compute_client(server: &TestServer) -> compute::Client {
    compute::Client::builder()
        .endpoint(server.url())
        .build()
        .unwrap()
}

/// Sends requests and ignores the responses.
macro_rules! send {
    ($client:expr; $($operation:ident($($argument:expr),*)),+ $(,)?) => {
        $(send!($client.$operation($($argument),*));)+
    };
    ($request:expr) => {
        let _ = $request.send().await;
    };
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Returns the operations of the received requests; each path belongs to only one.
fn called<'a>(
    operations: &'a [&'static Operation],
    received: &'a [Received],
) -> BTreeSet<&'static str> {
    let fits = |template: &str, path: &str| {
        let (template, path): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(path).all(|(expected, sent)| {
                let verb = expected.split_once('}').map_or("", |(_, verb)| verb);
                *expected == sent || expected.starts_with('{') && sent.ends_with(verb)
            })
    };
    received
        .iter()
        .filter_map(|request| {
            let mut candidates: Vec<_> = operations
                .iter()
                .filter(|operation| {
                    operation.method == request.method && fits(operation.path, request.path())
                })
                .collect();
            candidates.sort_by_key(|operation| {
                (operation.path.matches('{').count(), operation.path.len())
            });
            candidates.first().map(|operation| operation.name)
        })
        .collect()
}

fn names(
    operations: &[&'static Operation],
    wanted: impl Fn(&Operation) -> bool,
) -> BTreeSet<&'static str> {
    operations
        .iter()
        .filter(|operation| wanted(operation))
        .map(|operation| operation.name)
        .collect()
}

/// An operation without required query parameters or body.
fn takes_an_optional_query(operation: &Operation) -> bool {
    let query = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Query);
    operation.bodies.is_empty()
        && query.clone().count() > 0
        && query.clone().all(|parameter| !parameter.required)
}

#[tokio::test]
async fn no_default_becomes_a_query_of_the_compute_api() {
    let server = TestServer::playing([json!({})]);
    send!(compute_client(&server);
        read_algorithms(), read_backends(), read_backends_with_hostnames(), read_backend_type_queue(1),
        read_backend_types(), read_batch_jobs(), read_commits(), read_files(), read_jobs(), get_job_logs(1),
        read_languages(), read_members(), read_permission_groups(), read_permissions(), read_projects(),
        read_reservations(), read_results_by_job_id(1), read_results_by_algorithm_id(1), read_teams(),
        read_transactions(), read_users(), read_metadata_by_backend_id(1),
    );
    let received = server.requests();
    let operations = compute::operations::OPERATIONS;
    assert_eq!(
        called(operations, &received),
        names(operations, takes_an_optional_query)
    );
    assert!(
        received
            .iter()
            .all(|request| request.query().is_none() && request.body.is_empty())
    );
}

#[tokio::test]
async fn no_default_becomes_a_query_of_kfp() {
    let server = TestServer::playing([json!({})]);
    send!(kfp_client(&server);
        list_artifact_tasks(), list_artifacts(), list_metrics(), authorize(), list_experiments(),
        list_pipelines(), get_pipeline_by_name("p"), delete_pipeline("p"), list_pipeline_versions("p"),
        list_recurring_runs(), delete_recurring_run("r"), list_runs(), get_run("r"), delete_run("r"),
        list_tasks("r"), archive_run("r"), retry_run("r"), terminate_run("r"), unarchive_run("r"),
    );
    let received = server.requests();
    let operations = kfp::operations::OPERATIONS;
    assert_eq!(
        called(operations, &received),
        names(operations, takes_an_optional_query)
    );
    assert!(
        received
            .iter()
            .all(|request| request.query().is_none() && request.body.is_empty())
    );
}

#[tokio::test]
async fn an_empty_body_of_kfp_is_an_empty_object() {
    let server = TestServer::playing([json!({})]);
    send!(kfp_client(&server);
        create_artifact_task(kfp_types::CreateArtifactTaskRequest::builder()),
        batch_create_artifact_tasks(kfp_types::CreateArtifactTasksBulkRequest::builder()),
        create_artifact(kfp_types::CreateArtifactRequest::builder()),
        update_artifact("a", kfp_types::UpdateArtifactBody::builder()),
        batch_create_artifacts(kfp_types::CreateArtifactsBulkRequest::builder()),
        log_metric(kfp_types::LogMetricRequest::builder()),
        create_experiment(kfp_types::Experiment::builder()),
        create_pipeline(kfp_types::Pipeline::builder()),
        create_pipeline_and_version(kfp_types::CreatePipelineAndVersionRequest::builder()),
        update_pipeline("p", kfp_types::UpdatePipelineBody::builder()),
        create_pipeline_version("p", kfp_types::PipelineVersion::builder()),
        update_pipeline_version("p", "v", kfp_types::UpdatePipelineVersionBody::builder()),
        create_recurring_run(kfp_types::RecurringRun::builder()),
        create_run(kfp_types::Run::builder()),
        create_task("r", kfp_types::PipelineTask::builder()),
        update_task("r", "t", kfp_types::PipelineTask::builder()),
        batch_update_tasks("r", kfp_types::RunServiceUpdateTasksBulkBody::builder()),
        find_cached_task(kfp_types::FindCachedTaskRequest::builder()),
        create_visualization_v1("ns", kfp_types::Visualization::builder()),
    );
    let received = server.requests();
    let operations = kfp::operations::OPERATIONS;
    let takes_an_object = |operation: &Operation| {
        operation.body_required
            && operation.body().unwrap().kind == BodyKind::Json
            && !operation.id.starts_with("ReportService_")
    };
    assert_eq!(
        called(operations, &received),
        names(operations, takes_an_object)
    );
    for request in received {
        // The server requires these in the body as well.
        let mut body = request.json();
        let repeated = ["pipeline_id", "run_id", "task_id"];
        body.as_object_mut()
            .unwrap()
            .retain(|name, _| !repeated.contains(&&**name));
        assert_eq!(body, json!({}), "{}", request.path());
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.query(), None);
    }
}

#[tokio::test]
async fn a_request_without_its_optional_body_has_content_length_zero() {
    let server = TestServer::playing([json!({})]);
    send!(kfp_client(&server).archive_run("r"));
    assert_eq!(server.only().header("content-length"), Some("0"));
}

#[test]
fn a_body_of_the_compute_api_has_the_given_values_and_no_default() {
    let bodies = [
        serde_json::to_value(
            compute_types::JobPatch::builder()
                .status("running")
                .build()
                .unwrap(),
        ),
        serde_json::to_value(
            compute_types::JobIn::builder()
                .file_id(1)
                .batch_job_id(2)
                .build()
                .unwrap(),
        ),
        serde_json::to_value(
            compute_types::FileIn::builder()
                .commit_id(1)
                .content("version 3.0")
                .language_id(2)
                .compile_stage("none")
                .compile_properties(Map::new())
                .build()
                .unwrap(),
        ),
        serde_json::to_value(
            compute_types::MemberIn::builder()
                .team_id(1)
                .user_id(2)
                .role("admin")
                .build()
                .unwrap(),
        ),
        serde_json::to_value(
            compute_types::ProjectIn::builder()
                .owner_id(1)
                .name("n")
                .description("d")
                .build()
                .unwrap(),
        ),
        serde_json::to_value(
            compute_types::UserIn::builder()
                .full_name("n")
                .email("e@example.org")
                .oidc_sub("s")
                .build()
                .unwrap(),
        ),
        serde_json::to_value(compute_types::BackendMessage::builder().build()),
    ];
    let expected = [
        json!({ "status": "running" }),
        json!({ "file_id": 1, "batch_job_id": 2 }),
        json!({
            "commit_id": 1, "content": "version 3.0", "language_id": 2, "compile_stage": "none",
            "compile_properties": {},
        }),
        json!({ "team_id": 1, "user_id": 2, "role": "admin" }),
        json!({ "owner_id": 1, "name": "n", "description": "d" }),
        json!({ "full_name": "n", "email": "e@example.org", "oidc_sub": "s" }),
        json!({}),
    ];
    assert_eq!(bodies.map(Result::unwrap), expected);
}

#[tokio::test]
async fn a_patch_of_a_job_sends_only_its_status() {
    let server = TestServer::playing([json!({})]);
    send!(compute_client(&server); update_job_status(7, compute_types::JobPatch::builder().status("failed")));
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), request.path()),
        ("PATCH", "/jobs/7")
    );
    assert_eq!(request.json(), json!({ "status": "failed" }));
}

#[tokio::test]
async fn an_empty_map_is_sent_and_clears_the_value_while_an_absent_one_keeps_it() {
    let server = TestServer::playing([json!({})]);
    let nothing: [(&str, &str); 0] = [];
    send!(kfp_client(&server);
        update_pipeline("p", kfp_types::UpdatePipelineBody::builder().tags(nothing)),
        update_pipeline("p", kfp_types::UpdatePipelineBody::builder()),
    );
    let bodies: Vec<Value> = server.requests().iter().map(Received::json).collect();
    assert_eq!(bodies, [json!({ "tags": {} }), json!({})]);
}

#[tokio::test]
async fn null_is_sent_only_if_it_was_set() {
    let server = TestServer::playing([json!({})]);
    let patch = compute_types::BackendPatch::builder()
        .hostname(Nullable::Null)
        .status(compute_types::BackendStatus::Idle);
    send!(compute_client(&server); update_backend_self(patch));
    assert_eq!(
        server.only().json(),
        json!({ "hostname": null, "status": "idle" })
    );
}

#[tokio::test]
async fn a_list_body_holds_numbers_and_nulls() {
    let server = TestServer::playing([json!([])]);
    send!(compute_client(&server); peek_batch_job([Some(3), None, Some(5)]));
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), request.path()),
        ("PATCH", "/batch_jobs/peek")
    );
    assert_eq!(request.json(), json!([3, null, 5]));
}

#[tokio::test]
async fn a_string_body_is_one_json_string() {
    let server = TestServer::playing([json!({})]);
    send!(kfp_client(&server); report_workflow("{\"kind\": \"Workflow\"}"));
    let request = server.only();
    assert_eq!(request.path(), "/apis/v2beta1/workflows");
    assert_eq!(request.json(), json!("{\"kind\": \"Workflow\"}"));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_64_bit_integer_is_sent_as_a_string_and_read_from_both() {
    for written in [json!("9007199254740993"), json!(9_007_199_254_740_993_i64)] {
        let server = TestServer::playing([json!({ "max_concurrency": written })]);
        let body = kfp_types::RecurringRun::builder()
            .max_concurrency(9_007_199_254_740_993)
            .trigger(
                kfp_types::Trigger::builder()
                    .periodic_schedule(kfp_types::PeriodicSchedule::builder().interval_second(60)),
            );
        let created = kfp_client(&server)
            .create_recurring_run(body)
            .send()
            .await
            .unwrap();
        assert_eq!(created.max_concurrency, Some(9_007_199_254_740_993));
        let expected = json!({
            "max_concurrency": "9007199254740993",
            "trigger": { "periodic_schedule": { "interval_second": "60" } },
        });
        assert_eq!(server.only().json(), expected);
    }
}

/// Returns the head and content of the only part of a form.
fn only_part(request: &Received) -> (String, Vec<u8>) {
    let content_type = request.header("content-type").unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let start = format!("--{boundary}\r\n");
    let end = format!("\r\n--{boundary}--\r\n");
    let part = request
        .body
        .strip_prefix(start.as_bytes())
        .unwrap()
        .strip_suffix(end.as_bytes())
        .unwrap();
    let head_ends = part
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    (
        String::from_utf8(part[..head_ends].to_vec()).unwrap(),
        part[head_ends + 4..].to_vec(),
    )
}

#[tokio::test]
async fn a_pipeline_is_uploaded_from_a_file_from_bytes_and_from_a_stream() {
    const PIPELINE: &[u8] = b"components: {}\n\xff";
    let path = std::env::temp_dir().join(format!("compute-kfp-upload-{}.yaml", std::process::id()));
    std::fs::write(&path, PIPELINE).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let contents = [
        (Content::file(&path), name),
        (
            Content::from(PIPELINE.to_vec()).named("bytes.yaml"),
            "bytes.yaml",
        ),
        (
            Content::stream(PIPELINE, Some(PIPELINE.len() as u64)).named("sized.yaml"),
            "sized.yaml",
        ),
        (
            Content::stream(PIPELINE, None).named("unsized.yaml"),
            "unsized.yaml",
        ),
    ];
    for (content, file_name) in contents {
        let server = TestServer::playing([json!({ "pipeline_id": "p" })]);
        let upload = kfp_client(&server)
            .upload_pipeline(content)
            .name("a & b")
            .tags(r#"{"team":"q"}"#)
            .send()
            .await;
        assert_eq!(upload.unwrap().pipeline_id.as_deref(), Some("p"));
        let request = server.only();
        assert_eq!(
            (request.method.as_str(), request.path()),
            ("POST", "/apis/v2beta1/pipelines/upload")
        );
        assert_eq!(
            request.query(),
            Some("name=a%20%26%20b&tags=%7B%22team%22%3A%22q%22%7D")
        );
        let (head, content) = only_part(&request);
        assert!(
            head.contains(&format!(
                "form-data; name=\"uploadfile\"; filename=\"{file_name}\""
            )),
            "{head}"
        );
        assert_eq!(content, PIPELINE);
    }
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_uploaded() {
    let server = TestServer::playing([json!({})]);
    let error = kfp_client(&server)
        .upload_pipeline_version(Content::file("no/such/file"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error.message().contains("no/such/file") && !error.was_sent(),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_path_parameter_stays_within_its_segment() {
    let sent_as = [
        ("plain", "plain"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("r:archive", "r%3Aarchive"),
        ("a b", "a%20b"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("?x#y&z=+", "%3Fx%23y%26z%3D%2B"),
        ("...", "..."),
        ("%2e%2e", "%252e%252e"),
        ("a/../b", "a%2F..%2Fb"),
        ("line\nbreak", "line%0Abreak"),
    ];
    for (value, segment) in sent_as {
        let server = TestServer::playing([json!({})]);
        let client = kfp_client(&server);
        send!(client; get_pipeline_by_name(value), update_artifact(value, kfp_types::UpdateArtifactBody::builder()),
            archive_run(value), get_metric(value, value));
        let paths: Vec<String> = server
            .requests()
            .into_iter()
            .map(|request| request.path().to_owned())
            .collect();
        let expected = [
            format!("/apis/v2beta1/pipelines/names/{segment}"),
            format!("/apis/v2beta1/artifacts/{segment}"),
            format!("/apis/v2beta1/runs/{segment}:archive"),
            format!("/apis/v2beta1/metrics/{segment}/{segment}"),
        ];
        assert_eq!(paths, expected);
    }
}

#[tokio::test]
async fn a_path_parameter_that_would_lead_elsewhere_is_refused_and_nothing_is_sent() {
    let server = TestServer::playing([json!({})]);
    let client = kfp_client(&server);
    for value in ["", ".", ".."] {
        let errors = [
            client.delete_run(value).send().await.unwrap_err(),
            client.get_metric("task", value).send().await.unwrap_err(),
            client.archive_experiment(value).send().await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{value:?}");
            assert!(!error.was_sent(), "{value:?}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_endpoint_may_have_a_path_of_its_own() {
    let server = TestServer::playing([json!({})]);
    let client = kfp::Client::builder(format!("{}/pipeline/", server.url()))
        .build()
        .unwrap();
    send!(client; get_run("r"));
    assert_eq!(server.only().path(), "/pipeline/apis/v2beta1/runs/r");
}

async fn failure(status: u16, body: &Value) -> Error {
    let server = TestServer::playing([Response::json(status, body)]);
    compute_client(&server)
        .read_backend_types()
        .send()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn an_undeclared_status_is_an_error_with_its_body() {
    let kinds = [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (418, ErrorKind::InvalidRequest),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Server),
        (503, ErrorKind::Server),
    ];
    for (status, kind) in kinds {
        let error = failure(status, &json!({ "detail": "so it is" })).await;
        assert_eq!((error.kind(), error.message()), (kind, "so it is"));
        assert_eq!(error.status().unwrap().as_u16(), status);
        let model: compute_types::HttpNotFoundError = error.body_as().unwrap();
        assert_eq!(model.detail, "so it is");
    }
}

#[tokio::test]
async fn both_shapes_of_a_422_can_be_read_as_its_model() {
    let text = json!({ "detail": "the batch job is finished" });
    let list = json!({ "detail": [
        { "loc": ["query", "size"], "msg": "too large", "type": "less_than_equal", "input": "101", "ctx": { "le": 100 } },
        { "loc": ["body", 0, "id"], "msg": "missing", "type": "missing", "input": null },
    ] });
    for (body, message) in [
        (text, "the batch job is finished"),
        (list, "query.size: too large; body.0.id: missing"),
    ] {
        let error = failure(422, &body).await;
        assert_eq!(error.message(), message);
        let model: compute_types::HttpValidationError = error.body_as().unwrap();
        assert_eq!(serde_json::to_value(model).unwrap(), body);
    }
}

#[tokio::test]
async fn an_operation_without_a_response_body_accepts_204() {
    let server = TestServer::playing([Response::empty(204)]);
    let deleted = compute_client(&server).delete_job(7).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), request.path()),
        ("DELETE", "/jobs/7")
    );
}

#[tokio::test]
async fn a_missing_response_body_is_a_protocol_error() {
    let server = TestServer::playing([Response::empty(204)]);
    let error = compute_client(&server)
        .read_job(7)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.status().unwrap(), 204);
}

fn job(status: &str) -> Value {
    json!({
        "id": 1, "created_on": "2025-01-07T09:00:00", "file_id": 2, "algorithm_type": "quantum", "status": status,
        "batch_job_id": 3, "queued_at": null, "number_of_shots": null, "raw_data_enabled": false,
        "session_id": "", "trace_id": "", "message": "", "added_later": { "a": 1 },
    })
}

#[tokio::test]
async fn an_unknown_value_of_an_enum_does_not_fail_the_page() {
    let page = json!({ "items": [job("completed"), job("hibernating")], "total": 2, "page": 1, "size": 50, "pages": 1 });
    let server = TestServer::playing([page.clone()]);
    let page = compute_client(&server).read_jobs().send().await.unwrap();
    assert_eq!(page.items[0].status, compute_types::JobStatus::Completed);
    assert_eq!(page.items[1].status, "hibernating");
    assert!(!page.items[1].status.is_known());
    assert_eq!(
        page.items[0].finished_at, None,
        "a required property that may be null may be absent too"
    );
}

/// The last arm is only reachable if the enum is non-exhaustive.
#[deny(unreachable_patterns)]
fn is_final(status: &compute_types::JobStatus) -> bool {
    use compute_types::JobStatus::{Cancelled, Completed, Failed, Planned, Running, Unknown};
    match status {
        Planned | Running | Unknown(_) => false,
        Completed | Cancelled | Failed => true,
        _ => false,
    }
}

#[test]
fn an_enum_accepts_values_of_later_versions() {
    assert!(is_final(&"failed".into()));
    assert!(!is_final(&"hibernating".into()));
}

#[tokio::test]
async fn an_unknown_value_of_an_enum_can_be_sent() {
    let server = TestServer::playing([json!({})]);
    send!(
        kfp_client(&server)
            .list_artifact_tasks()
            .type_("A_LATER_TYPE")
    );
    assert_eq!(server.only().query(), Some("type=A_LATER_TYPE"));
}

#[tokio::test]
async fn absent_and_null_lists_read_as_none() {
    for body in [json!({}), json!({ "runs": null, "next_page_token": null })] {
        let server = TestServer::playing([body.clone()]);
        let page = kfp_client(&server)
            .list_runs()
            .send()
            .await
            .unwrap()
            .into_inner();
        assert_eq!(page, kfp_types::ListRunsResponse::default());
    }
    let numbers = json!({ "total": 0, "page": 1, "size": 50, "pages": 0 });
    let mut with_null = numbers.clone();
    with_null["items"] = Value::Null;
    for body in [numbers, with_null] {
        let server = TestServer::playing([body.clone()]);
        let page = compute_client(&server).read_jobs().send().await.unwrap();
        assert_eq!(page.items, []);
    }
}

#[tokio::test]
async fn recurring_runs_are_read_from_their_camel_case_list() {
    let body = json!({ "recurringRuns": [{ "recurring_run_id": "rr" }], "total_size": 1 });
    let server = TestServer::playing([body.clone()]);
    let page = kfp_client(&server)
        .list_recurring_runs()
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        page.recurring_runs.as_ref().unwrap()[0]
            .recurring_run_id
            .as_deref(),
        Some("rr")
    );
    assert_eq!(serde_json::to_value(page).unwrap(), body);
}

#[tokio::test]
async fn a_time_that_was_never_set_is_distinguishable() {
    let body = json!({ "created_at": "2025-01-07T09:00:00.000000001Z", "finished_at": "1970-01-01T00:00:00Z" });
    let server = TestServer::playing([body.clone()]);
    let run = kfp_client(&server).get_run("r").send().await.unwrap();
    let (created, finished) = (run.created_at.unwrap(), run.finished_at.unwrap());
    assert_eq!((created.set(), finished.set()), (Some(created), None));
    assert_eq!(created.unix_nanos() % 1_000_000_000, 1);
}

#[tokio::test]
async fn free_form_values_are_kept_in_both_directions() {
    let spec = json!({ "root": { "dag": [1, 2.5, null, true, "ü"] }, "empty": {} });
    let parameters =
        json!({ "text": "a", "null": null, "list": [[]], "object": { "a": { "b": 1e-7 } } });
    let body = json!({
        "pipeline_spec": spec,
        "runtime_config": { "parameters": parameters },
        "error": { "code": 3, "details": [
            { "@type": "type.googleapis.com/google.rpc.Status", "code": 3, "message": "m", "nested": [{}] },
        ] },
    });
    let server = TestServer::playing([body.clone()]);
    let run = kfp_types::Run::builder()
        .pipeline_spec(object(spec))
        .runtime_config(kfp_types::RuntimeConfig::builder().parameters(object(parameters)));
    let created = kfp_client(&server)
        .create_run(run)
        .send()
        .await
        .unwrap()
        .into_inner();
    let sent = server.only().json();
    assert_eq!(sent["pipeline_spec"], body["pipeline_spec"]);
    assert_eq!(sent["runtime_config"], body["runtime_config"]);
    assert_eq!(serde_json::to_value(created).unwrap(), body);
}

#[tokio::test]
async fn health_reports_the_build_of_the_server() {
    let body = json!({ "multi_user": true, "commit_sha": "8f0c", "tag_name": "2.17.0" });
    let server = TestServer::playing([body.clone()]);
    let health = kfp_client(&server)
        .get_healthz()
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (health.commit_sha.as_deref(), health.tag_name.as_deref()),
        (Some("8f0c"), Some("2.17.0"))
    );
    assert_eq!(serde_json::to_value(health).unwrap(), body);
}

#[tokio::test]
async fn a_query_value_is_encoded_once_and_a_list_is_repeated() {
    let server = TestServer::playing([json!({})]);
    let client = kfp_client(&server);
    client
        .list_metrics()
        .task_ids(["a&b", "c d"])
        .namespace("n+1%")
        .page_size(0)
        .send()
        .await
        .unwrap();
    let query = "task_ids=a%26b&task_ids=c%20d&namespace=n%2B1%25&page_size=0";
    assert_eq!(server.only().query(), Some(query));
}

#[tokio::test]
async fn a_query_of_the_compute_api_has_numbers_and_booleans_as_words() {
    let server = TestServer::playing([json!({})]);
    send!(
        compute_client(&server)
            .read_backend_types()
            .is_hardware(true)
            .nqubits(-1)
            .sort_by("-name")
    );
    let query = "is_hardware=true&nqubits=-1&sort_by=-name";
    assert_eq!(server.only().query(), Some(query));
}

#[test]
fn a_double_that_is_not_a_number_does_not_fail_the_page() {
    let sent = json!({"artifacts": [
        {"name": "accuracy", "number_value": 0.98},
        {"name": "loss", "number_value": "NaN"},
        {"name": "ratio", "number_value": "-Infinity"},
    ]});
    let page: kfp_types::ListArtifactResponse = serde_json::from_value(sent.clone()).unwrap();
    let values: Vec<f64> = page
        .artifacts
        .iter()
        .flatten()
        .filter_map(|artifact| artifact.number_value)
        .collect();
    assert_eq!(values[0], 0.98);
    assert!(values[1].is_nan());
    assert_eq!(values[2], f64::NEG_INFINITY);
    assert_eq!(serde_json::to_value(&page).unwrap(), sent);
}

#[test]
fn error_details_of_any_type_do_not_fail_the_response() {
    let sent = json!({"error": {"code": 13, "details": [
        {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"pod": "train-0"}},
        {"@type": "type.googleapis.com/google.protobuf.Int32Value", "value": 5},
        {"type_url": "type.googleapis.com/x.Y", "value": "aGk="},
    ]}});
    let run: kfp_types::Run = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(serde_json::to_value(&run).unwrap(), sent);
}

#[test]
fn a_numeric_state_does_not_fail_the_page() {
    let page: kfp_types::ListRunsResponse =
        serde_json::from_value(json!({"runs": [{"state": 42}, {"state": "RUNNING"}]})).unwrap();
    let states: Vec<&str> = page
        .runs
        .iter()
        .flatten()
        .filter_map(|run| run.state.as_ref().map(|state| state.as_str()))
        .collect();
    assert_eq!(states, ["42", "RUNNING"]);
}
