//! The Metadata operations of the Compute API and the ArtifactService of KFP, on a real socket.

#![allow(
    deprecated,
    reason = "the public service no longer has the Metadata operations"
)]

use std::collections::BTreeSet;

use compute_kfp::operation::{Operation, SecurityScheme};
use compute_kfp::{Error, ErrorKind, compute, kfp};
use compute_kfp_sandbox::{BACKEND_ID, NAMESPACE, ReceivedRequest, Sandbox, SandboxBuilder};
use kfp::types::{
    Artifact, ArtifactArtifactType, ArtifactTask, ArtifactTaskType, CreateArtifactRequest,
    CreateArtifactTaskRequest, CreateArtifactTasksBulkRequest, CreateArtifactsBulkRequest,
    IoProducer, LogMetricRequest, Metric, UpdateArtifactBody,
};
use serde_json::{Map, Value, json};

/// A sandbox and a client of each API that holds every credential it could need.
struct World {
    sandbox: Sandbox,
    compute: compute::Client,
    kfp: kfp::Client,
}

impl World {
    async fn start(sandbox: SandboxBuilder) -> Self {
        let sandbox = sandbox.start().await.unwrap();
        let compute = compute::Client::builder()
            .endpoint(sandbox.url())
            .bearer_token(sandbox.compute_token())
            .api_key(sandbox.compute_api_key())
            .build()
            .unwrap();
        let kfp = kfp::Client::builder(sandbox.url())
            .bearer_token(sandbox.kfp_token())
            .build()
            .unwrap();
        Self {
            sandbox,
            compute,
            kfp,
        }
    }

    /// With a run that has the tasks `fit` and `plot`, and nothing else.
    async fn empty() -> Self {
        let at = "2025-01-01T00:00:00Z";
        let task = |name: &str| json!({ "task_id": name, "run_id": "r1", "name": name, "create_time": at });
        let seed = json!({ "kfp": {
            "runs": [{ "run_id": "r1", "display_name": "r", "created_at": at }],
            "tasks": [task("fit"), task("plot")],
        } });
        Self::start(Sandbox::builder().require_kfp_token().empty().seed(seed)).await
    }

    async fn seeded() -> Self {
        Self::start(Sandbox::builder().require_kfp_token()).await
    }

    fn last_request(&self) -> ReceivedRequest {
        self.sandbox.received().pop().unwrap()
    }

    async fn report_calibration(&self) -> compute::types::Metadata {
        let report = compute::types::MetadataIn::builder()
            .backend_id(BACKEND_ID)
            .data(calibration());
        self.compute
            .create_metadata_self(report)
            .send()
            .await
            .unwrap()
            .into_inner()
    }

    async fn create_artifact(&self, name: &str) -> Artifact {
        self.kfp
            .create_artifact(output(name))
            .send()
            .await
            .unwrap()
            .into_inner()
    }

    async fn log_metric(&self, name: &str, value: Value) -> Metric {
        let metric = Metric::builder().task_id("fit").name(name).value(value);
        self.kfp
            .log_metric(LogMetricRequest::builder().metric(metric))
            .send()
            .await
            .unwrap()
            .into_inner()
    }
}

fn calibration() -> Map<String, Value> {
    let figures = json!({ "qubits": [{ "id": 0, "t1_s": 4.1e-5 }], "note": null });
    figures.as_object().unwrap().clone()
}

/// An artifact as the output of the task `fit` of the run `r1`.
fn output(name: &str) -> CreateArtifactRequest {
    let artifact = Artifact::builder()
        .name(name)
        .type_(ArtifactArtifactType::Dataset)
        .namespace("team-q");
    CreateArtifactRequest::builder()
        .artifact(artifact)
        .run_id("r1")
        .task_id("fit")
        .producer_key(name)
        .build()
}

/// An artifact as the input of the task `plot` of the run `r1`.
fn input(artifact: &Artifact) -> ArtifactTask {
    ArtifactTask::builder()
        .artifact_id(id_of(artifact))
        .run_id("r1")
        .task_id("plot")
        .type_(ArtifactTaskType::TaskOutputInput)
        .producer(IoProducer::builder().task_name("fit"))
        .key("counts")
        .build()
}

