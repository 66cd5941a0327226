//! The generator's OpenAPI documents are valid according to an independent validator.

use std::path::Path;
use std::process::{Command, Output};

use compute_kfp_codegen::{Overlay, Spec, openapi};
use serde_json::{Value, json};

fn prepared(spec: &str, overlay: &str) -> Value {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let overlay = Overlay::from_file(specs.join(overlay)).unwrap();
    openapi(&Spec::from_file(specs.join(spec)).unwrap().overlay(overlay)).unwrap()
}

fn judged(document: &Value) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let referees = Path::new(env!("CARGO_MANIFEST_DIR")).join("referees");
    Command::new(referees.join("node_modules/.bin/validate-api"))
        .arg(file)
        .output()
        .unwrap()
}

#[track_caller]
fn assert_valid(document: &Value) {
    let output = judged(document);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_prepared_document_of_compute_is_valid() {
    let document = prepared("compute.openapi.json", "compute.overlay.json");
    assert_eq!(document["openapi"], "3.0.3");
    assert_valid(&document);
}

#[test]
fn the_prepared_document_of_kfp_is_valid() {
    assert_valid(&prepared("kfp.swagger.json", "kfp.overlay.json"));
}

#[test]
fn the_validator_refuses_a_document_that_is_not_valid() {
    let mut document = prepared("kfp.swagger.json", "kfp.overlay.json");
    document["paths"]["/apis/v2beta1/runs"]["get"]["responses"] = json!({});
    assert!(!judged(&document).status.success());
}
