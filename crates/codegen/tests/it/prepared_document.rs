//! The prepared OpenAPI 3.0.3 document, which progenitor and other tools read.

use compute_kfp_codegen::{Spec, openapi};
use serde_json::{Value, json};

fn prepared(spec: &Value) -> Value {
    openapi(&Spec::from_string("api.json", spec.to_string()))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The prepared form of `POST /x/{id}`.
fn operation(operation: Value) -> Value {
    let path =
        json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
    let document = prepared(&json!({
        "openapi": "3.1.0",
        "paths": {"/x/{id}": {"parameters": path, "post": operation}},
        "components": {"schemas": {
            "A": {"type": "object", "properties": {"a": {"type": "string"}}},
            "B": {"type": "object", "properties": {"b": {"type": "string"}}},
        }},
    }));
    document["paths"]["/x/{id}"]["post"].clone()
}

fn json_response(name: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{name}")});
    json!({"description": name, "content": {"application/json": {"schema": schema}}})
}

#[test]
fn names_are_those_of_the_generated_code_and_upstream_names_are_kept() {
    let document = prepared(&json!({
        "swagger": "2.0",
        "info": {"title": "Things", "version": "7", "description": "About things."},
        "tags": [{"name": "ThingService", "description": "Things."}],
        "paths": {"/things/{id}": {"get": {
            "operationId": "ThingService_GetThing", "summary": "Read one", "tags": ["ThingService"],
            "parameters": [{"name": "id", "in": "path", "required": true, "type": "string", "description": "Which."}],
            "responses": {"200": {"description": "The thing.", "schema": {"$ref": "#/definitions/v1Thing"}}},
        }}},
        "definitions": {"v1Thing": {"type": "object", "properties": {
            "kind": {"$ref": "#/definitions/v1Kind"}, "size": {"type": "string", "format": "int64"},
        }}, "v1Kind": {"type": "string", "enum": ["A", "B"]}},
    }));
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(
        document["info"],
        json!({"title": "Things", "version": "7", "description": "About things."})
    );
    assert_eq!(
        document["tags"],
        json!([{"name": "ThingService", "description": "Things."}])
    );
    assert_eq!(
        document["paths"]["/things/{id}"]["get"],
        json!({
            "operationId": "get_thing", "x-upstream-name": "ThingService_GetThing",
            "summary": "Read one", "tags": ["ThingService"],
            "parameters": [{
                "name": "id", "in": "path", "required": true, "description": "Which.",
                "schema": {"type": "string"},
            }],
            "responses": {"200": {"description": "The thing.", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
            }}}},
            "security": [],
        })
    );
    assert_eq!(
        document["components"]["schemas"]["Thing"],
        json!({"type": "object", "x-upstream-name": "v1Thing", "properties": {
            "kind": {"$ref": "#/components/schemas/Kind"},
            "size": {"type": "string", "format": "int64"},
        }})
    );
    assert_eq!(
        document["components"]["schemas"]["Kind"],
        json!({"type": "string", "enum": ["A", "B"], "x-upstream-name": "v1Kind"})
    );
}

#[test]
fn formats_defaults_null_and_required_properties_are_kept() {
    let document = prepared(
        &json!({"openapi": "3.1.0", "paths": {}, "components": {"schemas": {"A": {
            "type": "object", "required": ["id"], "properties": {
                "id": {"type": "string", "format": "uuid"},
                "age": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 7},
                "share": {"type": "number", "format": "float", "default": "much"},
            },
        }}}}),
    );
    assert_eq!(
        document["components"]["schemas"]["A"],
        json!({"type": "object", "required": ["id"], "x-upstream-name": "A", "properties": {
            "id": {"type": "string", "format": "uuid"},
            "age": {"type": "integer", "format": "int64", "nullable": true, "default": 7},
            // An invalid default is left out.
            "share": {"type": "number", "format": "float"},
        }})
    );
}

