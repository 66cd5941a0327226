//! Specs that cannot be used: the problem, its place, and a remedy.

use compute_kfp_codegen::{Error, Overlay, Problem, Spec, generate, openapi30};
use proptest::prelude::*;
use serde_json::{Value, json};

fn error_of(text: &str) -> Error {
    match generate(&Spec::from_string("api.json", text)) {
        Ok(_) => panic!("was generated: {}", &text[..text.len().min(500)]),
        Err(error) => error,
    }
}

/// Returns the only problem of a spec, after checking that it has a file name and a remedy.
fn problem_of(text: &str) -> Problem {
    let error = error_of(text);
    assert_eq!(error.problems().len(), 1, "{error}");
    let problem = error.problems()[0].clone();
    assert_eq!(problem.file, "api.json");
    assert!(!problem.message.is_empty() && !problem.remedy.is_empty());
    let place = match &problem.in_file {
        None => format!("api.json#{}: ", problem.pointer),
        Some(in_file) => format!("api.json#{} (in the file: {in_file}): ", problem.pointer),
    };
    // Control characters are escaped, because terminals obey them.
    let place = place.replace('\n', "\\n");
    assert!(error.to_string().starts_with(&place), "{error}");
    assert!(!error.to_string().contains(char::is_control));
    problem
}

fn says(text: &str, pointer: &str, message: &str) {
    let problem = problem_of(text);
    assert_eq!(problem.pointer, pointer, "{}", problem.message);
    assert!(problem.message.contains(message), "{}", problem.message);
}

/// Like `says`, with the place in the file, for parts that lifting moves.
fn says_in_file(text: &str, in_file: &str, message: &str) {
    let problem = problem_of(text);
    let place = problem.in_file.unwrap_or(problem.pointer);
    assert_eq!(place, in_file, "{}", problem.message);
    assert!(problem.message.contains(message), "{}", problem.message);
}

fn v3(paths: Value, components: Value) -> String {
    json!({"openapi": "3.0.3", "paths": paths, "components": components}).to_string()
}

fn schemas(schemas: Value) -> String {
    v3(json!({}), json!({"schemas": schemas}))
}

fn operation(operation: Value) -> String {
    v3(json!({"/x": {"get": operation}}), json!({}))
}

fn v2(paths: Value, definitions: Value) -> String {
    json!({"swagger": "2.0", "paths": paths, "definitions": definitions}).to_string()
}

#[test]
fn invalid_json_and_yaml_are_refused_with_line_and_column() {
    for text in [
        "{",
        "{\"a\": 1e400}",
        "{} {}",
        "{\"a\": \"\\ud800\"}",
        "{openapi: 3.0.3}",
    ] {
        says(text, "", "invalid JSON");
    }
    assert!(problem_of("{\"a\": }").message.contains("line 1 column"));
    for (text, place) in [
        ("openapi: 3.0.3\npaths: {", "line 3 column 1"),
        ("openapi: 3.0.3\n  paths: {}", "line 2 column 8"),
        ("a: *b", "line 1 column 4"),
        ("a: &a [*a]", "line 1 column 8"),
        ("a: 1e400", "line 1 column 4"),
        ("a: 1\n---\nb: 1", "line 2 column 1"),
        ("[a]: 1", "line 1 column 1"),
        ("? {a: 1}\n: 1", "line 1 column 3"),
    ] {
        let text = format!("# YAML\n{text}");
        let line: usize = place[5..6].parse().unwrap();
        let place = format!("line {}{}", line + 1, &place[6..]);
        says(&text, "", "invalid YAML");
        let message = problem_of(&text).message;
        assert!(message.ends_with(&place), "{message} ({place})");
    }
    for text in ["", "nonsense", "- openapi: 3.0.3"] {
        says(text, "", "not an object");
    }
}

#[test]
fn a_duplicate_key_is_refused() {
    says(
        r#"{"openapi": "3.0.3", "openapi": "3.0.3"}"#,
        "",
        "`openapi` occurs twice",
    );
    says(
        "openapi: 3.0.3\npaths:\n  /a: {}\n  '/a': {}",
        "",
        "the key `/a` occurs twice in one object at line 4 column 3",
    );
    says(
        "200: {}\n'200': {}",
        "",
        "the key `200` occurs twice in one object at line 2 column 1",
    );
}

