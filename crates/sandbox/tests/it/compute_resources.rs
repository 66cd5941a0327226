//! Compute's resources: create, read, list, change, delete.

use crate::support::{Compute, plain, send, texts};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use compute_kfp_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

async fn sandbox() -> Sandbox {
    Sandbox::builder().empty().start().await.unwrap()
}

async fn project(compute: &Compute<'_>, name: &str) -> Value {
    let body = json!({ "owner_id": 1, "name": name, "description": format!("About {name}") });
    compute.post("/projects", body).await.expect(201)
}

async fn names(compute: &Compute<'_>, query: &str) -> Vec<String> {
    let page = compute.get(&format!("/projects?{query}")).await.expect(200);
    texts(&page["items"], "name")
}

#[tokio::test]
async fn a_project_lives_from_its_creation_to_its_deletion() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let created = project(&compute, "bell").await;
    assert_eq!(
        created,
        json!({
            "id": 1,
            "created_on": "2025-01-07T09:00:00",
            "owner_id": 1,
            "name": "bell",
            "description": "About bell",
            "starred": false,
        })
    );
    assert_eq!(compute.get("/projects/1").await.expect(200), created);

    let changed = compute
        .patch("/projects/1", json!({ "starred": true }))
        .await
        .expect(200);
    assert_eq!(changed["starred"], true);
    assert_eq!(changed["description"], "About bell");
    let emptied = compute
        .patch("/projects/1", json!({ "description": "" }))
        .await
        .expect(200);
    assert_eq!(emptied["description"], "");
    assert_eq!(emptied["starred"], true);

    let body = json!({ "owner_id": 1, "name": "ghz", "description": "" });
    let replaced = compute.put("/projects/1", body).await.expect(200);
    assert_eq!(replaced["name"], "ghz");
    assert_eq!(replaced["starred"], false, "a replacement has defaults");
    assert_eq!(replaced["created_on"], created["created_on"]);

    compute.delete("/projects/1").await.expect(204);
    for response in [
        compute.get("/projects/1").await,
        compute.delete("/projects/1").await,
        compute.patch("/projects/1", json!({})).await,
    ] {
        assert_eq!(
            response.expect(404),
            json!({ "detail": "Project not found" })
        );
    }
    assert_eq!(
        project(&compute, "next").await["id"],
        2,
        "ids are not used again"
    );
}