fn id_of(artifact: &Artifact) -> &str {
    artifact.artifact_id.as_deref().unwrap()
}

fn founding_operations() -> impl Iterator<Item = &'static Operation> {
    let metadata = compute::operations::OPERATIONS
        .iter()
        .filter(|operation| operation.tags.contains(&"Metadata"));
    let artifacts = kfp::operations::OPERATIONS
        .iter()
        .filter(|operation| operation.tags.contains(&"ArtifactService"));
    metadata.chain(artifacts).copied()
}

/// What an `Authorization` header holds for a scheme.
fn credential(sandbox: &Sandbox, scheme: &SecurityScheme) -> String {
    if *scheme == compute::operations::SCHEME_USER_BEARER {
        format!("Bearer {}", sandbox.compute_token())
    } else if *scheme == compute::operations::SCHEME_BACKEND {
        sandbox.compute_api_key().to_owned()
    } else if *scheme == kfp::operations::SCHEME_BEARER {
        format!("Bearer {}", sandbox.kfp_token())
    } else {
        panic!("no credential for {scheme:?}")
    }
}

#[tokio::test]
async fn every_founding_operation_works_and_gets_its_own_credential_only() {
    let world = World::empty().await;

    let reported = world.report_calibration().await;
    world
        .compute
        .read_metadata(reported.id)
        .send()
        .await
        .unwrap();
    world
        .compute
        .read_metadata_by_backend_id(BACKEND_ID)
        .send()
        .await
        .unwrap();

    let artifact = world.create_artifact("counts").await;
    world
        .kfp
        .get_artifact(id_of(&artifact))
        .send()
        .await
        .unwrap();
    world
        .kfp
        .update_artifact(id_of(&artifact), UpdateArtifactBody::builder())
        .send()
        .await
        .unwrap();
    let outputs = CreateArtifactsBulkRequest::builder().artifacts([output("sweep")]);
    let sweep = world
        .kfp
        .batch_create_artifacts(outputs)
        .send()
        .await
        .unwrap();
    let sweep = &sweep.artifacts.as_ref().unwrap()[0];
    world.kfp.list_artifacts().send().await.unwrap();

    let link = CreateArtifactTaskRequest::builder().artifact_task(input(&artifact));
    world.kfp.create_artifact_task(link).send().await.unwrap();
    let links = CreateArtifactTasksBulkRequest::builder().artifact_tasks([input(sweep)]);
    world
        .kfp
        .batch_create_artifact_tasks(links)
        .send()
        .await
        .unwrap();
    world
        .kfp
        .list_artifact_tasks()
        .task_ids(["plot"])
        .send()
        .await
        .unwrap();

    world.log_metric("fidelity", json!(0.97)).await;
    world
        .kfp
        .get_metric("fit", "fidelity")
        .send()
        .await
        .unwrap();
    world.kfp.list_metrics().send().await.unwrap();

    let received = world.sandbox.received();
    let called: BTreeSet<&str> = received
        .iter()
        .filter_map(ReceivedRequest::operation_id)
        .collect();
    let wanted: BTreeSet<&str> = founding_operations()
        .map(|operation| operation.id)
        .collect();
    assert_eq!(called, wanted);
    for request in &received {
        let operation = founding_operations()
            .find(|known| Some(known.id) == request.operation_id())
            .unwrap();
        let declared = credential(&world.sandbox, operation.security[0][0]);
        let sent: Vec<_> = request
            .headers()
            .filter(|(name, _)| matches!(*name, "authorization" | "cookie"))
            .collect();
        assert_eq!(
            sent,
            [("authorization", declared.as_str())],
            "{}",
            operation.name
        );
    }
}

