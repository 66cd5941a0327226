//! Colliding names get different ones, and names on the wire do not change.

use compute_kfp_codegen::{Generated, Overlay, Spec, generate};
use serde_json::{Value, json};

fn generated(document: &Value, overlay: Option<Value>) -> Generated {
    let mut spec = Spec::from_string("api.json", document.to_string());
    if let Some(actions) = overlay {
        let overlay =
            json!({"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": actions});
        spec = spec.overlay(Overlay::from_string("fix.json", overlay.to_string()));
    }
    generate(&spec).unwrap()
}

fn schemas(schemas: Value) -> Value {
    json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": schemas}})
}

fn paths(paths: Value) -> Value {
    json!({"openapi": "3.0.3", "paths": paths})
}

fn get(id: &str) -> Value {
    json!({"get": {"operationId": id, "responses": {}}})
}

/// Returns the names of methods in the order of the document.
fn methods(document: &Value) -> Vec<String> {
    let generated = generated(document, None);
    let client = generated.file("client.rs").unwrap();
    let names = client.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("pub fn ")?;
        let name = name.split(['(', '<']).next()?.trim_start_matches("r#");
        (!["new", "transport", "call"].contains(&name)).then(|| name.to_owned())
    });
    names.collect()
}

fn has(generated: &Generated, file: &str, wanted: &[&str]) {
    let text = generated.file(file).unwrap();
    for wanted in wanted {
        assert!(text.contains(wanted), "no `{wanted}` in\n{text}");
    }
}

#[test]
fn values_of_an_enum_keep_their_strings_and_the_first_its_plain_name() {
    let document = schemas(json!({"Sort": {"type": "string", "enum": [
        "asc", "ASC", "created_at", "-created_at", "+1", "-1", "unknown", "UnknownValue", "asc2",
    ]}}));
    has(
        &generated(&document, None),
        "types.rs",
        &[
            "Asc = \"asc\",",
            "Asc3 = \"ASC\",",
            "CreatedAt = \"created_at\",",
            "MinusCreatedAt = \"-created_at\",",
            "Plus1 = \"+1\",",
            "Minus1 = \"-1\",",
            "UnknownValue = \"unknown\",",
            "UnknownValue2 = \"UnknownValue\",",
            "Asc2 = \"asc2\",",
        ],
    );
}

#[test]
fn colliding_fields_get_different_names() {
    let document = schemas(json!({"Reactions": {"type": "object", "properties": {
        "+1": {"type": "integer"}, "-1": {"type": "integer"},
        "mixedCase": {"type": "string"}, "mixed_case": {"type": "string"},
        "image": {"type": "string"}, "image[]": {"type": "string"},
    }}}));
    let generated = generated(&document, None);
    has(
        &generated,
        "types.rs",
        &[
            "pub _1: ",
            "pub minus_1: ",
            "pub mixed_case: ",
            "pub mixed_case_2: ",
            "pub image: ",
            "pub image_bracket: ",
            "\"+1\"",
            "\"-1\"",
            "\"image[]\"",
        ],
    );
}

#[test]
fn parameters_with_the_same_name_are_named_after_their_location() {
    let document = paths(
        json!({"/s/{session_id}": {"get": {"operationId": "s", "responses": {}, "parameters": [
            {"name": "session_id", "in": "query", "schema": {"type": "string"}},
            {"name": "session_id", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "StartTime", "in": "query", "schema": {"type": "string"}},
            {"name": "StartTime<", "in": "query", "schema": {"type": "string"}},
            {"name": "StartTime>", "in": "query", "schema": {"type": "string"}},
        ]}}}),
    );
    let generated = generated(&document, None);
    has(&generated, "client.rs", &["session_id: impl"]);
    has(
        &generated,
        "builder.rs",
        &[
            "pub fn session_id_query(",
            "pub fn start_time(",
            "pub fn start_time_less(",
            "pub fn start_time_greater(",
        ],
    );
}

#[test]
fn a_body_keeps_its_name_beside_a_parameter_and_a_part_beside_another() {
    let with = |content: Value| {
        generated(
            &paths(
                json!({"/x": {"post": {"operationId": "x", "responses": {}, "parameters": [
                {"name": "body", "in": "query", "schema": {"type": "string"}},
                {"name": "name", "in": "query", "schema": {"type": "string"}},
            ], "requestBody": {"content": content}}}}),
            ),
            None,
        )
    };
    let generated = with(json!({"application/json": {"schema": {"type": "string"}}}));
    has(
        &generated,
        "builder.rs",
        &["pub fn body(", "pub fn body_query("],
    );
    let parts = json!({"name": {"type": "string"}, "f": {"type": "string", "format": "binary"}});
    let generated =
        with(json!({"multipart/form-data": {"schema": {"type": "object", "properties": parts}}}));
    has(
        &generated,
        "builder.rs",
        &[
            "pub fn body(",
            "pub fn name(",
            "pub fn name_part(",
            "pub fn f(",
        ],
    );
    // `call` and the command line use the same names.
    let table = generated.file("operations.rs").unwrap();
    assert!(table.contains("argument(\"name_part\")"), "{table}");
    assert!(!table.contains("name_query"), "{table}");
}

#[test]
fn services_are_kept_only_if_short_names_collide() {
    let document = paths(json!({
        "/projects": get("ProjectService_List"), "/clusters": get("ClusterService_List"),
        "/runs": get("RunService_Archive"),
    }));
    assert_eq!(
        methods(&document),
        ["project_list", "cluster_list", "archive"]
    );
}

