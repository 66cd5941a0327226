//! Null for a list or a map is an empty one.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(deserialize_with = "compute_kfp_runtime::null::as_empty")]
    items: Vec<u32>,
    #[serde(default, deserialize_with = "compute_kfp_runtime::null::as_empty")]
    labels: BTreeMap<String, String>,
}

#[test]
fn null_is_empty() {
    let page: Page = serde_json::from_str(r#"{"items": null, "labels": null}"#).unwrap();
    assert!(page.items.is_empty());
    assert!(page.labels.is_empty());
}

#[test]
fn values_are_read() {
    let page: Page = serde_json::from_str(r#"{"items": [1, 2], "labels": {"a": "b"}}"#).unwrap();
    assert_eq!(page.items, [1, 2]);
    assert_eq!(page.labels["a"], "b");
}

#[test]
fn absent_needs_a_default_beside_it() {
    let error = serde_json::from_str::<Page>("{}").unwrap_err();
    assert!(
        error.to_string().contains("missing field `items`"),
        "{error}"
    );
    assert!(serde_json::from_str::<Page>(r#"{"items": []}"#).is_ok());
}

#[test]
fn a_null_within_a_list_is_still_refused() {
    assert!(serde_json::from_str::<Page>(r#"{"items": [null]}"#).is_err());
}