#[tokio::test]
async fn what_a_backend_reports_is_what_a_user_reads() {
    let world = World::empty().await;
    let reported = world.report_calibration().await;
    assert_eq!(
        world.last_request().json().unwrap(),
        json!({ "backend_id": BACKEND_ID, "data": calibration() })
    );
    assert_eq!(reported.backend_id, BACKEND_ID);
    assert_eq!(reported.data, calibration());

    let read = world
        .compute
        .read_metadata(reported.id)
        .send()
        .await
        .unwrap();
    assert_eq!(*read, reported);
    assert_eq!(
        read.created_on.to_string(),
        "2025-01-07T09:00:00Z",
        "a time without an offset is UTC"
    );
    let latest = world
        .compute
        .read_metadata_by_backend_id(BACKEND_ID)
        .latest(true)
        .send()
        .await
        .unwrap();
    assert_eq!(latest.items, [reported]);
    assert_eq!(world.last_request().query(), Some("latest=true"));
}

#[tokio::test]
async fn a_created_resource_says_so_by_its_status() {
    let world = World::empty().await;
    let report = compute::types::MetadataIn::builder().data(calibration());
    let created = world
        .compute
        .create_metadata_self(report)
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), 201);
    assert!(created.headers().contains_key("content-type"));
    assert_eq!(
        world.last_request().json().unwrap(),
        json!({ "data": calibration() })
    );
}

#[tokio::test]
async fn an_artifact_is_stored_with_the_link_to_the_task_that_made_it() {
    let world = World::empty().await;
    let created = world.create_artifact("counts").await;
    assert_eq!(
        world.last_request().json().unwrap(),
        json!({
            "artifact": { "name": "counts", "type": "Dataset", "namespace": "team-q" },
            "run_id": "r1", "task_id": "fit", "producer_key": "counts",
        })
    );
    let read = world
        .kfp
        .get_artifact(id_of(&created))
        .send()
        .await
        .unwrap();
    assert_eq!(*read, created);
    assert_eq!(read.type_, Some(ArtifactArtifactType::Dataset));
    assert_eq!(
        read.created_at,
        Some("2025-01-07T09:00:00Z".parse().unwrap())
    );

    let links = world
        .kfp
        .list_artifact_tasks()
        .task_ids(["fit"])
        .send()
        .await
        .unwrap()
        .into_inner();
    let links = links.artifact_tasks.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].artifact_id, created.artifact_id);
    assert_eq!(links[0].key.as_deref(), Some("counts"));
    assert_eq!(links[0].type_, Some(ArtifactTaskType::Output));
}

#[tokio::test]
async fn an_update_sends_and_replaces_only_what_was_set() {
    let world = World::empty().await;
    let created = world.create_artifact("counts").await;
    let changes = UpdateArtifactBody::builder()
        .description("checked")
        .number_value(0.0);
    let updated = world
        .kfp
        .update_artifact(id_of(&created), changes)
        .send()
        .await
        .unwrap()
        .into_inner();

    let request = world.last_request();
    assert_eq!(request.method(), "PUT");
    assert_eq!(
        request.json().unwrap(),
        json!({ "description": "checked", "number_value": 0.0 })
    );
    let mut expected = created;
    expected.description = Some("checked".to_owned());
    expected.number_value = Some(0.0);
    assert_eq!(updated, expected);
    assert_eq!(
        *world
            .kfp
            .get_artifact(id_of(&updated))
            .send()
            .await
            .unwrap(),
        updated
    );
}

#[tokio::test]
async fn several_artifacts_and_links_are_stored_in_the_order_sent() {
    let world = World::empty().await;
    let body = CreateArtifactsBulkRequest::builder().artifacts(["a", "b", "c"].map(output));
    let created = world
        .kfp
        .batch_create_artifacts(body)
        .send()
        .await
        .unwrap()
        .into_inner()
        .artifacts
        .unwrap();
    let names: Vec<_> = created
        .iter()
        .filter_map(|artifact| artifact.name.as_deref())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);

    let body = CreateArtifactTasksBulkRequest::builder().artifact_tasks(created.iter().map(input));
    let linked = world
        .kfp
        .batch_create_artifact_tasks(body)
        .send()
        .await
        .unwrap()
        .into_inner();
    let linked: Vec<_> = linked
        .artifact_tasks
        .unwrap()
        .into_iter()
        .map(|link| link.artifact_id)
        .collect();
    assert_eq!(
        linked,
        created
            .iter()
            .map(|artifact| artifact.artifact_id.clone())
            .collect::<Vec<_>>()
    );
    let found = world
        .kfp
        .list_artifact_tasks()
        .task_ids(["fit", "plot"])
        .type_(ArtifactTaskType::TaskOutputInput)
        .send()
        .await
        .unwrap();
    assert_eq!(found.total_size, Some(3));
    assert_eq!(
        world.last_request().query(),
        Some("task_ids=fit&task_ids=plot&type=TASK_OUTPUT_INPUT")
    );
}