#[tokio::test]
async fn a_list_is_filtered_searched_and_sorted() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    for name in ["bell", "ghz", "Bell inequality"] {
        project(&compute, name).await;
    }
    compute
        .patch("/projects/2", json!({ "starred": true }))
        .await
        .expect(200);
    for (query, expected) in [
        ("", &["bell", "ghz", "Bell inequality"][..]),
        ("name=bell", &["bell"]),
        ("name=bel", &[]),
        ("search=BELL", &["bell", "Bell inequality"]),
        ("search=about%20g", &["ghz"]),
        ("starred=false&search=inequality", &["Bell inequality"]),
        ("starred=1", &["ghz"]),
        ("id=2&starred=false", &[]),
        ("created_on=2025-01-07T09:00:01.25Z", &["ghz"]),
        ("sort_by=-created_on", &["Bell inequality", "ghz", "bell"]),
        ("sort_by=starred", &["bell", "Bell inequality", "ghz"]),
        ("sort_by=-id&size=1&page=2", &["ghz"]),
        ("sort_by=", &["bell", "ghz", "Bell inequality"]),
        ("latest=true", &["Bell inequality"]),
        ("latest=true&search=g", &["ghz"]),
    ] {
        assert_eq!(names(&compute, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn invalid_page_parameters_and_filters_are_a_422() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    for query in [
        "page=0",
        "size=0",
        "size=101",
        "page=x",
        "latest=maybe",
        "id=x",
        "starred=2",
        "created_on=yesterday",
    ] {
        let body = compute.get(&format!("/projects?{query}")).await.expect(422);
        let parameter = query.split('=').next().unwrap();
        assert_eq!(
            body["detail"][0]["loc"],
            json!(["query", parameter]),
            "{query}"
        );
    }
    let body = compute.get("/projects?sort_by=nothing").await.expect(422);
    assert!(body["detail"].is_string());
    let body = compute.get("/algorithms?type=classical").await.expect(422);
    assert_eq!(
        body["detail"][0]["msg"],
        "Input should be 'hybrid' or 'quantum'"
    );
    assert_eq!(body["detail"][0]["type"], "enum");
}

#[tokio::test]
async fn null_filters_select_objects_without_a_value() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    project(&compute, "p").await;
    for (name, link) in [("a", Value::Null), ("b", json!("https://example.com"))] {
        let body = json!({
            "project_id": 1, "type": "quantum", "shared": "private", "name": name, "link": link,
        });
        compute.post("/algorithms", body).await.expect(201);
    }
    for (query, expected) in [
        ("link__isnull=true", "a"),
        ("link__isnull=false", "b"),
        ("link=https://example.com", "b"),
    ] {
        let page = compute
            .get(&format!("/algorithms?{query}"))
            .await
            .expect(200);
        assert_eq!(texts(&page["items"], "name"), [expected], "{query}");
    }
}

#[tokio::test]
async fn a_body_is_checked_by_its_schema() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let body = json!({ "owner_id": "x", "name": "n".repeat(256), "starred": [] });
    let failures = compute.post("/projects", body).await.expect(422);
    let mut found: Vec<_> = failures["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| {
            (
                failure["loc"][1].as_str().unwrap(),
                failure["type"].as_str().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("description", "missing"),
            ("name", "string_too_long"),
            ("owner_id", "int_parsing"),
            ("starred", "bool_type"),
        ]
    );
    assert_eq!(compute.get("/projects").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn an_object_that_a_body_refers_to_must_exist() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let body = json!({ "project_id": 5, "type": "quantum", "shared": "private", "name": "a" });
    let response = compute.post("/algorithms", body).await.expect(422);
    assert_eq!(response, json!({ "detail": "Project 5 does not exist" }));
    let response = compute
        .post("/batch_jobs", json!({ "backend_type_id": 5 }))
        .await;
    assert_eq!(
        response.expect(422),
        json!({ "detail": "Backend type 5 does not exist" })
    );
}

#[tokio::test]
async fn every_sandbox_has_backend_types_languages_and_the_user() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let public = plain(&sandbox, Method::GET, "/backend_types/?name=Spin-2");
    let page = send(public).await.expect(200);
    assert_eq!(page["items"][0]["nqubits"], 2);
    assert_eq!(page["items"][0]["topology"], json!([[0, 1], [1, 0]]));
    let emulator = compute
        .get("/backend_types/?identifier=QX")
        .await
        .expect(200);
    let emulator = &emulator["items"][0];
    assert_eq!(emulator["name"], "QX emulator");
    assert_eq!(emulator["topology"].as_array().unwrap().len(), 90);
    let read = compute.get("/backend_types/7").await.expect(200);
    assert_eq!(read, page["items"][0]);
    let languages = compute.get("/languages?name=cQASM").await.expect(200);
    assert_eq!(texts(&languages["items"], "version"), ["3.0", "1.2"]);
    let members = compute.get("/members").await.expect(200);
    assert_eq!(members["total"], 1);
    assert_eq!(members["items"][0]["role"], "admin");
}

#[tokio::test]
async fn the_auth_config_is_public_and_names_a_login_server() {
    let sandbox = sandbox().await;
    let config = send(plain(&sandbox, Method::GET, "/auth_config"))
        .await
        .expect(200);
    let endpoint = format!("{}/.well-known/openid-configuration", sandbox.url());
    assert_eq!(config["well_known_endpoint"], endpoint);
    assert!(config["client_id"].is_string() && config["audience"].is_string());
}

