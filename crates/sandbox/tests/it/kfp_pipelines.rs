//! KFP's experiments, pipelines and their versions.

use std::io::{Cursor, Write};
use std::time::Duration;

use crate::support::{Kfp, Response, encoded, send, spec, texts};
use compute_kfp_sandbox::Sandbox;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

const PACKAGE: &str = "\
pipelineInfo:
  name: calibrate
root:
  dag:
    tasks:
      fit:
        dependentTasks: [measure]
      measure: {}
schemaVersion: 2.1.0
";

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

fn person(body: &Value) -> &str {
    body["details"][0]["message"].as_str().unwrap()
}

/// Returns a multipart upload, built without a library to control its bytes.
fn multipart(
    kfp: &Kfp<'_>,
    path: &str,
    field: &str,
    file: &str,
    content: impl AsRef<[u8]>,
) -> reqwest::RequestBuilder {
    let head = format!(
        "--XX\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{file}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), content.as_ref(), b"\r\n--XX--\r\n"].concat();
    kfp.request(Method::POST, path)
        .header("content-type", "multipart/form-data; boundary=XX")
        .body(body)
}

async fn upload(kfp: &Kfp<'_>, query: &str, file: &str, content: impl AsRef<[u8]>) -> Response {
    send(multipart(
        kfp,
        &format!("/pipelines/upload{query}"),
        "uploadfile",
        file,
        content,
    ))
    .await
}

fn id(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_uploaded_file_becomes_a_pipeline_with_a_version_that_can_run() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let tags = encoded(r#"{"team":"vision"}"#);
    let query = format!("?name=cal&display_name=Calibrate&description=d&tags={tags}&namespace=n");
    let pipeline = upload(&kfp, &query, "p.yaml", PACKAGE).await.expect(200);
    let pipeline_id = id(&pipeline, "pipeline_id");
    assert_eq!(
        (
            &pipeline["name"],
            &pipeline["display_name"],
            &pipeline["tags"]
        ),
        (
            &json!("cal"),
            &json!("Calibrate"),
            &json!({ "team": "vision" })
        )
    );
    assert_eq!(
        kfp.get(&format!("/pipelines/{pipeline_id}"))
            .await
            .expect(200),
        pipeline
    );
    let by_name = kfp
        .get("/pipelines/names/cal?namespace=n")
        .await
        .expect(200);
    assert_eq!(by_name, pipeline);
    kfp.get("/pipelines/names/Calibrate").await.expect(404);

    let versions = kfp
        .get(&format!("/pipelines/{pipeline_id}/versions"))
        .await
        .expect(200);
    assert_eq!(versions["total_size"], 1);
    let version = &versions["pipeline_versions"][0];
    assert_eq!(
        version["pipeline_spec"]["pipelineInfo"]["name"],
        "calibrate"
    );
    let second = multipart(
        &kfp,
        &format!("/pipelines/upload_version?pipelineid={pipeline_id}&name=v2"),
        "uploadfile",
        "p.json",
        spec(&["only"]).to_string(),
    );
    let second = send(second).await.expect(200);

    for (reference, expected) in [
        (json!({ "pipeline_id": pipeline_id }), vec!["root", "only"]),
        (
            json!({ "pipeline_id": pipeline_id, "pipeline_version_id": version["pipeline_version_id"] }),
            vec!["root", "measure", "fit"],
        ),
    ] {
        let body = json!({ "display_name": "r", "pipeline_version_reference": reference });
        let run = kfp.post("/runs", body).await.expect(200);
        sandbox.advance(Duration::from_secs(60));
        let path = format!("/runs/{}?view=FULL", id(&run, "run_id"));
        let ended = kfp.get(&path).await.expect(200);
        assert_eq!(ended["state"], "SUCCEEDED");
        assert_eq!(texts(&ended["tasks"], "name"), expected);
    }
    assert_eq!(second["display_name"], "v2");
}

#[tokio::test]
async fn the_name_of_an_upload_defaults_to_that_of_its_file() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let named = upload(&kfp, "", "pipeline.yml", PACKAGE).await.expect(200);
    assert_eq!(
        (&named["name"], &named["display_name"]),
        (&json!("pipeline.yml"), &json!("pipeline.yml"))
    );
    let shown = upload(&kfp, "?display_name=Shown", "pipeline.yml", PACKAGE)
        .await
        .expect(200);
    assert_eq!(shown["name"], "Shown");
}

#[tokio::test]
async fn an_invalid_upload_is_rejected_in_the_format_of_its_endpoint() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    upload(&kfp, "?name=taken", "p.yaml", PACKAGE)
        .await
        .expect(200);
    for (query, file, content, status) in [
        ("?name=a", "p.yaml", "root: {}", 400),
        ("?name=a", "p.yaml", "a: [", 400),
        ("?name=a", "p.json", PACKAGE, 400),
        ("?name=a", "p.txt", PACKAGE, 400),
        ("?name=a&tags=1", "p.yaml", PACKAGE, 400),
        ("?name=taken", "p.yaml", PACKAGE, 409),
    ] {
        let body = upload(&kfp, query, file, content).await.expect(status);
        assert!(
            body["error_message"].is_string() && body["error_details"].is_string(),
            "{body}"
        );
        assert!(body.get("code").is_none());
    }
    let no_file = multipart(&kfp, "/pipelines/upload", "other", "p.yaml", PACKAGE);
    send(no_file).await.expect(400);
    for pipeline in ["", "?pipelineid=x"] {
        let path = format!("/pipelines/upload_version{pipeline}");
        send(multipart(&kfp, &path, "uploadfile", "p.yaml", PACKAGE))
            .await
            .expect(400);
    }
    let unnamed = multipart(&kfp, "/pipelines/upload", "uploadfile", "", PACKAGE);
    let answer = unnamed.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(kfp.get("/pipelines").await.expect(200)["total_size"], 1);
}

fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_pipeline_may_come_in_an_archive() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let package = PACKAGE.as_bytes();
    let alone = [("compiled.yaml", package)];
    let several = [
        ("a.yaml", &b"not: it"[..]),
        ("pipeline.yaml", package),
        ("z.txt", b"?"),
    ];
    for (name, file, content) in [
        ("a", "p.tar.gz", tar_gz(&alone)),
        ("b", "p.tar.gz", tar_gz(&several)),
        ("c", "p.zip", zipped(&alone)),
        ("d", "p.zip", zipped(&several)),
    ] {
        let pipeline = upload(&kfp, &format!("?name={name}"), file, content).await;
        let path = format!(
            "/pipelines/{}/versions",
            id(&pipeline.expect(200), "pipeline_id")
        );
        let versions = kfp.get(&path).await.expect(200);
        let spec = &versions["pipeline_versions"][0]["pipeline_spec"];
        assert_eq!(spec["pipelineInfo"]["name"], "calibrate", "{name}");
    }
    let zeros = vec![b' '; 40 * 1024 * 1024];
    let bomb = [("pipeline.yaml", zeros.as_slice())];
    for (file, content) in [
        ("p.zip", zipped(&[("readme.txt", b"?")])),
        ("p.tar.gz", tar_gz(&[("readme.txt", b"?")])),
        ("p.zip", package.to_vec()),
        ("p.tar.gz", package.to_vec()),
        ("p.tar.gz", tar_gz(&bomb)),
        ("p.zip", zipped(&bomb)),
    ] {
        let refused = upload(&kfp, "?name=e", file, content).await.expect(400);
        assert!(refused["error_message"].is_string());
    }
}

#[tokio::test]
async fn an_upload_may_be_larger_than_a_message() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let large = format!("{PACKAGE}\n#{}\n", "x".repeat(6 * 1024 * 1024));
    upload(&kfp, "?name=large", "p.yaml", large)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_pipeline_with_versions_is_deleted_only_with_them() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let pipeline = upload(&kfp, "?name=p", "p.yaml", PACKAGE).await.expect(200);
    let path = format!("/pipelines/{}", id(&pipeline, "pipeline_id"));
    let versions = kfp.get(&format!("{path}/versions")).await.expect(200);
    let version = format!(
        "{path}/versions/{}",
        id(&versions["pipeline_versions"][0], "pipeline_version_id")
    );
    assert_eq!(
        kfp.get(&version).await.expect(200),
        versions["pipeline_versions"][0]
    );
    assert_eq!(kfp.delete(&path).await.expect(400)["code"], 3);
    kfp.delete(&format!("{path}?cascade=true"))
        .await
        .expect(200);
    for gone in [&path, &version] {
        kfp.get(gone).await.expect(404);
    }
    kfp.get(&format!("{path}/versions")).await.expect(404);
}