#[test]
fn colliding_functions_of_fastapi_keep_the_distinguishing_words_of_their_paths() {
    let document = paths(json!({
        "/api/queues/": {"post": {"operationId": "create_queue_api_queues__post", "responses": {}}},
        "/api/pools/{name}/queues": {
            "parameters": [{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}}],
            "post": {"operationId": "create_queue_api_pools__name__queues_post", "responses": {}},
        },
        "/api/pools": get("read_pools_api_pools_get"),
    }));
    assert_eq!(
        methods(&document),
        ["create_queue_queues", "create_queue_pools", "read_pools"]
    );
    let one_function = paths(json!({"/x": {
        "get": {"operationId": "x_x_post", "responses": {}},
        "post": {"operationId": "x_x_post", "responses": {}},
    }}));
    assert_eq!(methods(&one_function), ["x_get", "x_post"]);
    let one_path = paths(json!({"/x": {
        "get": {"operationId": "x_x_get", "responses": {}},
        "put": {"operationId": "x_x_put", "responses": {}},
    }}));
    assert_eq!(methods(&one_path), ["x_get", "x_put"]);
}

#[test]
fn other_colliding_operations_are_numbered_and_equal_ids_are_named_after_their_paths() {
    let document = paths(json!({"/a": get("listRuns"), "/b": get("list_runs"), "/c": get("call")}));
    assert_eq!(methods(&document), ["list_runs", "list_runs_2", "call_"]);
    let document = paths(json!({"/a": get("x"), "/b": get("x")}));
    assert_eq!(methods(&document), ["x_a", "x_b"]);
    let generated = generated(&document, None);
    let warnings: Vec<String> = generated
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "api.json#/paths/~1b/get: the operationId `x` is also used at `/paths/~1a/get`; \
          the method is `x_b`, and `call` finds it by that name"
        ]
    );
}

#[test]
fn colliding_schemas_keep_their_version_and_builders_and_schemes_differ() {
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let document = schemas(json!({"v1Run": object, "v2beta1Run": object, "run": object}));
    has(
        &generated(&document, None),
        "types.rs",
        &[
            "pub struct Run ",
            "pub struct V2beta1Run ",
            "pub struct Run2 ",
        ],
    );
    let document = json!({"openapi": "3.0.3",
        "paths": {"/a": get("a1"), "/b": get("a_1")},
        "components": {"securitySchemes": {"a-b": {"type": "oauth2"}, "a_b": {"type": "oauth2"}}},
    });
    let generated = generated(&document, None);
    has(
        &generated,
        "builder.rs",
        &["pub struct A1<", "pub struct A1_2<"],
    );
    has(
        &generated,
        "operations.rs",
        &["SCHEME_A_B:", "SCHEME_A_B_2:"],
    );
}

#[test]
fn an_overlay_names_operations_schemas_properties_parameters_parts_and_values() {
    let document = json!({"openapi": "3.0.3",
        "paths": {"/x/{id}": {"post": {"operationId": "x", "responses": {}, "parameters": [
            {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "id", "in": "query", "schema": {"type": "string"}},
        ], "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": {
            "id": {"type": "string"},
        }}}}}}}},
        "components": {"schemas": {
            "Order": {"type": "string", "enum": ["asc", "ASC"]},
            "A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Order"}, "A": {"type": "string"}}},
        }},
    });
    let operation = "$.paths['/x/{id}'].post";
    let name =
        |target: &str, name: &str| json!({"target": target, "update": {"x-rust-name": name}});
    let part =
        format!("{operation}.requestBody.content['multipart/form-data'].schema.properties.id");
    let generated = generated(
        &document,
        Some(json!([
            name(operation, "upload"),
            name(&format!("{operation}.parameters[1]"), "queried_id"),
            name(&part, "sent_id"),
            name("$.components.schemas.A", "Letter"),
            name("$.components.schemas.A.properties.a", "order"),
            {"target": "$.components.schemas.Order", "update": {"x-enum-varnames": ["Lower", "Upper"]}},
        ])),
    );
    assert_eq!(generated.warnings(), []);
    has(&generated, "client.rs", &["pub fn upload("]);
    has(
        &generated,
        "builder.rs",
        &["pub fn queried_id(", "pub fn sent_id("],
    );
    has(
        &generated,
        "types.rs",
        &[
            "pub struct Letter ",
            "pub order: ",
            "pub a: ",
            "Lower = \"asc\",",
            "Upper = \"ASC\",",
        ],
    );
}

#[test]
fn an_explicit_name_is_refused_if_repeated_and_takes_precedence_over_plain_ones() {
    let document = schemas(json!({
        "Run": {"type": "object", "properties": {"a": {}}},
        "Job": {"type": "object", "properties": {"a": {}}, "x-rust-name": "Run"},
    }));
    has(
        &generated(&document, None),
        "types.rs",
        &["pub struct Run ", "pub struct Run2 ", "(alias = \"Job\")"],
    );
    let twice = schemas(json!({"A": {"type": "object", "properties": {
        "a": {"x-rust-name": "same"}, "b": {"x-rust-name": "same"},
    }}}));
    let error = generate(&Spec::from_string("api.json", twice.to_string())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "api.json#/components/schemas/A/properties/b: `same` is also the name set at \
         `/components/schemas/A/properties/a`; rename one of them with `x-rust-name`"
    );
}