#[tokio::test]
async fn a_login_is_granted_immediately_and_its_token_refreshed() {
    let sandbox = sandbox().await;
    let path = "/.well-known/openid-configuration";
    let found = send(plain(&sandbox, Method::GET, path)).await.expect(200);
    let ask = async |endpoint: &str, form: &str| {
        let path = found[endpoint]
            .as_str()
            .unwrap()
            .strip_prefix(sandbox.url())
            .unwrap();
        let request = plain(&sandbox, Method::POST, path).body(form.to_owned());
        let form = "application/x-www-form-urlencoded";
        send(request.header("content-type", form)).await
    };
    let begun = ask("device_authorization_endpoint", "client_id=sandbox")
        .await
        .expect(200);
    assert!(begun["verification_uri_complete"].is_string());
    let code = begun["device_code"].as_str().unwrap();
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let tokens = ask("token_endpoint", &format!("{grant}&device_code={code}")).await;
    let tokens = tokens.expect(200);
    let access = tokens["access_token"].as_str().unwrap();
    let parts: Vec<&str> = access.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], "sandbox");
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(tokens["expires_in"], lifetime);
    let members =
        async |token: &str| send(plain(&sandbox, Method::GET, "/members").bearer_auth(token)).await;
    members(access).await.expect(200);
    let mut expired = claims;
    expired["exp"] = json!(1);
    let expired = URL_SAFE_NO_PAD.encode(expired.to_string());
    for forged in [
        format!("{}.{expired}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{access}x"),
        "a.b.c".to_owned(),
    ] {
        members(&forged).await.expect(401);
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let renewal = format!("grant_type=refresh_token&refresh_token={refresh}");
    let renewed = ask("token_endpoint", &renewal).await.expect(200);
    members(renewed["access_token"].as_str().unwrap())
        .await
        .expect(200);
    let refused = ask("token_endpoint", "grant_type=refresh_token&refresh_token=x").await;
    assert_eq!(refused.expect(400), json!({ "error": "invalid_grant" }));
    ask("revocation_endpoint", &format!("token={refresh}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_null_clears_only_nullable_fields() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    project(&compute, "p").await;
    let nulls = json!({ "name": null, "starred": null });
    let changed = compute.patch("/projects/1", nulls).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["starred"]),
        (&json!("p"), &json!(false))
    );
    let algorithm = |link: Value| json!({ "project_id": 1, "type": "quantum", "shared": "team", "name": "a", "link": link });
    let created = compute.post("/algorithms", algorithm(json!("l"))).await;
    assert_eq!(created.expect(201)["link"], "l");
    let emptied = compute.put("/algorithms/1", algorithm(Value::Null)).await;
    assert_eq!(emptied.expect(200)["link"], Value::Null);
}

/// Operations that need no id.
fn lists() -> impl Iterator<Item = &'static compute_kfp_runtime::operation::Operation> {
    compute_api_client::operations::OPERATIONS
        .iter()
        .copied()
        .filter(|operation| operation.paging.is_some() && !operation.path.contains('{'))
        .filter(|operation| !operation.path.ends_with("/hostnames"))
}

#[tokio::test]
async fn every_list_is_a_page_and_accepts_each_of_its_filters() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    assert_eq!(lists().count(), 16);
    for operation in lists() {
        let page = compute.get(operation.path).await.expect(200);
        assert_eq!(page["page"], 1, "{}", operation.path);
        assert_eq!(page["items"].as_array().unwrap().len(), page["total"]);
        for parameter in operation.parameters {
            let value = match parameter.kind {
                "boolean" => "true",
                "string" => parameter.values.first().copied().unwrap_or(""),
                _ => "1",
            };
            let is_time = parameter.name.ends_with("_at")
                || parameter.name.ends_with("_on")
                || parameter.name.ends_with("_time")
                || parameter.name.ends_with("heartbeat")
                || parameter.name == "timestamp";
            let value = if is_time {
                "2025-01-01T00:00:00Z"
            } else {
                value
            };
            let path = format!("{}?{}={value}", operation.path, parameter.name);
            assert!(
                compute.get(&path).await.expect(200)["items"].is_array(),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn every_object_can_be_sorted_by_and_read_as_it_is_listed() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    project(&compute, "p").await;
    for operation in lists() {
        let page = compute.get(operation.path).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            for (field, value) in item.as_object().unwrap() {
                let path = format!("{}?sort_by=-{field}", operation.path);
                let status = if value.is_array() || value.is_object() {
                    422
                } else {
                    200
                };
                compute.get(&path).await.expect(status);
            }
            let path = format!("{}/{}", operation.path.trim_end_matches('/'), item["id"]);
            assert_eq!(compute.get(&path).await.expect(200), *item, "{path}");
        }
    }
}

#[tokio::test]
async fn numbers_sort_by_their_value() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let compute = Compute(&sandbox);
    for owner in [10, -3, 9, 0] {
        let project = json!({ "owner_id": owner, "name": "p", "description": "" });
        compute.post("/projects", project).await.expect(201);
    }
    for (sort_by, owners) in [("owner_id", [-3, 0, 9, 10]), ("-owner_id", [10, 9, 0, -3])] {
        let page = compute.get(&format!("/projects?sort_by={sort_by}")).await;
        let page = page.expect(200);
        let projects = page["items"].as_array().unwrap().iter();
        let sorted: Vec<i64> = projects
            .map(|project| project["owner_id"].as_i64().unwrap())
            .collect();
        assert_eq!(sorted, owners, "{sort_by}");
    }
}
