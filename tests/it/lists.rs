//! Lists of both APIs over all pages, with the sandbox.

use compute_kfp::kfp;
use compute_kfp::paging::ResumePoint;
use compute_kfp_sandbox::{NAMESPACE, Sandbox};
use kfp::types::{Artifact, CreateArtifactRequest};
use serde_json::json;

async fn with_artifacts(count: usize) -> (Sandbox, kfp::Client) {
    let seed = json!({ "kfp": {
        "runs": [{ "run_id": "r", "display_name": "r" }],
        "tasks": [{ "task_id": "t", "run_id": "r" }],
    } });
    let sandbox = Sandbox::builder().empty().seed(seed);
    let sandbox = sandbox.start().await.unwrap();
    let client = kfp::Client::builder(sandbox.url())
        .bearer_token(sandbox.kfp_token())
        .build()
        .unwrap();
    for number in 0..count {
        let artifact = Artifact::builder()
            .name(format!("artifact {number}"))
            .type_("Dataset")
            .namespace(NAMESPACE);
        let body = CreateArtifactRequest::builder().artifact(artifact);
        let body = body.run_id("r").task_id("t").producer_key("k");
        client.create_artifact(body).send().await.unwrap();
    }
    (sandbox, client)
}

fn names(artifacts: Vec<Artifact>) -> Vec<String> {
    artifacts
        .into_iter()
        .filter_map(|artifact| artifact.name)
        .collect()
}

#[tokio::test]
async fn items_of_all_pages_are_returned_once_with_the_given_parameters() {
    let (sandbox, client) = with_artifacts(7).await;
    let list = || client.list_artifacts().namespace(NAMESPACE).page_size(3);
    let artifacts = list().items().collect().await.unwrap();
    let mut given = names(artifacts);
    given.sort();
    let expected: Vec<_> = (0..7).map(|number| format!("artifact {number}")).collect();
    assert_eq!(given, expected);

    let lists: Vec<_> = sandbox
        .received()
        .into_iter()
        .filter(|request| request.method() == "GET")
        .collect();
    assert_eq!(lists.len(), 3);
    for request in lists {
        assert_eq!(request.query_value("namespace").as_deref(), Some(NAMESPACE));
        assert_eq!(request.query_value("page_size").as_deref(), Some("3"));
    }
}

#[tokio::test]
async fn a_list_resumes_where_another_stopped() {
    let (_sandbox, client) = with_artifacts(7).await;
    let list = || client.list_artifacts().namespace(NAMESPACE).page_size(3);
    let whole = names(list().items().collect().await.unwrap());
    let mut first = list().items();
    let mut given = Vec::new();
    for _ in 0..4 {
        given.push(first.next().await.unwrap().unwrap());
    }
    let kept = serde_json::to_string(first.resume_point().unwrap()).unwrap();
    let point: ResumePoint = serde_json::from_str(&kept).unwrap();
    given.extend(list().resume(point).items().collect().await.unwrap());
    assert_eq!(names(given), whole);
}
