//! Specs and overlays in YAML: the same code as from JSON.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use compute_kfp_codegen::{Overlay, Spec, generate, openapi30};
use serde_json::{Value, json};

const OVERLAY: &str = "
overlay: 1.0.0
info: {title: Names, version: 1.0.0}
actions:
  - target: $.paths['/x'].get
    update:
      x-rust-name: renamed
";

/// Returns the JSON value of a YAML scalar.
fn read(yaml: &str) -> Value {
    let spec = format!("openapi: 3.0.3\npaths: {{}}\nx-value: {yaml}\n");
    openapi30(&Spec::from_string("api.yaml", spec)).unwrap()["x-value"].clone()
}

#[test]
fn a_spec_in_yaml_yields_the_same_code_as_in_json() {
    let yaml = "
%YAML 1.2
---
# A comment.
swagger: 2.0
info: {title: T, version: '1'}
paths:
  /x:
    get:
      operationId: x
      description: >
        Folded
        text.
      responses:
        200:
          description: Done.
          schema: {$ref: '#/definitions/Thing'}
definitions:
  Thing:
    type: object
    required: [on]
    properties:
      on: {type: string, enum: [yes, no, on, off]}
      day: {type: string, format: date, default: 2020-01-31}
";
    let json = json!({
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/x": {"get": {
            "operationId": "x",
            "description": "Folded text.\n",
            "responses": {"200": {"description": "Done.", "schema": {"$ref": "#/definitions/Thing"}}}
        }}},
        "definitions": {"Thing": {
            "type": "object",
            "required": ["on"],
            "properties": {
                "on": {"type": "string", "enum": ["yes", "no", "on", "off"]},
                "day": {"type": "string", "format": "date", "default": "2020-01-31"}
            }
        }}
    });
    let from = |text: String| {
        let overlay = Overlay::from_string("names.yaml", OVERLAY);
        generate(&Spec::from_string("api", text).overlay(overlay)).unwrap()
    };
    let (yaml, json) = (from(yaml.trim_start().to_owned()), from(json.to_string()));
    assert!(yaml.warnings().is_empty());
    assert!(yaml.file("client.rs").unwrap().contains("pub fn renamed("));
    assert!(yaml.files().eq(json.files()));
}

#[test]
fn scalars_are_those_of_yaml_1_2() {
    for (yaml, value) in [
        ("true", json!(true)),
        ("False", json!(false)),
        ("null", json!(null)),
        ("~", json!(null)),
        ("", json!(null)),
        ("12", json!(12)),
        ("-3", json!(-3)),
        ("18446744073709551615", json!(u64::MAX)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("1.5e3", json!(1500.0)),
        (".5", json!(0.5)),
        ("yes", json!("yes")),
        ("Off", json!("Off")),
        ("n", json!("n")),
        ("2020-01-31", json!("2020-01-31")),
        ("2020-01-31T10:00:00Z", json!("2020-01-31T10:00:00Z")),
        ("12:30:45", json!("12:30:45")),
        ("1_000", json!("1_000")),
        ("007", json!("007")),
        ("1.2.3", json!("1.2.3")),
        ("nan", json!("nan")),
        (".inf", json!(".inf")),
        ("'12'", json!("12")),
        ("!!str 12", json!("12")),
        ("!!int '12'", json!(12)),
        ("!custom 12", json!("12")),
        (
            "{200: a, true: b, ~: c}",
            json!({"200": "a", "true": "b", "~": "c"}),
        ),
    ] {
        assert_eq!(read(yaml), value, "{yaml}");
    }
}

#[test]
fn anchors_aliases_and_merge_keys_are_expanded() {
    let yaml = "
  base: &base {a: 1, b: 2}
  list: [*base, &text word, *text]
  merged: {<<: *base, b: 3}
  twice: {<<: [{c: 4}, *base]}
  *text : 5";
    let base = json!({"a": 1, "b": 2});
    let expected = json!({
        "base": base,
        "list": [base, "word", "word"],
        "merged": {"a": 1, "b": 3},
        "twice": {"a": 1, "b": 2, "c": 4},
        "word": 5
    });
    assert_eq!(read(yaml), expected);
}

#[test]
fn a_large_spec_in_yaml_is_read_in_seconds() {
    let mut spec = "openapi: 3.0.3\npaths: {}\nx-large:\n".to_owned();
    while spec.len() < 4_000_000 {
        let key = spec.len();
        let _ = write!(
            spec,
            "  key{key}:\n    - name: 'a string'\n      value: {key}\n"
        );
    }
    let start = Instant::now();
    openapi30(&Spec::from_string("api.yaml", spec)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
}
