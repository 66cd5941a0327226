//! What is left out or changed is said: the part, its place, and what happens instead.

use compute_kfp_codegen::{Source, generate, openapi};
use serde_json::{Value, json};

fn warnings(document: &Value) -> Vec<String> {
    let generated = generate(&Source::from_text("api.json", document.to_string())).unwrap();
    let warnings = generated.warnings().iter();
    warnings
        .map(|warning| warning.to_string().replacen("api.json#", "", 1))
        .collect()
}

#[test]
fn a_document_that_is_generated_whole_has_none() {
    let document = json!({"openapi": "3.1.0", "paths": {"/x": {"get": {"operationId": "x", "responses": {}}}}});
    assert!(warnings(&document).is_empty());
}

#[test]
fn credentials_that_are_not_defined_are_sent_as_a_bearer_and_named_once() {
    let document = json!({"openapi": "3.0.3", "security": [{"Key": []}], "paths": {
        "/a": {"get": {"operationId": "a", "responses": {}}},
        "/b": {"get": {"operationId": "b", "responses": {}}},
    }});
    assert_eq!(
        warnings(&document),
        [
            "/security/0/Key: the security scheme `Key` is not defined; \
          credentials for it are sent as `Authorization: Bearer …`"
        ]
    );
    let source = Source::from_text("api.json", document.to_string());
    let schemes = &openapi(&source).unwrap()["components"]["securitySchemes"];
    assert_eq!(schemes["Key"], json!({"type": "http", "scheme": "bearer"}));
}

#[test]
fn credentials_of_other_kinds_say_what_is_sent() {
    let document = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {
        "operationId": "a", "responses": {}, "security": [{"D": []}, {"M": []}],
    }}}, "components": {"securitySchemes": {
        "D": {"type": "http", "scheme": "digest"}, "M": {"type": "mutualTLS"},
    }}});
    assert_eq!(
        warnings(&document),
        [
            "/components/securitySchemes/D/scheme: the HTTP scheme `digest` is not supported; \
             credentials for it are sent as `Authorization: Bearer …`",
            "/components/securitySchemes/M: a client certificate is no credential of a request; \
             nothing is sent for it: give the certificate to the HTTP client",
        ]
    );
}

#[test]
fn a_path_parameter_that_is_not_described_is_a_required_text() {
    let document = json!({"openapi": "3.0.3", "paths": {"/x/{id}": {"get": {"operationId": "x", "responses": {}}}}});
    assert_eq!(
        warnings(&document),
        ["/paths/~1x~1{id}/get: the path parameter `id` is not described; it is a required text"]
    );
    let generated = generate(&Source::from_text("api.json", document.to_string())).unwrap();
    let client = generated.file("client.rs").unwrap();
    assert!(client.contains("id: impl"), "{client}");
}

#[test]
fn names_of_values_that_do_not_fit_are_told() {
    let document = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": {
        "E": {"type": "string", "enum": ["a", "b"], "x-enum-varnames": ["First"]},
    }}});
    assert_eq!(
        warnings(&document),
        [
            "/components/schemas/E/x-enum-varnames: `x-enum-varnames` has not one name for each value \
          of `enum`; the values without one are named after their texts"
        ]
    );
}

#[test]
fn what_the_server_calls_is_no_part_of_a_client() {
    let document = json!({"openapi": "3.1.0", "webhooks": {"w": {}}, "paths": {"/x": {"post": {
        "operationId": "x", "responses": {}, "callbacks": {"c": {}},
    }}}});
    assert_eq!(
        warnings(&document),
        [
            "/webhooks: webhooks; no code is generated for what the server calls",
            "/paths/~1x/post/callbacks: callbacks; no code is generated for what the server calls",
        ]
    );
}
