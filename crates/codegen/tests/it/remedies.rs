//! Remedies of errors work: applying one by an overlay, at the place in the error, resolves it.

use compute_kfp_codegen::{Overlay, Spec, generate};
use serde_json::{Value, json};

fn v3(paths: Value, components: Value) -> Value {
    json!({"openapi": "3.0.3", "paths": paths, "components": components})
}

fn operation(operation: Value) -> Value {
    v3(json!({"/x": {"post": operation}}), json!({}))
}

fn schemas(schemas: Value) -> Value {
    v3(json!({}), json!({"schemas": schemas}))
}

fn parameters(parameters: Value) -> Value {
    operation(json!({"responses": {}, "parameters": parameters}))
}

fn set(target: &str, value: Value) -> Value {
    json!({"target": target, "update": value})
}

fn remove(target: &str) -> Value {
    json!({"target": target, "remove": true})
}

const PARAMETER: &str = "/paths/~1x/post/parameters/0";
const FIRST: &str = "$.paths['/x'].post.parameters[0]";

/// A document with one problem, the place and the remedy in the error, and the remedy as an overlay.
fn faults() -> Vec<(Value, &'static str, &'static str, Value)> {
    let query = json!({"name": "a", "in": "query"});
    vec![
        (
            parameters(json!([{"name": "a", "in": "hat"}])),
            PARAMETER,
            "use path, query, header or cookie",
            json!([set(FIRST, json!({"in": "query"}))]),
        ),
        (
            parameters(json!([{"in": "query"}])),
            PARAMETER,
            "add a `name`",
            json!([set(FIRST, json!({"name": "a"}))]),
        ),
        (
            parameters(json!([{"name": "a", "in": "path"}])),
            PARAMETER,
            "add it to the path or remove the parameter",
            json!([remove(FIRST)]),
        ),
        (
            parameters(json!([query, query])),
            "/paths/~1x/post/parameters/1",
            "declare it once",
            json!([remove("$.paths['/x'].post.parameters[1]")]),
        ),
        (
            parameters(json!([{"$ref": "#/components/parameters/Missing"}])),
            PARAMETER,
            "refer to a part that this document defines",
            json!([set(
                "$.components",
                json!({"parameters": {"Missing": query}})
            )]),
        ),
        (
            parameters(json!([{"$ref": "parameters.yaml#/a"}])),
            PARAMETER,
            "read the document with `Spec::from_file`, or use a single document",
            json!([
                remove(FIRST),
                set("$.paths['/x'].post.parameters", query.clone())
            ]),
        ),
        (
            parameters(json!({})),
            "/paths/~1x/post/parameters",
            "use a list",
            json!([
                remove("$.paths['/x'].post.parameters"),
                set("$.paths['/x'].post", json!({"parameters": []})),
            ]),
        ),
        (
            json!({"swagger": "2.0", "paths": {"/x": {"post": {"responses": {}, "parameters": [
                {"name": "one", "in": "body", "schema": {}}, {"name": "two", "in": "body", "schema": {}},
            ]}}}}),
            PARAMETER,
            "remove it: an operation has one body",
            json!([remove(FIRST)]),
        ),
        (
            v3(json!({"x": {"get": {"responses": {}}}}), json!({})),
            "/paths/x/get",
            "start it with `/`",
            json!([
                remove("$.paths.x"),
                set("$.paths", json!({"/x": {"get": {"responses": {}}}}))
            ]),
        ),
        (
            schemas(json!({"A": {"$ref": "#/components/schemas/Missing"}})),
            "/components/schemas/A/$ref",
            "define that schema or correct the reference",
            json!([set(
                "$.components.schemas",
                json!({"Missing": {"type": "string"}})
            )]),
        ),
        (
            schemas(json!({"A": {"$ref": "#/components/schemas/A"}})),
            "/components/schemas/A/$ref",
            "break the cycle",
            json!([
                remove("$.components.schemas.A"),
                set("$.components.schemas", json!({"A": {}}))
            ]),
        ),
        (
            schemas(json!({"A": {"enum": "x"}})),
            "/components/schemas/A/enum",
            "use a list of values",
            json!([set("$.components.schemas.A", json!({"enum": ["x"]}))]),
        ),
        (
            schemas(json!({"A": {"allOf": {}}})),
            "/components/schemas/A/allOf",
            "use a list of schemas",
            json!([remove("$.components.schemas.A.allOf")]),
        ),
        (
            schemas(json!({"A": 1})),
            "/components/schemas/A",
            "use an object",
            json!([set("$.components.schemas", json!({"A": {}}))]),
        ),
        (
            schemas(json!({"A": {"type": "object", "properties": {
                "a": {"x-rust-name": "same"}, "b": {"x-rust-name": "same"},
            }}})),
            "/components/schemas/A/properties/b",
            "rename one of them with `x-rust-name`",
            json!([set(
                "$.components.schemas.A.properties.b",
                json!({"x-rust-name": "other"})
            )]),
        ),
        (
            v3(
                json!({}),
                json!({"securitySchemes": {"K": {"type": "magic"}}}),
            ),
            "/components/securitySchemes/K",
            "use `apiKey` (with `in` and `name`)",
            json!([set(
                "$.components.securitySchemes.K",
                json!({"type": "apiKey", "in": "header", "name": "k"})
            )]),
        ),
        (
            json!({"openapi": "3.0.3"}),
            "",
            "provide a spec with operations",
            json!([set("$", json!({"paths": {}}))]),
        ),
    ]
}

#[test]
fn each_remedy_resolves_its_problem() {
    for (document, place, remedy, actions) in faults() {
        let spec = Spec::from_string("api.json", document.to_string());
        let error = generate(&spec).unwrap_err();
        let [problem] = error.problems() else {
            panic!("{error}")
        };
        assert_eq!(problem.pointer, place, "{error}");
        assert!(problem.remedy.starts_with(remedy), "{error}");
        let overlay =
            json!({"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": actions});
        let overlay = Overlay::from_string("fix.json", overlay.to_string());
        let generated = generate(&spec.overlay(overlay));
        let generated = generated.unwrap_or_else(|left| panic!("{error}\nis not enough: {left}"));
        assert!(
            generated.warnings().is_empty(),
            "{:?}",
            generated.warnings()
        );
    }
}

#[test]
fn all_problems_of_a_document_are_reported_in_one_run() {
    let mut paths = serde_json::Map::new();
    for index in 0..30 {
        let parameter = json!({"name": "a", "in": "hat"});
        let item = json!({"get": {"operationId": format!("o{index}"), "responses": {}, "parameters": [parameter]}});
        paths.insert(format!("/{index}"), item);
    }
    let document = v3(
        Value::Object(paths),
        json!({"schemas": {"A": {"enum": 1}}, "securitySchemes": {"K": {"type": "magic"}}}),
    );
    let error = generate(&Spec::from_string("api.json", document.to_string())).unwrap_err();
    assert_eq!(error.problems().len(), 32);
    assert_eq!(error.to_string().lines().count(), 32);
}