#[test]
fn yaml_that_grows_or_nests_without_bounds_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let items = [below.as_str(); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    says(&bomb, "", "anchors and aliases copy more than");
    says(&format!("a: {}", "[".repeat(200)), "", "invalid YAML");
    let deep: String = (0..200).map(|level| " ".repeat(level) + "a:\n").collect();
    says(&deep, "", "the values are nested too deeply");
    let anchors: String = (0..100)
        .map(|level| format!("{}a: &x{level}\n", " ".repeat(level)))
        .collect();
    assert!(!error_of(&anchors).problems().is_empty());
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert!(
        generate(&Spec::from_string(
            "api.json",
            "\u{feff}{\"openapi\": \"3.1.0\", \"paths\": {}}"
        ))
        .is_ok()
    );
}

#[test]
fn unsupported_versions_are_refused_at_their_place() {
    says("{}", "", "no `swagger` or `openapi` version");
    says("[]", "", "not an object");
    says(
        r#"{"swagger": "1.2"}"#,
        "/swagger",
        "unsupported version \"1.2\"",
    );
    says(r#"{"swagger": 2}"#, "/swagger", "unsupported version 2");
    says(r#"{"openapi": "4.0.0"}"#, "/openapi", "unsupported version");
    says(
        r#"{"openapi": "3.10.0"}"#,
        "/openapi",
        "unsupported version",
    );
    says(r#"{"openapi": "3.0.3", "swagger": "2.0"}"#, "", "both");
}

#[test]
fn a_document_without_paths_is_refused() {
    says(r#"{"openapi": "3.0.3"}"#, "", "no `paths`");
    says(
        r#"{"openapi": "3.0.3", "paths": []}"#,
        "/paths",
        "not an object",
    );
}

#[test]
fn dangling_references_are_reported_at_their_place() {
    let holder = |target: &str| {
        schemas(json!({"A": {"type": "object", "properties": {"b": {"$ref": target}}}}))
    };
    let at = "/components/schemas/A/properties/b";
    for target in [
        &format!("#{at}"),
        "#/components/schemas/Missing",
        "#",
        "",
        "#/paths",
        "#/components/schemas",
    ] {
        says(
            &holder(target),
            &format!("{at}/$ref"),
            "does not lead to a schema",
        );
    }
    for target in ["other.json#/A", "https://x.y/z"] {
        says(&holder(target), at, "");
    }
    says(
        &operation(
            json!({"parameters": [{"$ref": "#/components/parameters/Missing"}], "responses": {}}),
        ),
        "/paths/~1x/get/parameters/0",
        "does not exist",
    );
    says(
        &operation(json!({"responses": {"200": {"$ref": "other.json"}}})),
        "/paths/~1x/get/responses/200",
        "leads to another file",
    );
    says(
        &v3(json!({"/x": {"$ref": "#/paths/~1x"}}), json!({})),
        "/paths/~1x",
        "is circular",
    );
}

#[test]
fn circular_schemas_are_refused() {
    for cycle in [
        json!({"A": {"$ref": "#/components/schemas/A"}}),
        json!({"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}}),
        json!({"A": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "string"}]}}),
        json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}),
        json!({"A": {"oneOf": [{"$ref": "#/components/schemas/B"}, {"type": "string"}]}, "B": {"allOf": [{"$ref": "#/components/schemas/A"}]}}),
    ] {
        let problem = problem_of(&schemas(cycle));
        assert!(
            problem.message.contains("consists of itself"),
            "{}",
            problem.message
        );
        assert!(problem.pointer.ends_with("/$ref"), "{}", problem.pointer);
    }
}

#[test]
fn parameters_that_cannot_be_sent_are_refused() {
    let parameter =
        |parameter: Value| operation(json!({"responses": {}, "parameters": [parameter]}));
    let at = "/paths/~1x/get/parameters/0";
    says(
        &parameter(json!({"name": "a", "in": "hat"})),
        at,
        "unknown location `hat`",
    );
    says(&parameter(json!({"name": "a"})), at, "no location");
    says(&parameter(json!({"in": "query"})), at, "no name");
    says(&parameter(json!("x")), at, "not an object");
    says(
        &parameter(json!({"name": "a", "in": "path"})),
        at,
        "has no `{a}`",
    );
    says(
        &operation(json!({"responses": {}, "parameters": {}})),
        "/paths/~1x/get/parameters",
        "not a list",
    );
    says(
        &operation(
            json!({"responses": {}, "parameters": [{"name": "a", "in": "query"}, {"name": "a", "in": "query"}]}),
        ),
        "/paths/~1x/get/parameters/1",
        "is also declared at `/paths/~1x/get/parameters/0`",
    );
    for path in ["x", "/{", "/}", "/{}", "/{a{b}}", "/a\n    b"] {
        let text = v3(json!({path: {"get": {"responses": {}}}}), json!({}));
        assert!(
            problem_of(&text).message.contains("invalid path template"),
            "{path}"
        );
    }
}

#[test]
fn places_in_swagger_are_those_of_the_original_document() {
    let post = |parameters: Value| {
        v2(
            json!({"/x": {"post": {"parameters": parameters, "responses": {}}}}),
            json!({}),
        )
    };
    let whole = json!({"name": "whole", "in": "body", "schema": {"type": "string"}});
    says_in_file(
        &post(json!([whole, {"name": "a", "in": "query", "enum": "x"}])),
        "/paths/~1x/post/parameters/1/enum",
        "not a list",
    );
    says_in_file(
        &post(
            json!([{"name": "whole", "in": "body", "schema": {"properties": {"a": {"enum": "x"}}}}]),
        ),
        "/paths/~1x/post/parameters/0/schema/properties/a/enum",
        "not a list",
    );
    says_in_file(
        &post(json!([whole, whole])),
        "/paths/~1x/post/parameters/1",
        "a second body",
    );
    says_in_file(
        &post(json!([{"$ref": "#/parameters/Missing"}])),
        "/paths/~1x/post/parameters/0",
        "does not exist",
    );
    says_in_file(
        &v2(json!({}), json!({"A": {"enum": "x"}})),
        "/definitions/A/enum",
        "not a list",
    );
    says_in_file(
        &v2(json!({}), json!({"A": {"$ref": "#/definitions/B"}})),
        "/definitions/A/$ref",
        "does not lead to a schema",
    );
    says_in_file(
        &v2(
            json!({"/x": {"get": {"responses": {"200": {"schema": {"enum": "x"}}}}}}),
            json!({}),
        ),
        "/paths/~1x/get/responses/200/schema/enum",
        "not a list",
    );
    let shared = json!({"/{a}": {"parameters": [{"name": "a", "in": "path", "enum": "x"}], "get": {"responses": {}}}});
    says_in_file(
        &v2(shared, json!({})),
        "/paths/~1{a}/parameters/0/enum",
        "not a list",
    );
}

#[test]
fn places_in_openapi_3_1_are_those_of_the_original_document() {
    let text = json!({"openapi": "3.1.0", "paths": {}, "components": {"schemas": {
        "A": {"properties": {"b": {"$ref": "#/components/schemas/B", "description": "A sibling."}}},
    }}});
    says_in_file(
        &text.to_string(),
        "/components/schemas/A/properties/b/$ref",
        "does not lead to a schema",
    );
}

#[test]
fn contradictory_shapes_are_refused() {
    says(
        &schemas(json!({"A": {"enum": "x"}})),
        "/components/schemas/A/enum",
        "not a list",
    );
    says(
        &schemas(json!({"A": {"allOf": {}}})),
        "/components/schemas/A/allOf",
        "not a list",
    );
    says(
        &schemas(json!({"A": 1})),
        "/components/schemas/A",
        "not an object",
    );
    says(&schemas(json!([])), "/components/schemas", "not an object");
    says(
        &schemas(json!({"A": {"properties": []}})),
        "/components/schemas/A/properties",
        "not an object",
    );
}

#[test]
fn credentials_of_an_unknown_kind_are_refused() {
    says(
        &v3(
            json!({}),
            json!({"securitySchemes": {"Key": {"type": "magic"}}}),
        ),
        "/components/securitySchemes/Key",
        "no supported type",
    );
}

#[test]
fn every_problem_is_reported_in_one_run() {
    let many: serde_json::Map<String, Value> = (0..50)
        .map(|index| (format!("A{index}"), json!({"enum": "x"})))
        .collect();
    let error = error_of(&schemas(Value::Object(many)));
    assert_eq!(error.problems().len(), 50);
    assert_eq!(error.to_string().lines().count(), 50);
}

#[test]
fn an_invalid_overlay_is_reported_with_its_name() {
    let spec = || Spec::from_string("api.json", r#"{"openapi": "3.1.0", "paths": {}}"#);
    for text in [
        "",
        "{}",
        r#"{"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [{"target": "$[", "remove": true}]}"#,
    ] {
        let error = generate(&spec().overlay(Overlay::from_string("fix.json", text))).unwrap_err();
        assert!(error.to_string().starts_with("fix.json#"), "{error}");
    }
}

/// Runs the generator with an absurd document, which must end with code or with an error.
fn survives(name: &str, text: String) -> Option<Error> {
    let started = std::time::Instant::now();
    let result = generate(&Spec::from_string("api.json", text));
    println!(
        "{name}: {:?}, {}",
        started.elapsed(),
        result.as_ref().err().map_or("generated", |_| "refused")
    );
    result.err()
}

fn named(count: usize, schema: impl Fn(usize) -> Value) -> Value {
    (0..count)
        .map(|index| (format!("A{index}"), schema(index)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn refer(index: usize) -> Value {
    json!({"$ref": format!("#/components/schemas/A{index}")})
}

fn refused(name: &str, text: String) {
    assert!(survives(name, text).is_some(), "{name} was generated");
}

#[test]
#[ignore = "takes 10 s of CPU time: `ci/tests` runs it"]
fn absurd_sizes_are_refused() {
    let get = |index: usize| {
        (
            format!("/{index}"),
            json!({"get": {"operationId": format!("o{index}"), "responses": {}}}),
        )
    };
    let paths = |count: usize| Value::Object((0..count).map(get).collect());
    refused("33 MB", " ".repeat(33 * 1024 * 1024));
    refused("20 MB of brackets", "[".repeat(20 * 1024 * 1024));
    refused("20 MB of commas", ",".repeat(20 * 1024 * 1024));
    refused(
        "2 MB of text",
        format!("\"{}\"", "x".repeat(2 * 1024 * 1024)),
    );
    refused(
        "100k deep",
        format!(
            "{{\"openapi\":\"3.0.3\",\"paths\":{}",
            "{\"a\":".repeat(100_000)
        ),
    );
    refused("3001 operations", v3(paths(3_001), json!({})));
    refused(
        "6001 schemas",
        schemas(named(6_001, |_| json!({"type": "object"}))),
    );
    refused(
        "a chain of references",
        schemas(named(1_000, |index| {
            if index == 999 {
                json!({"type": "string"})
            } else {
                refer(index + 1)
            }
        })),
    );
    refused(
        "lists in lists",
        schemas(named(1_000, |index| {
            if index == 0 {
                json!({})
            } else {
                json!({"type": "array", "items": refer(index - 1)})
            }
        })),
    );
    let grown = |index: usize| {
        let own = json!({"properties": {format!("p{index}"): {"type": "string"}}});
        if index == 0 {
            own
        } else {
            json!({"allOf": [refer(index - 1), own]})
        }
    };
    refused("objects that grow", schemas(named(1_000, grown)));
    let properties = |count: usize| named(count, |_| json!({"type": "string"}));
    refused(
        "60k properties",
        schemas(json!({"A": {"properties": properties(60_001)}})),
    );
    let values: Vec<String> = (0..60_001).map(|index| format!("v{index}")).collect();
    refused(
        "60k values",
        schemas(json!({"A": {"type": "string", "enum": values}})),
    );
    let alternatives: Vec<Value> = (0..60_001)
        .map(|_| json!({"type": "object", "properties": {"a": {}}}))
        .collect();
    refused(
        "60k alternatives",
        schemas(json!({"A": {"anyOf": alternatives}})),
    );
    let parameters: Vec<Value> = (0..1_001)
        .map(|index| json!({"name": format!("p{index}"), "in": "query"}))
        .collect();
    refused(
        "1001 parameters",
        operation(json!({"responses": {}, "parameters": parameters})),
    );
}

#[test]
fn large_but_plausible_specs_are_generated() {
    let doubled = |index: usize| {
        if index == 0 {
            json!({"properties": {"a": {}}})
        } else {
            json!({"allOf": [refer(index - 1), refer(index - 1)]})
        }
    };
    assert_eq!(
        survives("allOf that doubles", schemas(named(60, doubled))),
        None
    );
    let prose = ["word ", "- a\n", "> ", "[", "`", "*", "<a", "    x\n\n"]
        .map(|piece| piece.repeat(40_000));
    for text in prose {
        let name = format!("prose of {:?}", &text[..4.min(text.len())]);
        assert_eq!(
            survives(
                &name,
                operation(json!({"responses": {}, "description": text}))
            ),
            None
        );
    }
    assert_eq!(
        survives(
            "5 MB of text",
            operation(json!({"responses": {}, "description": "word ".repeat(1_000_000)}))
        ),
        None
    );
    refused(
        "a name of 1 MB",
        schemas(json!({"x".repeat(1_000_000): {"type": "object", "properties": {"a": {}}}})),
    );
    let get = |index: usize| {
        (
            format!("/{index}"),
            json!({"get": {"operationId": format!("o{index}"), "responses": {}}}),
        )
    };
    let paths: serde_json::Map<String, Value> = (0..100).map(get).collect();
    let object = |index: usize| json!({"properties": {"a": {"type": "string"}, "b": refer((index + 1) % 200)}});
    assert_eq!(
        survives(
            "100 operations, 200 schemas",
            v3(Value::Object(paths), json!({"schemas": named(200, object)}))
        ),
        None
    );
}

const OPENAPI: &str = r##"{
        "openapi": "3.1.0", "info": {"title": "t", "version": "v"},
        "paths": {"/a/{b}": {
            "parameters": [{"$ref": "#/components/parameters/b"}],
            "post": {
                "operationId": "o", "tags": ["t"], "deprecated": true, "summary": "s",
                "parameters": [{"name": "q", "in": "query", "required": true, "style": "form", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                "responses": {"200": {"$ref": "#/components/responses/r"}, "204": {"description": ""}},
                "security": [{"k": []}]
            },
            "put": {"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}, "required": ["f"]}}}}, "responses": {}}
        }},
        "components": {
            "parameters": {"b": {"name": "b", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}},
            "responses": {"r": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}},
            "schemas": {
                "A": {"type": "object", "title": "A", "description": "d", "properties": {
                    "x": {"anyOf": [{"$ref": "#/components/schemas/E"}, {"type": "null"}], "default": "a"},
                    "y": {"prefixItems": [{"type": "string"}]}, "z": {"const": 1}, "u": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/A"}]},
                    "m": {"type": ["object", "null"], "additionalProperties": {"type": "integer"}}
                }, "required": ["x"], "additionalProperties": false},
                "E": {"type": "string", "enum": ["a", "b"]},
                "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"w": {"type": "string", "nullable": true}}}]}
            },
            "securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "k"}}
        }
    }"##;

const SWAGGER: &str = r##"{
        "swagger": "2.0", "info": {"title": "t", "version": "v"}, "host": "h", "basePath": "/", "schemes": ["https"], "consumes": ["application/json"],
        "paths": {"/a/{b.c}": {"parameters": [{"$ref": "#/parameters/b"}], "post": {
            "operationId": "S_o", "parameters": [
                {"name": "body", "in": "body", "required": true, "schema": {"$ref": "#/definitions/A"}},
                {"name": "q", "in": "query", "type": "array", "items": {"type": "string", "enum": ["a"]}, "collectionFormat": "multi"}
            ],
            "responses": {"200": {"description": "", "schema": {"type": "file"}}, "default": {"$ref": "#/responses/d"}}, "security": [{"k": []}]
        }, "put": {"consumes": ["multipart/form-data"], "parameters": [{"name": "f", "in": "formData", "type": "file", "required": true}], "responses": {}}}},
        "parameters": {"b": {"name": "b.c", "in": "path", "required": true, "type": "string"}},
        "responses": {"d": {"description": "", "schema": {"$ref": "#/definitions/A"}}},
        "definitions": {"A": {"type": "object", "x-nullable": true, "properties": {"n": {"type": "string", "format": "int64"}, "l": {"type": "array", "items": {"$ref": "#/definitions/A"}}}}},
        "securityDefinitions": {"k": {"type": "oauth2", "flow": "accessCode", "scopes": {}}}
    }"##;

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            pointers(
                value,
                &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                found,
            );
        }),
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// Generates code, and checks the errors if that fails.
fn is_proper(text: String) {
    let Err(error) = generate(&Spec::from_string("api.json", text.as_str())) else {
        return;
    };
    let read: Option<Value> = serde_json::from_str(&text).ok();
    let lifted = openapi30(&Spec::from_string("api.json", text.as_str())).ok();
    for problem in error.problems() {
        assert!(
            !problem.message.contains("panicked") && !problem.remedy.contains("report this"),
            "{error}\n{text}"
        );
        assert!(!problem.remedy.is_empty(), "{error}");
        let stands = |document: &Option<Value>, place: &str| {
            (document.as_ref()).is_none_or(|document| document.pointer(place).is_some())
        };
        let in_file = problem.in_file.as_ref().unwrap_or(&problem.pointer);
        assert!(stands(&read, in_file), "{error}: no such place in\n{text}");
        assert!(
            stands(&lifted, &problem.pointer),
            "{error}: no such place to change"
        );
    }
}

/// Replaces each part of a spec by a number of other values.
fn every_part_may_be_anything(text: &str, values: usize) {
    let document: Value = serde_json::from_str(text).unwrap();
    generate(&Spec::from_string("api.json", text)).unwrap();
    let mut places = Vec::new();
    pointers(&document, "", &mut places);
    let others = json!([null, [], {}, "x", 0, true]);
    let mut others = others.as_array().unwrap().iter().cycle();
    for place in places {
        for other in others.by_ref().take(values) {
            let mut changed = document.clone();
            *changed.pointer_mut(&place).unwrap() = other.clone();
            is_proper(changed.to_string());
        }
    }
}

#[test]
fn any_replaced_part_of_openapi_is_generated_or_refused_at_an_existing_place() {
    every_part_may_be_anything(OPENAPI, 1);
}

#[test]
fn any_replaced_part_of_swagger_is_generated_or_refused_at_an_existing_place() {
    every_part_may_be_anything(SWAGGER, 1);
}

#[test]
#[ignore = "takes six times as long as with one value for each part: `ci/tests` runs it"]
fn any_value_may_replace_any_part() {
    every_part_may_be_anything(OPENAPI, 6);
    every_part_may_be_anything(SWAGGER, 6);
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "type",
            "properties",
            "items",
            "$ref",
            "allOf",
            "oneOf",
            "anyOf",
            "enum",
            "nullable",
            "required",
            "name",
            "in",
            "schema",
            "content",
            "application/json",
            "multipart/form-data",
            "parameters",
            "responses",
            "200",
            "default",
            "format",
            "requestBody",
            "get",
            "post",
            "operationId",
            "additionalProperties",
            "description",
            "security",
            "const",
            "prefixItems",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z_$@. -]{0,6}",
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        proptest::sample::select(vec![
            "string",
            "object",
            "array",
            "integer",
            "null",
            "path",
            "query",
            "#/components/schemas/A",
            "#/components/schemas/B",
            "int64",
            "date-time",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_document_causes_a_panic(version in "3\\.[01]\\.0|2\\.0", schemas in proptest::collection::btree_map("[AB]|[a-z]{0,4}", anything(), 0..4), operation in anything(), path in "/|/x|/\\{a\\}") {
        let schemas: serde_json::Map<String, Value> = schemas.into_iter().collect();
        let paths = json!({path: {"get": operation.clone(), "post": {"requestBody": {"content": {"application/json": {"schema": operation}}}, "responses": {}}}});
        let document = match version.as_str() {
            "2.0" => json!({"swagger": version, "paths": paths, "definitions": schemas}),
            _ => json!({"openapi": version, "paths": paths, "components": {"schemas": schemas}}),
        };
        is_proper(document.to_string());
    }
}
