//! KFP's pages, sorting and filters.

use crate::support::{Kfp, texts};
use compute_kfp_sandbox::Sandbox;
use serde_json::{Value, json};

async fn seeded() -> Sandbox {
    Sandbox::start().await.unwrap()
}

fn filter(predicates: &Value) -> String {
    json!({ "predicates": predicates }).to_string()
}

fn equals(key: &str, value: &str) -> String {
    filter(&json!([{ "operation": "EQUALS", "key": key, "string_value": value }]))
}

fn token(page: &Value) -> String {
    page["next_page_token"].as_str().unwrap().to_owned()
}

async fn names(kfp: &Kfp<'_>, predicates: Value) -> Vec<String> {
    let page = kfp
        .query("/artifacts", &[("filter", &filter(&predicates))])
        .await
        .expect(200);
    page.get("artifacts")
        .map_or_else(Vec::new, |artifacts| texts(artifacts, "name"))
}

/// Five artifacts `a` to `e` with number values 0 to 4, the last one without.
async fn five() -> Sandbox {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    for (number, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let mut artifact = json!({ "name": name, "description": "100% a+b" });
        if number < 4 {
            artifact["number_value"] = json!(number);
            artifact["type"] = json!("Metric");
        }
        create(&Kfp(&sandbox), artifact).await;
    }
    sandbox
}

/// Creates an artifact with its own task.
async fn create(kfp: &Kfp<'_>, mut artifact: Value) {
    let run = kfp.run().await;
    let task = kfp.task(&run).await;
    artifact["namespace"] = json!("ns");
    if artifact.get("type").is_none() {
        artifact["type"] = json!("Artifact");
    }
    let request = json!({
        "artifact": artifact, "run_id": run, "task_id": task, "producer_key": "k",
    });
    kfp.post("/artifacts", request).await.expect(200);
}

#[tokio::test]
async fn pages_contain_each_artifact_once_and_the_last_has_no_token() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = kfp
            .query(
                "/artifacts",
                &[("page_size", "15"), ("page_token", &page_token)],
            )
            .await
            .expect(200);
        assert_eq!(page["total_size"], 58);
        seen.extend(texts(&page["artifacts"], "artifact_id"));
        if page.get("next_page_token").is_none() {
            break;
        }
        page_token = token(&page);
    }
    assert_eq!(seen.len(), 58);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 58);
}

#[tokio::test]
async fn a_page_that_ends_with_the_last_artifact_has_no_token() {
    let sandbox = seeded().await;
    let page = Kfp(&sandbox)
        .get("/artifacts?page_size=58")
        .await
        .expect(200);
    assert_eq!(page["artifacts"].as_array().unwrap().len(), 58);
    assert!(page.get("next_page_token").is_none());
}

#[tokio::test]
async fn page_sizes_have_a_default_and_a_limit_and_are_not_negative() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let run = kfp.run().await;
    let task = kfp.task(&run).await;
    let artifact = json!({
        "artifact": { "name": "n", "type": "Model", "namespace": "ns" },
        "run_id": run, "task_id": task, "producer_key": "k",
    });
    let batch = json!({ "artifacts": vec![artifact; 210] });
    kfp.post("/artifacts:batchCreate", batch).await.expect(200);
    for (query, length) in [
        ("", 20),
        ("?page_size=", 20),
        ("?page_size=0", 20),
        ("?page_size=1", 1),
        ("?page_size=200", 200),
        ("?page_size=201", 200),
        ("?page_size=2147483647", 200),
    ] {
        let page = kfp.get(&format!("/artifacts{query}")).await.expect(200);
        assert_eq!(
            page["artifacts"].as_array().unwrap().len(),
            length,
            "{query}"
        );
    }
    for query in [
        "page_size=-1",
        "page_size=x",
        "page_size=2147483648",
        "page_size=1&page_size=2",
    ] {
        let response = kfp.get(&format!("/artifacts?{query}")).await.expect(400);
        assert_eq!(response["code"], 3, "{query}");
    }
}

#[tokio::test]
async fn a_page_token_does_not_contain_the_page_size() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let first = kfp.get("/artifacts?page_size=3").await.expect(200);
    let next = kfp
        .query("/artifacts", &[("page_token", &token(&first))])
        .await
        .expect(200);
    assert_eq!(next["artifacts"].as_array().unwrap().len(), 20);
    assert_eq!(next["total_size"], 58);
}

