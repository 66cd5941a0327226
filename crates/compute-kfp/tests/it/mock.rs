//! Typed mocks return the configured responses, and nothing else.

use compute::types as compute_types;
use compute_kfp::kfp::mock::MockServerExt as _;
use compute_kfp::kfp::mock::httpmock::MockServer;
use compute_kfp::{Content, ErrorKind, compute, kfp};
use kfp::types as kfp_types;

fn kfp_client(server: &MockServer) -> kfp::Client {
    kfp::Client::builder(server.base_url()).build().unwrap()
}

fn compute_client(server: &MockServer) -> compute::Client {
    let client = compute::Client::builder().endpoint(server.base_url());
    client.bearer_token("token").api_key("key").build().unwrap()
}

fn artifact(id: &str) -> kfp_types::Artifact {
    kfp_types::Artifact::builder().artifact_id(id).build()
}

#[tokio::test]
async fn the_mock_with_the_sent_parameters_responds() {
    let server = MockServer::start();
    let mocks: Vec<_> = ["a", "b/c:d"]
        .map(|id| {
            server.get_artifact(|when, then| {
                when.artifact_id(id);
                then.ok(&artifact(id));
            })
        })
        .into();
    let client = kfp_client(&server);
    for id in ["b/c:d", "a"] {
        let read = client.get_artifact(id).send().await.unwrap();
        assert_eq!(*read, artifact(id));
    }
    mocks.iter().for_each(|mock| mock.assert());
    let error = client.get_artifact("e").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_mock_matches_all_items_of_a_list_in_a_query() {
    let server = MockServer::start();
    let mock = server.list_artifact_tasks(|when, then| {
        let when = when.task_ids(["fit", "plot"]);
        when.type_(kfp_types::ArtifactTaskType::Output);
        then.ok(&kfp_types::ListArtifactTasksResponse::builder().build());
    });
    let client = kfp_client(&server);
    let both = client.list_artifact_tasks().task_ids(["fit", "plot"]);
    both.type_("OUTPUT").send().await.unwrap();
    let one = client.list_artifact_tasks().task_ids(["fit"]);
    one.type_("OUTPUT").send().await.unwrap_err();
    mock.assert();
}

#[tokio::test]
async fn a_mock_matches_the_body_that_is_sent() {
    let server = MockServer::start();
    let body = |name: &str| {
        let artifact = kfp_types::Artifact::builder().name(name);
        kfp_types::CreateArtifactRequest::builder().artifact(artifact)
    };
    let mock = server.create_artifact(|when, then| {
        when.body(&body("counts").build());
        then.ok(&artifact("a-1"));
    });
    let client = kfp_client(&server);
    let created = client.create_artifact(body("counts")).send().await.unwrap();
    assert_eq!(*created, artifact("a-1"));
    client
        .create_artifact(body("other"))
        .send()
        .await
        .unwrap_err();
    mock.assert();
}

#[tokio::test]
async fn a_mock_matches_the_content_of_an_upload() {
    let server = MockServer::start();
    let pipeline = kfp_types::Pipeline::builder().pipeline_id("p-1").build();
    let mock = server.upload_pipeline(|when, then| {
        when.uploadfile("components: {}").name("train");
        then.ok(&pipeline);
    });
    let client = kfp_client(&server);
    let upload = |text: &str| {
        client
            .upload_pipeline(Content::from(text.to_owned()))
            .name("train")
    };
    assert_eq!(*upload("components: {}").send().await.unwrap(), pipeline);
    upload("other").send().await.unwrap_err();
    mock.assert();
}

#[tokio::test]
async fn a_mock_of_an_operation_without_content_returns_the_status_of_the_spec() {
    use compute::mock::MockServerExt as _;

    let server = MockServer::start();
    let mock = server.delete_file(|when, then| {
        when.id(7)
            .into_inner()
            .header("authorization", "Bearer token");
        then.no_content();
    });
    let response = compute_client(&server).delete_file(7).send().await.unwrap();
    assert_eq!(response.status(), 204);
    mock.assert();
}

#[tokio::test]
async fn a_mock_without_expectations_matches_every_request_of_its_operation() {
    use compute::mock::MockServerExt as _;

    let server = MockServer::start();
    let missing = compute_types::HttpNotFoundError::builder().detail("no such job");
    let missing = missing.build().unwrap();
    let mock = server.read_job(|_, then| {
        then.not_found(&missing);
    });
    let client = compute_client(&server);
    for id in [1, 2] {
        let error = client.read_job(id).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.message(), "no such job");
    }
    mock.assert_calls(2);
}

#[tokio::test]
async fn the_mock_of_one_operation_does_not_match_the_path_of_another() {
    use compute::mock::MockServerExt as _;

    let server = MockServer::start();
    let any = server.read_backend(|_, then| {
        then.into_inner().status(500);
    });
    let own = server.read_backend_self(|_, then| {
        then.into_inner().status(404);
    });
    let client = compute_client(&server);
    let error = client.read_backend_self().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    own.assert();
    any.assert_calls(0);
}

#[tokio::test]
async fn a_mock_can_require_an_absent_parameter() {
    let server = MockServer::start();
    let first = server.list_runs(|when, then| {
        when.page_token(None).page_size(50);
        then.ok(&kfp_types::ListRunsResponse::builder().build());
    });
    let client = kfp_client(&server);
    let list = || client.list_runs().page_size(50);
    list().send().await.unwrap();
    list().page_token("next").send().await.unwrap_err();
    first.assert();
}

#[tokio::test]
async fn mocks_return_the_errors_and_values_of_both_apis() {
    let server = MockServer::start();
    let status = kfp_types::GoogleRpcStatus::builder()
        .code(5)
        .message("run r-2 not found")
        .build();
    server.get_run(|when, then| {
        when.run_id("r-2");
        then.client_error(404, &status);
    });
    let error = kfp_client(&server).get_run("r-2").send().await.unwrap_err();
    assert_eq!(error.to_string(), "get_run: 404: run r-2 not found");

    let language = compute_types::Language::builder().id(7).name("cQASM");
    let language = language.version("3.0").build().unwrap();
    let read = compute::mock::MockServerExt::read_language(&server, |when, then| {
        when.id(7);
        then.ok(&language);
    });
    let client = compute_client(&server);
    assert_eq!(*client.read_language(7).send().await.unwrap(), language);
    read.assert();
}