#[tokio::test]
async fn pipelines_and_versions_are_created_from_names_and_urls() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let pipeline = kfp
        .post("/pipelines", json!({ "display_name": "p" }))
        .await
        .expect(200);
    assert_eq!(pipeline["name"], "p");
    let taken = kfp
        .post("/pipelines", json!({ "name": "p" }))
        .await
        .expect(409);
    assert_eq!(
        (&taken["code"], person(&taken).contains("is taken")),
        (&json!(6), true)
    );
    kfp.post("/pipelines", json!({ "name": "p", "namespace": "n" }))
        .await
        .expect(409);
    kfp.post("/pipelines", json!({})).await.expect(400);

    let pipeline_id = id(&pipeline, "pipeline_id");
    let path = format!("/pipelines/{pipeline_id}/versions");
    let url = json!({ "pipeline_url": "https://example.com/p.yaml" });
    let body = json!({ "pipeline_id": pipeline_id, "name": "v1", "package_url": url });
    let version = kfp.post(&path, body.clone()).await.expect(200);
    assert_eq!(version["package_url"], url);
    kfp.post(&path, body).await.expect(409);
    for body in [
        json!({ "name": "v2", "package_url": url }),
        json!({ "pipeline_id": pipeline_id, "name": "v2" }),
        json!({ "pipeline_id": pipeline_id, "package_url": url }),
    ] {
        kfp.post(&path, body).await.expect(400);
    }
    let both = json!({ "pipeline": { "name": "q" }, "pipeline_version": { "package_url": url } });
    let both = kfp.post("/pipelines/create", both).await.expect(200);
    let versions = kfp
        .get(&format!("/pipelines/{}/versions", id(&both, "pipeline_id")))
        .await
        .expect(200);
    assert_eq!(texts(&versions["pipeline_versions"], "name"), ["q"]);
}

#[tokio::test]
async fn an_empty_map_clears_the_tags_and_an_absent_map_keeps_them() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    let body = json!({ "name": "p", "tags": { "a": "1" }, "description": "d" });
    let pipeline = kfp.post("/pipelines", body).await.expect(200);
    let path = format!("/pipelines/{}", id(&pipeline, "pipeline_id"));
    let kept = kfp
        .patch(&path, json!({ "display_name": "P" }))
        .await
        .expect(200);
    assert_eq!(
        (&kept["tags"], &kept["display_name"], &kept["name"]),
        (&json!({ "a": "1" }), &json!("P"), &json!("p"))
    );
    let cleared = kfp.patch(&path, json!({ "tags": {} })).await.expect(200);
    assert!(cleared.get("tags").is_none());
    assert_eq!(kfp.get(&path).await.expect(200), cleared);
}

#[tokio::test]
async fn a_tag_filter_supports_only_equals_and_is_not_in_the_token() {
    let sandbox = sandbox().await;
    let kfp = Kfp(&sandbox);
    for (name, team) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y")] {
        let body = json!({ "name": name, "tags": { "team": team } });
        kfp.post("/pipelines", body).await.expect(200);
    }
    let filter = |operation: &str| {
        let predicate = json!({ "operation": operation, "key": "tags.team", "string_value": "x" });
        json!({ "predicates": [predicate] }).to_string()
    };
    let equals = filter("EQUALS");
    let first = kfp
        .query("/pipelines", &[("page_size", "1"), ("filter", &equals)])
        .await
        .expect(200);
    assert_eq!(texts(&first["pipelines"], "name"), ["a"]);
    let token = id(&first, "next_page_token");
    let resent = [("page_token", token.as_str()), ("filter", &equals)];
    let rest = kfp.query("/pipelines", &resent).await.expect(200);
    assert_eq!(texts(&rest["pipelines"], "name"), ["c"]);
    let forgotten = kfp
        .query("/pipelines", &[("page_token", token.as_str())])
        .await
        .expect(200);
    assert_eq!(texts(&forgotten["pipelines"], "name"), ["b", "c", "d"]);
    kfp.query("/pipelines", &[("filter", &filter("NOT_EQUALS"))])
        .await
        .expect(400);
    kfp.query("/experiments", &[("filter", &equals)])
        .await
        .expect(400);
}