#[tokio::test]
async fn in_multi_user_mode_a_namespace_is_needed_and_shown() {
    let sandbox = Sandbox::builder().multi_user().start().await.unwrap();
    let kfp = Kfp(&sandbox);
    for list in ["artifacts", "experiments", "runs", "recurringruns"] {
        kfp.get(&format!("/{list}")).await.expect(400);
    }
    let others = kfp.get("/artifacts?namespace=team-a").await.expect(200);
    assert_eq!(others["total_size"], 2);
    assert_eq!(others["artifacts"][0]["namespace"], "team-a");
    let experiments = kfp.get("/experiments?namespace=team-a").await.expect(200);
    assert_eq!(experiments, json!({}));
    let nameless = json!({ "display_name": "e" });
    kfp.post("/experiments", nameless).await.expect(400);
    let named = json!({ "display_name": "e", "namespace": "team-a" });
    let experiment = kfp.post("/experiments", named).await.expect(200);
    assert_eq!(experiment["namespace"], "team-a");
}

#[tokio::test]
async fn sorting_and_filter_of_a_next_page_are_identical_or_omitted() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let models = equals("name", "readout-discriminator");
    let criteria = [
        ("sort_by", "name desc"),
        ("filter", models.as_str()),
        ("page_size", "3"),
    ];
    let first = kfp.query("/artifacts", &criteria).await.expect(200);
    let token = token(&first);

    let mut repeated = criteria.to_vec();
    repeated.push(("page_token", &token));
    let repeated = kfp.query("/artifacts", &repeated).await.expect(200);
    let left_out = kfp
        .query("/artifacts", &[("page_token", &token), ("page_size", "3")])
        .await
        .expect(200);
    assert_eq!(repeated, left_out);
    assert!(
        texts(&repeated["artifacts"], "type")
            .iter()
            .all(|kind| kind == "Model")
    );
}

#[tokio::test]
async fn a_page_token_of_another_sorting_is_rejected() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let first = kfp
        .query("/artifacts", &[("sort_by", "name")])
        .await
        .expect(200);
    let token = token(&first);
    for sort_by in ["name desc", "created_at"] {
        let query = [("sort_by", sort_by), ("page_token", &token)];
        let response = kfp.query("/artifacts", &query).await.expect(400);
        assert!(
            response["message"]
                .as_str()
                .unwrap()
                .contains("page token belongs to another order or filter")
        );
    }
    kfp.query(
        "/artifacts",
        &[("sort_by", "name asc"), ("page_token", &token)],
    )
    .await
    .expect(200);
}

#[tokio::test]
async fn a_page_token_of_another_filter_is_rejected() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let datasets = equals("name", "readout-counts");
    let first = kfp
        .query("/artifacts", &[("filter", &datasets), ("page_size", "3")])
        .await
        .expect(200);
    let token = token(&first);
    let models = equals("name", "calibration-report");
    kfp.query("/artifacts", &[("filter", &models), ("page_token", &token)])
        .await
        .expect(400);
    let query = [("sort_by", "created_at"), ("page_token", &token)];
    kfp.query("/artifacts", &query).await.expect(400);
}

#[tokio::test]
async fn a_page_token_of_another_list_or_of_no_list_is_rejected() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let token = token(&kfp.get("/artifacts?page_size=3").await.expect(200));
    for wrong in [token.as_str(), "x", "e30", "bnVsbA", "é", "W10"] {
        let response = kfp
            .query("/metrics", &[("page_token", wrong)])
            .await
            .expect(400);
        assert_eq!(response["details"][0]["message"], "invalid page token");
    }
}

#[tokio::test]
async fn an_artifact_created_between_pages_neither_repeats_nor_hides_another() {
    let sandbox = five().await;
    let kfp = Kfp(&sandbox);
    let first = kfp
        .query("/artifacts", &[("sort_by", "name"), ("page_size", "2")])
        .await
        .expect(200);
    assert_eq!(texts(&first["artifacts"], "name"), ["a", "b"]);
    create(&kfp, json!({ "name": "0" })).await;
    let next = kfp
        .query("/artifacts", &[("page_token", &token(&first))])
        .await
        .expect(200);
    assert_eq!(texts(&next["artifacts"], "name"), ["c", "d", "e"]);
}