#[tokio::test]
async fn a_metric_is_any_json_value_and_comes_back_as_it_was_sent() {
    let world = World::empty().await;
    let values = [
        json!(0.97),
        json!(0),
        json!("high"),
        json!(false),
        json!([1, [2]]),
        json!({ "rows": [[1, null]] }),
    ];
    for value in values {
        world.log_metric("readout", value.clone()).await;
        let sent = json!({ "metric": { "task_id": "fit", "name": "readout", "value": value } });
        assert_eq!(world.last_request().json().unwrap(), sent);
        let read = world.kfp.get_metric("fit", "readout").send().await.unwrap();
        assert_eq!(read.value.as_ref(), Some(&value));
    }
}

#[tokio::test]
async fn a_metric_is_found_whatever_signs_its_name_has() {
    let world = World::empty().await;
    for name in ["q0/t1", "50%", "a:b c", "größe", "a+b?c#d", "..."] {
        world.log_metric(name, json!(1)).await;
        let read = world.kfp.get_metric("fit", name).send().await.unwrap();
        assert_eq!(read.name.as_deref(), Some(name));
    }
}

#[tokio::test]
async fn a_list_without_conditions_sends_no_query_and_an_empty_one_reads_as_none() {
    let world = World::empty().await;
    let artifacts = world
        .kfp
        .list_artifacts()
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(artifacts, kfp::types::ListArtifactResponse::default());
    assert_eq!(world.last_request().query(), None);
    let metrics = world.kfp.list_metrics().send().await.unwrap().into_inner();
    assert_eq!(metrics, kfp::types::ListMetricsResponse::default());
    let metadata = world
        .compute
        .read_metadata_by_backend_id(BACKEND_ID)
        .send()
        .await
        .unwrap();
    assert_eq!(metadata.items, []);
    assert_eq!(world.last_request().query(), None);
}

/// Follows the tokens to the end.
async fn pages<T>(
    mut page_at: impl AsyncFnMut(Option<String>) -> (Option<Vec<T>>, Option<String>),
) -> Vec<Vec<T>> {
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let (items, next) = page_at(token).await;
        pages.push(items.unwrap_or_default());
        token = next.filter(|token| !token.is_empty());
        if token.is_none() {
            return pages;
        }
    }
}