#[tokio::test]
async fn an_experiments_name_is_unique_within_its_namespace() {
    let sandbox = Sandbox::builder().empty().multi_user();
    let sandbox = sandbox.start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let body = json!({ "display_name": "e", "namespace": "n", "storage_state": "ARCHIVED" });
    let experiment = kfp.post("/experiments", body.clone()).await.expect(200);
    assert_eq!(experiment["storage_state"], "AVAILABLE");
    assert!(experiment.get("description").is_none());
    let taken = kfp.post("/experiments", body).await.expect(409);
    assert_eq!(taken["code"], 6);
    assert_eq!(taken["details"][0]["code"], 6);
    let elsewhere = json!({ "display_name": "e", "namespace": "m" });
    kfp.post("/experiments", elsewhere).await.expect(200);
    let nameless = json!({ "namespace": "n" });
    kfp.post("/experiments", nameless).await.expect(500);
    let long = json!({ "display_name": "e".repeat(129), "namespace": "n" });
    kfp.post("/experiments", long).await.expect(500);

    let path = format!("/experiments/{}", id(&experiment, "experiment_id"));
    kfp.post(&format!("{path}:archive"), json!({}))
        .await
        .expect(200);
    let run = json!({
        "display_name": "r", "pipeline_spec": spec(&[]), "experiment_id": experiment["experiment_id"],
    });
    let run = kfp.post("/runs", run).await.expect(200);
    let run = format!("/runs/{}", id(&run, "run_id"));
    kfp.post(&format!("{run}:archive"), json!({}))
        .await
        .expect(200);
    let restored = kfp.post(&format!("{run}:unarchive"), json!({})).await;
    assert_eq!(restored.expect(400)["code"], 9);
    let filter = json!({ "predicates": [
        { "operation": "EQUALS", "key": "storage_state", "string_value": "ARCHIVED" },
    ] });
    let page = kfp
        .query(
            "/experiments",
            &[("namespace", "n"), ("filter", &filter.to_string())],
        )
        .await
        .expect(200);
    assert_eq!(page["total_size"], 1);
    kfp.delete(&path).await.expect(200);
    assert_eq!(
        person(&kfp.get(&path).await.expect(404)),
        format!("Experiment {} not found", id(&experiment, "experiment_id"))
    );
}

#[tokio::test]
async fn short_pages_lose_nothing_and_indicate_that_more_follows() {
    let sandbox = Sandbox::builder()
        .empty()
        .short_pages(true)
        .start()
        .await
        .unwrap();
    let kfp = Kfp(&sandbox);
    for number in 0..23 {
        kfp.post(
            "/experiments",
            json!({ "display_name": format!("e{number:02}") }),
        )
        .await
        .expect(200);
    }
    let mut lengths = Vec::new();
    let mut names = Vec::new();
    let mut tokens = vec![String::new()];
    loop {
        let token = tokens.last().unwrap();
        let page = kfp
            .query(
                "/experiments",
                &[
                    ("page_size", "8"),
                    ("page_token", token),
                    ("sort_by", "name desc"),
                ],
            )
            .await
            .expect(200);
        let on_page = page
            .get("experiments")
            .map_or_else(Vec::new, |list| texts(list, "display_name"));
        lengths.push(on_page.len());
        names.extend(on_page);
        let Some(next) = page["next_page_token"].as_str() else {
            break;
        };
        assert!(!tokens.contains(&next.to_owned()), "a token came twice");
        tokens.push(next.to_owned());
    }
    assert_eq!(names.pop().as_deref(), Some("Default"));
    names.reverse();
    let created: Vec<String> = (0..23).map(|number| format!("e{number:02}")).collect();
    assert_eq!(names, created);
    assert_eq!(lengths, [4, 0, 8, 0, 4, 0, 8]);
}