#[tokio::test]
async fn sorting_is_ascending_by_default() {
    let sandbox = five().await;
    let kfp = Kfp(&sandbox);
    for (sort_by, order) in [
        ("", "abcde"),
        ("name", "abcde"),
        ("name asc", "abcde"),
        ("name desc", "edcba"),
        ("Name DESC", "edcba"),
        ("created_at desc", "edcba"),
        ("number_value", "eabcd"),
        ("number_value desc", "dcbae"),
    ] {
        let page = kfp
            .query("/artifacts", &[("sort_by", sort_by)])
            .await
            .expect(200);
        assert_eq!(
            texts(&page["artifacts"], "name").concat(),
            order,
            "{sort_by}"
        );
    }
}

#[tokio::test]
async fn an_invalid_sorting_is_rejected() {
    let sandbox = seeded().await;
    for sort_by in ["color", "name up", "name desc please", "-name"] {
        let response = Kfp(&sandbox)
            .query("/artifacts", &[("sort_by", sort_by)])
            .await
            .expect(400);
        assert_eq!(response["code"], 3, "{sort_by}");
    }
}

#[tokio::test]
async fn every_operation_of_a_filter_works() {
    let sandbox = five().await;
    let kfp = Kfp(&sandbox);
    let number = |operation: &str| json!([{ "operation": operation, "key": "number_value", "int_value": 2 }]);
    for (operation, found) in [
        ("EQUALS", "c"),
        ("NOT_EQUALS", "abd"),
        ("GREATER_THAN", "d"),
        ("GREATER_THAN_EQUALS", "cd"),
        ("LESS_THAN", "ab"),
        ("LESS_THAN_EQUALS", "abc"),
    ] {
        assert_eq!(
            names(&kfp, number(operation)).await.concat(),
            found,
            "{operation}"
        );
    }
    let predicates = [
        (
            json!({ "operation": "IN", "key": "name", "string_values": { "values": ["a", "e", "x"] } }),
            "ae",
        ),
        (
            json!({ "operation": "IN", "key": "number_value", "int_values": { "values": [0, 3] } }),
            "ad",
        ),
        (
            json!({ "operation": "IN", "key": "number_value", "long_values": { "values": ["1"] } }),
            "b",
        ),
        (
            json!({ "operation": "IN", "key": "name", "string_values": {} }),
            "",
        ),
        (
            json!({ "operation": "EQUALS", "key": "number_value", "long_value": "3" }),
            "d",
        ),
        (
            json!({ "operation": "EQUALS", "key": "number_value", "int_value": 0 }),
            "a",
        ),
        (
            json!({ "operation": "EQUALS", "key": "type", "int_value": 1 }),
            "e",
        ),
        (
            json!({ "operation": "EQUALS", "key": "uri", "string_value": "" }),
            "abcde",
        ),
        (
            json!({ "operation": 9, "key": "name", "stringValue": "B" }),
            "b",
        ),
        (
            json!({ "operation": "GREATER_THAN", "key": "created_at", "timestamp_value": "2025-01-07T10:00:12%2B01:00" }),
            "de",
        ),
    ];
    for (predicate, found) in predicates {
        assert_eq!(
            names(&kfp, json!([predicate])).await.concat(),
            found,
            "{predicate}"
        );
    }
}

#[tokio::test]
async fn all_predicates_of_a_filter_must_hold() {
    let sandbox = five().await;
    let predicates = json!([
        { "operation": "GREATER_THAN_EQUALS", "key": "number_value", "int_value": 0 },
        { "operation": "GREATER_THAN", "key": "name", "string_value": "b" },
    ]);
    assert_eq!(names(&Kfp(&sandbox), predicates).await, ["c", "d"]);
    assert_eq!(names(&Kfp(&sandbox), json!([])).await.len(), 5);
}

#[tokio::test]
async fn a_filter_is_percent_decoded_twice() {
    let sandbox = five().await;
    let kfp = Kfp(&sandbox);
    let encoded_once_more = equals("description", "100%25 a%2Bb");
    let page = kfp
        .query("/artifacts", &[("filter", &encoded_once_more)])
        .await
        .expect(200);
    assert_eq!(page["total_size"], 5);
    let plus_becomes_a_space = equals("description", "100%25 a+b");
    let page = kfp
        .query("/artifacts", &[("filter", &plus_becomes_a_space)])
        .await
        .expect(200);
    assert_eq!(page, json!({}));
    let broken_escape = equals("description", "100% a");
    kfp.query("/artifacts", &[("filter", &broken_escape)])
        .await
        .expect(400);
}