fn sizes<T>(pages: &[Vec<T>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn pages_of_artifacts_hold_each_of_them_once() {
    let world = World::seeded().await;
    let pages = pages(async |token| {
        let request = world
            .kfp
            .list_artifacts()
            .namespace(NAMESPACE)
            .page_size(15)
            .sort_by("name desc");
        let request = match token {
            Some(token) => request.page_token(token),
            None => request,
        };
        let page = request.send().await.unwrap().into_inner();
        (page.artifacts, page.next_page_token)
    })
    .await;
    assert_eq!(sizes(&pages), [15, 15, 15, 13]);
    let artifacts: Vec<_> = pages.into_iter().flatten().collect();
    let ids: BTreeSet<_> = artifacts.iter().map(id_of).collect();
    assert_eq!(ids.len(), 58);
    assert!(artifacts.is_sorted_by(|one, other| one.name >= other.name));

    let received = world.sandbox.received();
    assert_eq!(
        received[0].query(),
        Some("namespace=quantum-calibration&page_size=15&sort_by=name%20desc")
    );
    for request in &received[1..] {
        assert_eq!(request.query_values("page_token").len(), 1);
        assert_eq!(request.query_value("sort_by").as_deref(), Some("name desc"));
    }
}

#[tokio::test]
async fn pages_of_metrics_and_of_the_links_of_a_run_end_without_a_token() {
    let world = World::seeded().await;
    let metrics = pages(async |token| {
        let request = world.kfp.list_metrics().page_size(10);
        let request = match token {
            Some(token) => request.page_token(token),
            None => request,
        };
        let page = request.send().await.unwrap().into_inner();
        (page.metrics, page.next_page_token)
    })
    .await;
    assert_eq!(sizes(&metrics), [10, 10, 4]);

    let task = metrics[0][0].task_id.clone().unwrap();
    let links = world
        .kfp
        .list_artifact_tasks()
        .task_ids([task])
        .send()
        .await
        .unwrap()
        .into_inner();
    let run = links.artifact_tasks.unwrap()[0].run_id.clone().unwrap();
    let links = pages(async |token| {
        let request = world.kfp.list_artifact_tasks().run_ids([&run]).page_size(3);
        let request = match token {
            Some(token) => request.page_token(token),
            None => request,
        };
        let page = request.send().await.unwrap().into_inner();
        (page.artifact_tasks, page.next_page_token)
    })
    .await;
    assert_eq!(sizes(&links), [3, 3, 2]);
    assert!(
        links
            .iter()
            .flatten()
            .all(|link| link.run_id.as_ref() == Some(&run))
    );
}

#[tokio::test]
async fn numbered_pages_of_metadata_hold_each_of_them_once() {
    let world = World::seeded().await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        let request = world
            .compute
            .read_metadata_by_backend_id(BACKEND_ID)
            .sort_by("-id")
            .size(4)
            .page(number);
        let page = request.send().await.unwrap();
        assert_eq!(
            (page.page, page.pages.into_option()),
            (Some(number), Some(2))
        );
        assert_eq!(page.total, Some(6));
        ids.extend(page.items.iter().map(|metadata| metadata.id));
    }
    assert_eq!(ids.len(), 6);
    assert!(ids.is_sorted_by(|one, other| one > other), "{ids:?}");
    assert_eq!(
        world.last_request().query(),
        Some("sort_by=-id&size=4&page=3")
    );
}

#[tokio::test]
async fn a_filter_reaches_the_server_as_it_was_written() {
    let world = World::seeded().await;
    let filter = json!({ "predicates": [
        { "operation": "EQUALS", "key": "name", "string_value": "readout-fidelity" },
        { "operation": "GREATER_THAN", "key": "created_at", "timestamp_value": "2025-01-03T00:00:00+02:00" },
    ] })
    .to_string();
    let page = world
        .kfp
        .list_artifacts()
        .filter(&filter)
        .send()
        .await
        .unwrap();
    // The server decodes it once more.
    let sent = world.last_request().query_value("filter").unwrap();
    assert_eq!(sent, filter.replace('+', "%2B"));
    assert!(page.total_size.unwrap() > 0);
    assert!(
        page.artifacts
            .iter()
            .flatten()
            .all(|artifact| artifact.name.as_deref() == Some("readout-fidelity"))
    );
}

#[track_caller]
fn assert_failed(error: &Error, kind: ErrorKind, text: &str) {
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (kind, text),
        "{error:?}"
    );
    assert!(error.was_sent());
}

#[tokio::test]
async fn an_unknown_credential_is_an_authentication_error() {
    let world = World::seeded().await;
    let compute = compute::Client::builder()
        .endpoint(world.sandbox.url())
        .bearer_token("old")
        .build()
        .unwrap();
    let error = compute.read_metadata(1).send().await.unwrap_err();
    assert_failed(
        &error,
        ErrorKind::Authentication,
        "read_metadata: 401: Not authenticated",
    );

    let anonymous = kfp::Client::builder(world.sandbox.url()).build().unwrap();
    let error = anonymous.list_artifacts().send().await.unwrap_err();
    let text = "list_artifacts: 401: the request has no valid bearer token and no identity header";
    assert_failed(&error, ErrorKind::Authentication, text);
    assert_eq!(world.last_request().header("authorization"), None);
}

