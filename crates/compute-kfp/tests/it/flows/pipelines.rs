use compute_kfp::ErrorKind;
use compute_kfp::kfp::{Filter, Sort};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

use super::server::Clients as _;
use compute_kfp_test_server::{Received, Response, TestServer};

const PACKAGE: &str = "pipelineInfo:\n  name: train\n";

/// A server that has the pipeline `train` and the experiment `nightly`.
async fn server() -> TestServer {
    TestServer::start(|request| {
        let path = request.path().strip_prefix("/apis/v2beta1").unwrap();
        let wanted = request.parameter("filter").map(|filter| {
            let filter: Value = serde_json::from_str(&filter).unwrap();
            filter["predicates"][0]["string_value"].clone()
        });
        match (&*request.method, path) {
            ("GET", "/pipelines/names/train") => {
                json!({"pipeline_id": "p1", "name": "train"}).into()
            }
            ("GET", "/pipelines/names/new") => {
                Response::json(404, json!({"code": 5, "message": "no such pipeline"}))
            }
            ("POST", "/pipelines/upload") => json!({"pipeline_id": "p2", "name": "new"}).into(),
            ("POST", "/pipelines/upload_version")
                if request.parameter("name").as_deref() == Some("bad") =>
            {
                Response::json(
                    400,
                    json!({"error_message": "no pipeline", "error_details": ""}),
                )
            }
            ("POST", "/pipelines/upload_version") => {
                json!({"pipeline_id": "p1", "pipeline_version_id": "v3"}).into()
            }
            ("GET", "/pipelines/p1/versions") if wanted.as_ref().unwrap() == "v2" => {
                json!({"pipeline_versions": [{"pipeline_version_id": "id-of-v2"}]}).into()
            }
            ("GET", "/experiments") if wanted.as_ref().unwrap() == "nightly" => {
                json!({"experiments": [{"experiment_id": "e1"}]}).into()
            }
            ("GET", "/pipelines/p2/versions") => {
                json!({"pipeline_versions": [{"pipeline_version_id": "v1"}]}).into()
            }
            ("POST", "/pipelines") => json!({"pipeline_id": "p3", "name": "new"}).into(),
            ("DELETE", "/pipelines/p3") => json!({}).into(),
            ("GET", "/experiments" | "/pipelines/p1/versions") => json!({}).into(),
            ("POST", "/experiments") => json!({"experiment_id": "e2"}).into(),
            ("POST", "/runs") => {
                let mut run = request.json();
                run["run_id"] = "r1".into();
                run.into()
            }
            other => panic!("{other:?}"),
        }
    })
}

fn lines(server: &TestServer) -> Vec<String> {
    let requests = server.requests();
    let lines = requests.iter().map(Received::line);
    lines
        .map(|line| line.replace("/apis/v2beta1", ""))
        .collect()
}

#[tokio::test]
async fn a_new_name_is_a_new_pipeline() {
    let server = server().await;
    let kfp = server.kfp();
    let upload = kfp.upload_pipeline_named("new", PACKAGE.to_owned());
    let upload = upload.description("what it does").namespace("team-a");
    let uploaded = upload.send().await.unwrap();
    assert_eq!(uploaded.pipeline.pipeline_id.as_deref(), Some("p2"));
    let version = uploaded.version.pipeline_version_id;
    assert_eq!(version.as_deref(), Some("v1"));
    assert_eq!(
        lines(&server),
        [
            "GET /pipelines/names/new",
            "POST /pipelines/upload",
            "GET /pipelines/p2/versions"
        ]
    );
    let [looked_up, upload, _] = server.requests().try_into().unwrap();
    assert_eq!(looked_up.parameter("namespace").as_deref(), Some("team-a"));
    assert_eq!(upload.parameter("name").as_deref(), Some("new"));
    assert_eq!(upload.parameter("namespace").as_deref(), Some("team-a"));
    assert_eq!(
        upload.parameter("description").as_deref(),
        Some("what it does")
    );
    assert!(upload.text().contains(PACKAGE));
    // The server derives the format from the ending.
    assert!(upload.text().contains("filename=\"new.yaml\""));
}