#[test]
fn parameters_that_progenitor_refuses_are_beside_the_others() {
    let query = |name: &str, style: &str| {
        json!({"name": name, "in": "query", "style": style, "explode": false,
            "schema": {"type": "array", "items": {"type": "string"}}})
    };
    let prepared = operation(json!({
        "operationId": "x", "responses": {"204": {"description": ""}}, "parameters": [
            {"name": "plain", "in": "query", "schema": {"type": "string"}},
            {"name": "session", "in": "cookie", "schema": {"type": "string"}},
            query("comma", "form"), query("pipe", "pipeDelimited"),
            {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
        ],
    }));
    let names = |key: &str| -> Vec<String> {
        let list = prepared[key].as_array().unwrap().iter();
        list.map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("parameters"), ["id", "plain", "comma"]);
    assert_eq!(names("x-parameters"), ["session", "pipe", "filter"]);
    let content =
        json!({"application/json": {"schema": {"type": "object", "additionalProperties": {}}}});
    assert_eq!(prepared["x-parameters"][2]["content"], content);
    assert_eq!(prepared["x-parameters"][1]["style"], "pipeDelimited");
}

#[test]
fn media_types_that_progenitor_refuses_are_beside_the_others() {
    let body = |media: &str, schema: Value| {
        let body = json!({"required": true, "content": {media: {"schema": schema}}});
        operation(json!({"operationId": "x", "requestBody": body, "responses": {}}))["requestBody"]
            .clone()
    };
    let parts =
        json!({"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}});
    let upload = body("multipart/form-data", parts.clone());
    assert_eq!(upload["content"], json!({}));
    assert_eq!(upload["x-content"]["multipart/form-data"]["schema"], parts);
    assert!(body("application/yaml", json!({}))["x-content"]["application/yaml"].is_object());
    for media in [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
    ] {
        let sent = body(media, json!({"type": "string"}));
        assert!(sent["content"][media].is_object(), "{sent}");
        assert_eq!(sent.get("x-content"), None);
    }
}

#[test]
fn each_response_has_its_description_and_progenitor_finds_one_type() {
    let responses = |responses: Value| {
        let operation = operation(json!({"operationId": "x", "responses": responses}));
        (
            operation["responses"].clone(),
            operation["x-responses"].clone(),
        )
    };
    // Errors of the same type are typed.
    let (same, beside) =
        responses(json!({"200": json_response("A"), "default": json_response("B")}));
    assert_eq!(
        same,
        json!({"200": json_response("A"), "4XX": json_response("B"), "5XX": json_response("B")})
    );
    assert!(beside.is_null());
    // The content of errors of different types is under the extension.
    let (differ, _) = responses(
        json!({"204": {"description": "Done."}, "404": json_response("A"), "422": json_response("B")}),
    );
    assert_eq!(differ["204"], json!({"description": "Done."}));
    for (status, name) in [("404", "A"), ("422", "B")] {
        let content = json_response(name)["content"].clone();
        assert_eq!(
            differ[status],
            json!({"description": name, "x-content": content})
        );
    }
    // One success with content, one without.
    let (kept, beside) =
        responses(json!({"200": json_response("A"), "204": {"description": "None."}}));
    assert_eq!(kept, json!({"200": json_response("A")}));
    assert_eq!(beside, json!({"204": {"description": "None."}}));
    // A status without a name.
    let (_, beside) = responses(json!({"200": json_response("A"), "599": {"description": "Odd."}}));
    assert_eq!(beside, json!({"599": {"description": "Odd."}}));
    // The default is the only success.
    let (only, _) = responses(json!({"default": json_response("A")}));
    assert_eq!(only, json!({"200": json_response("A")}));
}

#[test]
fn credentials_are_those_of_each_operation() {
    let document = prepared(&json!({
        "openapi": "3.0.3", "security": [{"key": []}],
        "paths": {"/x": {"get": {"operationId": "a", "responses": {}}}},
        "components": {"securitySchemes": {
            "key": {"type": "apiKey", "in": "query", "name": "key"},
            "login": {"type": "oauth2", "flows": {}},
        }},
    }));
    assert_eq!(
        document["paths"]["/x"]["get"]["security"],
        json!([{"key": []}])
    );
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({
            "key": {"type": "apiKey", "in": "query", "name": "key"},
            "login": {"type": "http", "scheme": "bearer"},
        })
    );
}
