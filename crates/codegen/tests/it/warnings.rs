//! Warnings about parts that are left out or changed: the place, and what happens instead.

use compute_kfp_codegen::{Spec, generate, openapi};
use serde_json::{Value, json};

fn warnings(document: &Value) -> Vec<String> {
    let generated = generate(&Spec::from_string("api.json", document.to_string())).unwrap();
    let warnings = generated.warnings().iter();
    warnings
        .map(|warning| warning.to_string().replacen("api.json#", "", 1))
        .collect()
}

#[test]
fn a_completely_supported_document_has_no_warnings() {
    let document = json!({"openapi": "3.1.0", "paths": {"/x": {"get": {"operationId": "x", "responses": {}}}}});
    assert!(warnings(&document).is_empty());
}

#[test]
fn undefined_credentials_are_bearer_tokens_and_reported_once() {
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
    let spec = Spec::from_string("api.json", document.to_string());
    let schemes = &openapi(&spec).unwrap()["components"]["securitySchemes"];
    assert_eq!(schemes["Key"], json!({"type": "http", "scheme": "bearer"}));
}

#[test]
fn credentials_of_other_kinds_are_warnings_that_say_what_is_sent() {
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
            "/components/securitySchemes/M: client certificates are not credentials of a request; \
             no credential is sent; configure the certificate in the HTTP client",
        ]
    );
}

#[test]
fn an_undeclared_path_parameter_is_a_required_string() {
    let document = json!({"openapi": "3.0.3", "paths": {"/x/{id}": {"get": {"operationId": "x", "responses": {}}}}});
    assert_eq!(
        warnings(&document),
        ["/paths/~1x~1{id}/get: the path parameter `id` is not declared; it is a required string"]
    );
    let generated = generate(&Spec::from_string("api.json", document.to_string())).unwrap();
    let client = generated.file("client.rs").unwrap();
    assert!(client.contains("id: impl"), "{client}");
}

#[test]
fn mismatched_names_of_values_are_warnings() {
    let document = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": {
        "E": {"type": "string", "enum": ["a", "b"], "x-enum-varnames": ["First"]},
    }}});
    assert_eq!(
        warnings(&document),
        [
            "/components/schemas/E/x-enum-varnames: `x-enum-varnames` does not have one name for each value \
          of `enum`; values without a name are named after their strings"
        ]
    );
}

#[test]
fn requests_that_the_server_sends_are_not_part_of_a_client() {
    let document = json!({"openapi": "3.1.0", "webhooks": {"w": {}}, "paths": {"/x": {"post": {
        "operationId": "x", "responses": {}, "callbacks": {"c": {}},
    }}}});
    assert_eq!(
        warnings(&document),
        [
            "/webhooks: webhooks; no code is generated for requests that the server sends",
            "/paths/~1x/post/callbacks: callbacks; no code is generated for requests that the server sends",
        ]
    );
}