#[tokio::test]
async fn the_first_version_of_a_new_pipeline_can_have_a_name() {
    let server = server().await;
    let kfp = server.kfp();
    let upload = kfp.upload_pipeline_named("new", PACKAGE.to_owned());
    let upload = upload.namespace("team-a").version_name("v3");
    let uploaded = upload.send().await.unwrap();
    assert_eq!(uploaded.pipeline.pipeline_id.as_deref(), Some("p3"));
    let version = uploaded.version.pipeline_version_id;
    assert_eq!(version.as_deref(), Some("v3"));
    let [_, created, version] = server.requests().try_into().unwrap();
    assert_eq!(
        created.json(),
        json!({"name": "new", "display_name": "new", "namespace": "team-a"})
    );
    assert_eq!(version.parameter("pipelineid").as_deref(), Some("p3"));
    assert_eq!(version.parameter("name").as_deref(), Some("v3"));
}

#[tokio::test]
async fn a_new_pipeline_whose_version_is_refused_is_deleted_again() {
    let server = server().await;
    let kfp = server.kfp();
    let upload = kfp.upload_pipeline_named("new", PACKAGE.to_owned());
    let error = upload.version_name("bad").send().await.unwrap_err();
    assert_eq!(
        error.message(),
        "no pipeline; the new pipeline was deleted again"
    );
    assert_eq!(lines(&server).last().unwrap(), "DELETE /pipelines/p3");
}

#[tokio::test]
async fn a_known_name_is_a_new_version() {
    let server = server().await;
    let kfp = server.kfp();
    let upload = kfp.upload_pipeline_named("train", PACKAGE.to_owned());
    let uploaded = upload.version_name("v3").send().await.unwrap();
    assert_eq!(uploaded.pipeline.pipeline_id.as_deref(), Some("p1"));
    let version = uploaded.version.pipeline_version_id;
    assert_eq!(version.as_deref(), Some("v3"));
    let [_, upload] = server.requests().try_into().unwrap();
    assert_eq!(upload.path(), "/apis/v2beta1/pipelines/upload_version");
    assert_eq!(upload.parameter("pipelineid").as_deref(), Some("p1"));
    assert_eq!(upload.parameter("name").as_deref(), Some("v3"));
    assert!(upload.text().contains(PACKAGE));
}

#[tokio::test]
async fn a_pipeline_runs_by_its_name() {
    let server = server().await;
    let run = server
        .kfp()
        .run_pipeline("train")
        .display_name("try")
        .send()
        .await;
    assert_eq!(run.unwrap().run_id.as_deref(), Some("r1"));
    let requests = server.requests();
    assert_eq!(lines(&server), ["GET /pipelines/names/train", "POST /runs"]);
    assert_eq!(
        requests[1].json(),
        json!({"display_name": "try", "pipeline_version_reference": {"pipeline_id": "p1"}})
    );
}

#[tokio::test]
async fn a_run_has_parameters_and_uses_an_existing_experiment() {
    let server = server().await;
    let kfp = server.kfp();
    let run = kfp
        .run_pipeline("train")
        .version_name("v2")
        .experiment("nightly");
    let run = run.parameter("epochs", 20).parameter("tags", json!(["a"]));
    run.display_name("try").send().await.unwrap();
    let requests = server.requests();
    assert_eq!(
        requests.last().unwrap().json(),
        json!({
            "display_name": "try", "experiment_id": "e1",
            "pipeline_version_reference": {"pipeline_id": "p1", "pipeline_version_id": "id-of-v2"},
            "runtime_config": {"parameters": {"epochs": 20, "tags": ["a"]}},
        })
    );
}