#[tokio::test]
async fn a_credential_of_another_kind_is_not_sent() {
    let world = World::seeded().await;
    let url = world.sandbox.url();
    let user = compute::Client::builder()
        .endpoint(url)
        .bearer_token(world.sandbox.compute_token())
        .build()
        .unwrap();
    let report = compute::types::MetadataIn::builder().data(calibration());
    let backend = compute::Client::builder()
        .endpoint(url)
        .api_key(world.sandbox.compute_api_key())
        .build()
        .unwrap();
    let errors = [
        user.create_metadata_self(report).send().await.unwrap_err(),
        backend.read_metadata(1).send().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(!error.was_sent(), "{error}");
    }
    assert_eq!(world.sandbox.received().len(), 0);
}

#[tokio::test]
async fn a_refused_credential_is_a_permission_error() {
    let world = World::seeded().await;
    let users_token_as_key = format!("Bearer {}", world.sandbox.compute_token());
    let compute = compute::Client::builder()
        .endpoint(world.sandbox.url())
        .api_key(users_token_as_key)
        .build()
        .unwrap();
    let report = compute::types::MetadataIn::builder().data(calibration());
    let error = compute
        .create_metadata_self(report)
        .send()
        .await
        .unwrap_err();
    assert_failed(
        &error,
        ErrorKind::Permission,
        "create_metadata_self: 403: Not authorized",
    );
}

#[tokio::test]
async fn an_unknown_identifier_is_a_not_found_error() {
    let world = World::seeded().await;
    let error = world.compute.read_metadata(999).send().await.unwrap_err();
    assert_failed(
        &error,
        ErrorKind::NotFound,
        "read_metadata: 404: Metadata not found",
    );
    let error = world.kfp.get_artifact("a b").send().await.unwrap_err();
    assert_failed(
        &error,
        ErrorKind::NotFound,
        "get_artifact: 404: Artifact a b not found",
    );
    let status: kfp::types::GoogleRpcStatus = error.body_as().unwrap();
    assert_eq!(status.code, Some(5));
    assert_ne!(
        status.message.as_deref(),
        Some(error.message()),
        "the chain of causes is for those who run it"
    );
}

#[tokio::test]
async fn a_request_the_server_refuses_is_an_invalid_request() {
    let world = World::seeded().await;
    let error = world.kfp.list_artifact_tasks().send().await.unwrap_err();
    let text =
        "list_artifact_tasks: 400: at least one of task_ids, run_ids and artifact_ids is required";
    assert_failed(&error, ErrorKind::InvalidRequest, text);

    let report = compute::types::MetadataIn::builder()
        .backend_id(99)
        .data(calibration());
    let error = world
        .compute
        .create_metadata_self(report)
        .send()
        .await
        .unwrap_err();
    assert_failed(
        &error,
        ErrorKind::InvalidRequest,
        "create_metadata_self: 422: Backend 99 does not exist",
    );

    let error = world
        .compute
        .read_metadata_by_backend_id(BACKEND_ID)
        .page(0)
        .size(101)
        .send()
        .await
        .unwrap_err();
    let text = "read_metadata_by_backend_id: 422: query.page: Input should be greater than or equal to 1; \
                query.size: Input should be less than or equal to 100";
    assert_failed(&error, ErrorKind::InvalidRequest, text);
}

#[tokio::test]
async fn a_body_without_its_required_property_is_not_sent() {
    let world = World::empty().await;
    let incomplete = compute::types::MetadataIn::builder().backend_id(BACKEND_ID);
    let error = world
        .compute
        .create_metadata_self(incomplete)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error
            .message()
            .contains("`data` of `MetadataIn` is required"),
        "{error}"
    );
    assert!(!error.was_sent());
    assert_eq!(world.sandbox.received().len(), 0);
}