#[tokio::test]
async fn an_invalid_filter_is_rejected() {
    let sandbox = five().await;
    let predicates = [
        json!({ "operation": "EQUALS", "key": "color", "string_value": "x" }),
        json!({ "operation": "EQUALS", "key": "name" }),
        json!({ "operation": "EQUALS", "key": "name", "string_value": "x", "int_value": 1 }),
        json!({ "operation": "EQUALS", "key": "name", "string_values": { "values": ["x"] } }),
        json!({ "operation": "IN", "key": "name", "string_value": "x" }),
        json!({ "operation": "IS_SUBSTRING", "key": "number_value", "int_value": 1 }),
        json!({ "operation": "IS_SUBSTRING", "key": "created_at", "timestamp_value": "2025-01-07T10:00:03Z" }),
        json!({ "operation": "LIKE", "key": "name", "string_value": "x" }),
        json!({ "key": "name", "string_value": "x" }),
        json!({ "operation": "EQUALS", "key": "name", "string_value": "x", "surprise": 1 }),
        json!({ "operation": "EQUALS", "key": "created_at", "timestamp_value": "yesterday" }),
        json!("text"),
    ];
    for predicate in predicates {
        let filter = filter(&json!([predicate]));
        let response = Kfp(&sandbox)
            .query("/artifacts", &[("filter", &filter)])
            .await
            .expect(400);
        assert_eq!(response["code"], 3, "{predicate}");
    }
    for filter in ["x", "[]", "null", "{\"surprise\":1}", "{\"predicates\":{}}"] {
        Kfp(&sandbox)
            .query("/artifacts", &[("filter", filter)])
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn the_other_lists_sort_filter_and_page_alike() {
    let sandbox = seeded().await;
    let kfp = Kfp(&sandbox);
    let fidelity = equals("name", "readout_fidelity");
    let criteria = [
        ("filter", fidelity.as_str()),
        ("sort_by", "created_at desc"),
        ("page_size", "5"),
    ];
    let page = kfp.query("/metrics", &criteria).await.expect(200);
    assert_eq!(page["total_size"], 8);
    assert_eq!(page["metrics"].as_array().unwrap().len(), 5);
    let times = texts(&page["metrics"], "created_at");
    assert!(times.iter().rev().is_sorted());
    let rest = kfp
        .query("/metrics", &[("page_token", &token(&page))])
        .await
        .expect(200);
    assert_eq!(rest["metrics"].as_array().unwrap().len(), 3);

    let task = page["metrics"][0]["task_id"].as_str().unwrap();
    let query = [("task_ids", task), ("type", "OUTPUT"), ("sort_by", "key")];
    let links = kfp.query("/artifact_tasks", &query).await.expect(200);
    let keys = texts(&links["artifact_tasks"], "key");
    assert_eq!(keys.len(), 4);
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn a_change_between_two_pages_appears_on_the_second() {
    let sandbox = five().await;
    let kfp = Kfp(&sandbox);
    let not_last = filter(&json!([
        { "operation": "NOT_EQUALS", "key": "name", "string_value": "e" },
    ]));
    let page = async |token: &str| {
        let query = [
            ("filter", not_last.as_str()),
            ("sort_by", "name desc"),
            ("page_size", "2"),
            ("page_token", token),
        ];
        kfp.query("/artifacts", &query).await.expect(200)
    };
    let first = page("").await;
    assert_eq!(texts(&first["artifacts"], "name"), ["d", "c"]);
    assert_eq!(first["total_size"], 4);
    create(&kfp, json!({ "name": "bb" })).await;
    let second = page(&token(&first)).await;
    assert_eq!(texts(&second["artifacts"], "name"), ["bb", "b"]);
    assert_eq!(second["total_size"], 5);
}

#[tokio::test]
async fn an_order_reflects_renamed_and_deleted_objects() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let kfp = Kfp(&sandbox);
    let mut ids = Vec::new();
    for name in ["b", "c", "a"] {
        let pipeline = json!({ "display_name": name });
        let created = kfp.post("/pipelines", pipeline).await.expect(200);
        ids.push(created["pipeline_id"].as_str().unwrap().to_owned());
    }
    let shown = async || {
        let page = kfp
            .query("/pipelines", &[("sort_by", "display_name")])
            .await;
        texts(&page.expect(200)["pipelines"], "display_name")
    };
    assert_eq!(shown().await, ["a", "b", "c"]);
    let renamed = json!({ "display_name": "z" });
    kfp.patch(&format!("/pipelines/{}", ids[0]), renamed)
        .await
        .expect(200);
    assert_eq!(shown().await, ["a", "c", "z"]);
    kfp.delete(&format!("/pipelines/{}", ids[1]))
        .await
        .expect(200);
    assert_eq!(shown().await, ["a", "z"]);
}