#[tokio::test]
async fn a_missing_experiment_is_created() {
    let server = server().await;
    let kfp = server.kfp();
    let run = kfp
        .run_pipeline("train")
        .experiment("50% + more")
        .namespace("team-a");
    let run = run.send().await.unwrap();
    assert_eq!(run.experiment_id.as_deref(), Some("e2"));
    assert!(run.display_name.unwrap().starts_with("train 2"));
    let requests = server.requests();
    let created = requests
        .iter()
        .find(|r| r.line().starts_with("POST") && r.path().ends_with("/experiments"));
    assert_eq!(
        created.unwrap().json(),
        json!({"display_name": "50% + more", "namespace": "team-a"})
    );
}

#[tokio::test]
async fn a_package_is_uploaded_and_its_version_run() {
    let server = server().await;
    let kfp = server.kfp();
    let run = kfp.run_pipeline("train").package(PACKAGE.to_owned());
    let run = run.send().await.unwrap();
    let source = run.pipeline_version_reference.unwrap();
    assert_eq!(source.pipeline_version_id.as_deref(), Some("v3"));
    let expected = [
        "GET /pipelines/names/train",
        "POST /pipelines/upload_version",
        "POST /runs",
    ];
    assert_eq!(lines(&server), expected);
}

#[tokio::test]
async fn missing_pipelines_and_versions_are_not_found() {
    let server = server().await;
    let kfp = server.kfp();
    let error = kfp.run_pipeline("new").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = kfp.run_pipeline("train").version_name("v9").send().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("`v9`"), "{error}");
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

/// The server decodes filters as KFP does.
#[tokio::test]
async fn any_name_can_be_filtered_by() {
    let sandbox = Sandbox::builder().kfp_token("t").start().await.unwrap();
    let kfp = compute_kfp::kfp::Client::builder(sandbox.url());
    let kfp = kfp.bearer_token("t").build().unwrap();
    let names = [
        "a+b",
        "a b",
        "100%",
        "%2B",
        "+",
        "\"quoted\\\"",
        "é😀",
        "a&b=c#d",
    ];
    for name in names {
        let experiment = compute_kfp::kfp::types::Experiment::builder();
        let experiment = experiment.display_name(name);
        kfp.create_experiment(experiment).send().await.unwrap();
    }
    let found = async |filter: Filter| {
        let list = kfp.list_experiments().filter(filter);
        let page = list
            .sort_by(Sort::descending("name"))
            .page_size(200)
            .send()
            .await;
        let found = page.unwrap().into_inner().experiments.into_iter().flatten();
        found
            .map(|experiment| experiment.display_name.unwrap())
            .collect::<Vec<_>>()
    };
    for name in names {
        assert_eq!(found(Filter::eq("name", name)).await, [name]);
    }
    let mut sorted = names;
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(found(Filter::in_("name", names)).await, sorted);
    let both = Filter::contains("name", "+").and(Filter::not_eq("name", "+"));
    assert_eq!(found(both).await, ["a+b"]);
}

#[test]
fn every_list_says_what_its_token_holds() {
    use compute_kfp::operation::{InPageToken, Paging};
    let lists = compute_kfp::kfp::operations::OPERATIONS.iter();
    let lists = lists.filter(|it| matches!(it.paging, Some(Paging::Token { .. })));
    let mut count = 0;
    for list in lists {
        let order = list.parameter("sort_by").or(list.parameter("order_by"));
        assert_eq!(order.unwrap().in_page_token, InPageToken::Whole);
        let filter = list.parameter("filter").unwrap();
        let held = InPageToken::PredicatesExcept("tags.");
        assert_eq!((filter.in_page_token, filter.decoded_twice), (held, true));
        let token = list.parameter("page_token").unwrap();
        assert!(token.description.contains("Leave out `"), "{}", list.name);
        count += 1;
    }
    assert_eq!(count, 9);
}
