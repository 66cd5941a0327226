//! The Compute API's Metadata operations, with the behaviour of FastAPI.

use crate::support::{Compute, plain, send};
use compute_kfp_sandbox::{BACKEND_ID, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

async fn sandbox() -> Sandbox {
    Sandbox::start().await.unwrap()
}

fn ids(page: &Value) -> Vec<i64> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_i64().unwrap())
        .collect()
}

/// Returns type, place and message of the first validation error.
#[track_caller]
fn failure(body: &Value) -> (&str, &Value, &str) {
    let failure = &body["detail"][0];
    assert!(failure.get("input").is_some(), "{body}");
    (
        failure["type"].as_str().unwrap(),
        &failure["loc"],
        failure["msg"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn created_metadata_can_be_read_and_is_listed() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let data = json!({ "qubits": [{ "t1_s": 4.1e-5 }], "nested": { "a": [1, null, "ü"] } });
    let created = compute
        .create(json!({ "backend_id": BACKEND_ID, "data": data }))
        .await
        .expect(201);
    assert_eq!(created["backend_id"], BACKEND_ID);
    assert_eq!(created["data"], data);
    assert_eq!(created["created_on"], "2025-01-07T09:00:00");

    let read = compute
        .get(&format!("/metadata/{}", created["id"]))
        .await
        .expect(200);
    assert_eq!(read, created);
    let latest = compute
        .get("/metadata/backend/7?latest=true")
        .await
        .expect(200);
    assert_eq!(latest["items"], json!([created]));
}

#[tokio::test]
async fn the_seed_is_a_series_of_calibrations_of_a_two_qubit_backend() {
    let sandbox = sandbox().await;
    let page = Compute(&sandbox)
        .get("/metadata/backend/7")
        .await
        .expect(200);
    assert_eq!(page["total"], 6);
    for item in page["items"].as_array().unwrap() {
        let qubits = item["data"]["qubits"].as_array().unwrap();
        assert_eq!(qubits.len(), 2);
        for qubit in qubits {
            let seconds = 1e-6..1e-3;
            assert!(seconds.contains(&qubit["t1_s"].as_f64().unwrap()));
            assert!(seconds.contains(&qubit["t2_s"].as_f64().unwrap()));
            assert!(qubit["t2_s"].as_f64() < Some(2.0 * qubit["t1_s"].as_f64().unwrap()));
            assert!((4e9..7e9).contains(&qubit["frequency_hz"].as_f64().unwrap()));
            assert!((0.0..0.1).contains(&qubit["readout_error"]["p01"].as_f64().unwrap()));
        }
        assert!(item["data"]["two_qubit_gates"][0]["error"].is_f64());
    }
    let other = Compute(&sandbox)
        .get("/metadata/backend/9")
        .await
        .expect(200);
    assert_eq!(other["total"], 2);
}

#[tokio::test]
async fn times_are_naive_and_have_microseconds_only_if_not_zero() {
    let sandbox = sandbox().await;
    let page = Compute(&sandbox)
        .get("/metadata/backend/7")
        .await
        .expect(200);
    let times = crate::support::texts(&page["items"], "created_on");
    assert!(
        times
            .iter()
            .all(|time| !time.ends_with('Z') && !time.contains('+'))
    );
    assert!(
        times.contains(&"2025-01-01T06:00:00".to_owned()),
        "{times:?}"
    );
    assert!(
        times.contains(&"2025-01-02T06:00:04.218750".to_owned()),
        "{times:?}"
    );
}

#[tokio::test]
async fn the_backend_id_defaults_to_the_backend_of_the_api_key() {
    let sandbox = sandbox().await;
    for body in [
        json!({ "data": {} }),
        json!({ "backend_id": null, "data": {} }),
    ] {
        assert_eq!(
            Compute(&sandbox).create(body).await.expect(201)["backend_id"],
            BACKEND_ID
        );
    }
}

#[tokio::test]
async fn an_unknown_backend_id_is_a_422_with_a_string() {
    let sandbox = sandbox().await;
    let body = Compute(&sandbox)
        .create(json!({ "backend_id": 404, "data": {} }))
        .await
        .expect(422);
    assert_eq!(body, json!({ "detail": "Backend 404 does not exist" }));
}

#[tokio::test]
async fn a_body_of_the_wrong_format_is_a_422_with_a_list() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let cases = [
        (json!({}), "missing", json!(["body", "data"])),
        (json!({ "data": [] }), "dict_type", json!(["body", "data"])),
        (
            json!({ "data": null }),
            "dict_type",
            json!(["body", "data"]),
        ),
        (
            json!({ "backend_id": "x", "data": {} }),
            "int_parsing",
            json!(["body", "backend_id"]),
        ),
        (
            json!({ "backend_id": 1.5, "data": {} }),
            "int_from_float",
            json!(["body", "backend_id"]),
        ),
        (
            json!({ "backend_id": [], "data": {} }),
            "int_type",
            json!(["body", "backend_id"]),
        ),
        (json!([]), "model_attributes_type", json!(["body"])),
        (json!("text"), "model_attributes_type", json!(["body"])),
    ];
    for (body, kind, loc) in cases {
        let response = compute.create(body.clone()).await.expect(422);
        let (found_kind, found_loc, _) = failure(&response);
        assert_eq!((found_kind, found_loc), (kind, &loc), "{body}");
    }
    assert_eq!(
        compute.get("/metadata/backend/7").await.expect(200)["total"],
        6
    );
}

#[tokio::test]
async fn every_invalid_field_is_reported() {
    let sandbox = sandbox().await;
    let response = Compute(&sandbox)
        .create(json!({ "backend_id": "x" }))
        .await
        .expect(422);
    assert_eq!(response["detail"].as_array().unwrap().len(), 2);
    let response = Compute(&sandbox)
        .get("/metadata/backend/x?page=0&size=a")
        .await
        .expect(422);
    assert_eq!(response["detail"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_body_of_invalid_json_is_rejected() {
    let sandbox = sandbox().await;
    let post = || {
        Compute(&sandbox)
            .post_metadata()
            .header("content-type", "application/json")
    };

    let empty = send(post()).await.expect(422);
    assert_eq!(
        failure(&empty),
        ("missing", &json!(["body"]), "Field required")
    );

    let broken = send(post().body("{\"data\": }")).await.expect(422);
    let (kind, loc, _) = failure(&broken);
    assert_eq!((kind, loc), ("json_invalid", &json!(["body", 9])));

    let deep = send(post().body("[".repeat(100_000))).await.expect(422);
    assert_eq!(failure(&deep).0, "json_invalid");

    let bytes = send(post().body(&b"{\"data\": \"\xff\"}"[..]))
        .await
        .expect(422);
    assert_eq!(failure(&bytes).0, "json_invalid");
}

#[tokio::test]
async fn a_body_of_another_content_type_is_rejected() {
    let sandbox = sandbox().await;
    let post = |content_type: &str| {
        let post = Compute(&sandbox)
            .post_metadata()
            .header("content-type", content_type);
        send(post.body(r#"{"data":{}}"#))
    };
    assert_eq!(
        failure(&post("text/plain").await.expect(422)).0,
        "model_attributes_type"
    );
    post("application/json; charset=utf-8").await.expect(201);
    post("application/merge-patch+json").await.expect(201);
}

#[tokio::test]
async fn a_huge_body_is_refused() {
    let sandbox = sandbox().await;
    let huge = format!(r#"{{"data":{{"x":"{}"}}}}"#, "x".repeat(5 * 1024 * 1024));
    let response = send(Compute(&sandbox).post_metadata().body(huge))
        .await
        .expect(413);
    assert_eq!(response, json!({ "detail": "Request body too large" }));
}

#[tokio::test]
async fn pages_contain_each_item_once() {
    let sandbox = sandbox().await;
    let mut seen = Vec::new();
    for number in 1..=3 {
        let path = format!("/metadata/backend/7?page={number}&size=2");
        let page = Compute(&sandbox).get(&path).await.expect(200);
        assert_eq!(page["total"], 6);
        assert_eq!(page["page"], number);
        assert_eq!(page["size"], 2);
        assert_eq!(page["pages"], 3);
        seen.extend(ids(&page));
    }
    let whole = Compute(&sandbox)
        .get("/metadata/backend/7")
        .await
        .expect(200);
    assert_eq!(seen, ids(&whole));
}

#[tokio::test]
async fn a_page_after_the_last_one_is_empty() {
    let sandbox = sandbox().await;
    for number in ["4", "9223372036854775807"] {
        let path = format!("/metadata/backend/7?page={number}&size=2");
        let page = Compute(&sandbox).get(&path).await.expect(200);
        assert_eq!(page["items"], json!([]));
        assert_eq!(page["pages"], 3);
    }
}

#[tokio::test]
async fn metadata_of_an_unknown_backend_is_an_empty_page() {
    let sandbox = sandbox().await;
    let page = Compute(&sandbox)
        .get("/metadata/backend/404")
        .await
        .expect(200);
    assert_eq!((&page["total"], &page["pages"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn invalid_parameters_are_rejected() {
    let sandbox = sandbox().await;
    let cases = [
        (
            "size=0",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
        ),
        (
            "size=101",
            "less_than_equal",
            "Input should be less than or equal to 100",
        ),
        (
            "page=0",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
        ),
        (
            "page=-1",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
        ),
        (
            "page=x",
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            "page=99999999999999999999",
            "int_parsing_size",
            "Unable to parse input string as an integer, exceeded maximum size",
        ),
        (
            "latest=perhaps",
            "bool_parsing",
            "Input should be a valid boolean, unable to interpret input",
        ),
    ];
    for (query, kind, message) in cases {
        let response = Compute(&sandbox)
            .get(&format!("/metadata/backend/7?{query}"))
            .await;
        let body = response.expect(422);
        let parameter = query.split('=').next().unwrap();
        assert_eq!(
            failure(&body),
            (kind, &json!(["query", parameter]), message),
            "{query}"
        );
    }
    let body = Compute(&sandbox)
        .get("/metadata/backend/7?size=101")
        .await
        .expect(422);
    assert_eq!(body["detail"][0]["input"], "101");
    assert_eq!(body["detail"][0]["ctx"], json!({ "le": 100 }));
}

#[tokio::test]
async fn sizes_at_the_bounds_are_accepted() {
    let sandbox = sandbox().await;
    for size in [1, 100] {
        let path = format!("/metadata/backend/7?size={size}");
        assert_eq!(Compute(&sandbox).get(&path).await.expect(200)["size"], size);
    }
}

#[tokio::test]
async fn a_minus_sorts_downwards() {
    let sandbox = sandbox().await;
    let compute = Compute(&sandbox);
    let list = async |sort_by: &str| {
        let path = format!("/metadata/backend/7?sort_by={sort_by}");
        ids(&compute.get(&path).await.expect(200))
    };
    for field in ["created_on", "id"] {
        let mut upwards = list(field).await;
        assert!(upwards.is_sorted());
        upwards.reverse();
        assert_eq!(list(&format!("-{field}")).await, upwards);
    }
}

#[tokio::test]
async fn an_unknown_sort_field_is_a_422_with_a_string() {
    let sandbox = sandbox().await;
    let body = Compute(&sandbox)
        .get("/metadata/backend/7?sort_by=-data")
        .await
        .expect(422);
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .starts_with("Cannot sort by 'data'")
    );
}

#[tokio::test]
async fn latest_returns_only_the_newest() {
    let sandbox = sandbox().await;
    let all = Compute(&sandbox)
        .get("/metadata/backend/7")
        .await
        .expect(200);
    let latest = Compute(&sandbox)
        .get("/metadata/backend/7?latest=1")
        .await
        .expect(200);
    assert_eq!(latest["total"], 1);
    assert_eq!(latest["items"][0], all["items"][5]);
    let not_latest = Compute(&sandbox)
        .get("/metadata/backend/7?latest=false")
        .await
        .expect(200);
    assert_eq!(not_latest["total"], 6);
}

#[tokio::test]
async fn unknown_metadata_is_not_found() {
    let sandbox = sandbox().await;
    let body = Compute(&sandbox).get("/metadata/404").await.expect(404);
    assert_eq!(body, json!({ "detail": "Metadata not found" }));
}

#[tokio::test]
async fn an_id_that_is_not_an_integer_is_a_422() {
    let sandbox = sandbox().await;
    for id in ["x", "1.5", "a%2Fb", "%FF", "%", "%00", "%20"] {
        let body = Compute(&sandbox)
            .get(&format!("/metadata/{id}"))
            .await
            .expect(422);
        assert_eq!(failure(&body).1, &json!(["path", "id"]), "{id}");
    }
}

#[tokio::test]
async fn a_missing_or_unknown_credential_is_a_401() {
    let sandbox = sandbox().await;
    let get = || plain(&sandbox, Method::GET, "/metadata/1");
    let post = || plain(&sandbox, Method::POST, "/metadata").json(&json!({ "data": {} }));
    let raw_user_token = sandbox.compute_token();
    let requests = [
        get(),
        get().bearer_auth("wrong"),
        get().bearer_auth(sandbox.kfp_token()),
        get().header("authorization", raw_user_token),
        get().header("authorization", &b"\xff"[..]),
        post(),
        post().header("authorization", "wrong"),
        post().bearer_auth(sandbox.compute_api_key()),
    ];
    for request in requests {
        let response = send(request).await;
        assert_eq!(response.headers["www-authenticate"], "Bearer");
        assert_eq!(
            response.expect(401),
            json!({ "detail": "Not authenticated" })
        );
    }
}

#[tokio::test]
async fn a_credential_of_the_wrong_kind_is_a_403() {
    let sandbox = sandbox().await;
    let post = plain(&sandbox, Method::POST, "/metadata").bearer_auth(sandbox.compute_token());
    let get = plain(&sandbox, Method::GET, "/metadata/1")
        .header("authorization", sandbox.compute_api_key());
    for request in [post.json(&json!({ "data": {} })), get] {
        assert!(send(request).await.expect(403)["detail"].is_string());
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_an_unknown_method_a_405() {
    let sandbox = sandbox().await;
    for path in [
        "/index.html",
        "/metadata/",
        "/metadata/1/2",
        "/metadata/backend/7/x",
        "/apis",
    ] {
        let body = Compute(&sandbox).get(path).await.expect(404);
        assert_eq!(body, json!({ "detail": "Not Found" }), "{path}");
    }
    let response = send(plain(&sandbox, Method::DELETE, "/metadata")).await;
    assert_eq!(response.headers["allow"], "POST");
    assert_eq!(
        response.expect(405),
        json!({ "detail": "Method Not Allowed" })
    );
}
