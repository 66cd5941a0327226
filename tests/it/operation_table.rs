//! The tables of operations match the specs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use compute_kfp::operation::{Location, Operation, Paging, SchemeKind};
use compute_kfp::{compute, kfp};
use serde_json::{Map, Value, json};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

fn all_operations() -> impl Iterator<Item = &'static Operation> {
    compute::operations::OPERATIONS
        .iter()
        .chain(kfp::operations::OPERATIONS)
        .copied()
}

fn spec(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("specs")
        .join(file);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn described_operations(description: &Value) -> BTreeMap<String, Value> {
    let mut operations = BTreeMap::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                let facts = facts_described(description, method, path, operation);
                operations.insert(operation["operationId"].as_str().unwrap().to_owned(), facts);
            }
        }
    }
    operations
}

fn facts_described(description: &Value, method: &str, path: &str, operation: &Value) -> Value {
    let parameters: Vec<&Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let placed: Map<String, Value> = parameters
        .iter()
        .filter(|parameter| {
            matches!(
                parameter["in"].as_str(),
                Some("path" | "query" | "header" | "cookie")
            )
        })
        .map(|parameter| {
            let facts = json!({
                "in": parameter["in"],
                "required": parameter["required"] == true,
                "deprecated": parameter["deprecated"] == true,
            });
            (parameter["name"].as_str().unwrap().to_owned(), facts)
        })
        .collect();
    let security = operation.get("security").or(description.get("security"));
    let alternatives = security.and_then(Value::as_array).into_iter().flatten();
    let alternatives: Vec<Vec<&String>> = alternatives
        .map(|schemes| schemes.as_object().unwrap().keys().collect())
        .collect();
    json!({
        "method": method.to_uppercase(),
        "path": path,
        "parameters": placed,
        "body": body_described(operation, &parameters),
        "security": alternatives,
        "deprecated": operation["deprecated"] == true,
        "tags": operation["tags"],
    })
}

/// Returns the media type, the parts of a form, and whether the body is required.
fn body_described(operation: &Value, parameters: &[&Value]) -> Value {
    if let Some(body) = operation.get("requestBody") {
        let media: Vec<&String> = body["content"].as_object().unwrap().keys().collect();
        return json!([media[0], [], body["required"] == true]);
    }
    let within = |place: &str| {
        let names = parameters
            .iter()
            .filter(move |parameter| parameter["in"] == place);
        names
            .map(|parameter| &parameter["name"])
            .collect::<Vec<_>>()
    };
    match (within("body").is_empty(), within("formData")) {
        (false, _) => json!([
            "application/json",
            [],
            parameters
                .iter()
                .any(|p| p["in"] == "body" && p["required"] == true)
        ]),
        (true, files) if !files.is_empty() => json!(["multipart/form-data", files, true]),
        _ => Value::Null,
    }
}

fn facts_in_table(operation: &Operation) -> Value {
    let parameters: Map<String, Value> = operation
        .parameters
        .iter()
        .map(|parameter| {
            let location = parameter.location.as_str();
            let facts =
                json!({ "in": location, "required": parameter.required, "deprecated": parameter.deprecated });
            (parameter.name.to_owned(), facts)
        })
        .collect();
    let security: Vec<Vec<&str>> = operation
        .security
        .iter()
        .map(|schemes| schemes.iter().map(|scheme| scheme.name).collect())
        .collect();
    let body = operation.body().map(|body| {
        let names: Vec<&str> = body.kind.parts().iter().map(|part| part.name).collect();
        json!([body.media, names, operation.body_required])
    });
    json!({
        "method": operation.method,
        "path": operation.path,
        "parameters": parameters,
        "body": body,
        "security": security,
        "deprecated": operation.deprecated,
        "tags": operation.tags,
    })
}

#[track_caller]
fn assert_as_described(file: &str, operations: &[&Operation]) {
    let described = described_operations(&spec(file));
    let in_table: BTreeSet<&str> = operations.iter().map(|operation| operation.id).collect();
    assert_eq!(in_table, described.keys().map(String::as_str).collect());
    assert_eq!(
        in_table.len(),
        operations.len(),
        "an operation stands in the table twice"
    );
    for operation in operations {
        assert_eq!(
            facts_in_table(operation),
            described[operation.id],
            "{}",
            operation.id
        );
    }
}

#[test]
fn the_tables_match_the_specs_for_each_operation() {
    assert_as_described("compute.openapi.json", compute::operations::OPERATIONS);
    assert_as_described("kfp.swagger.json", kfp::operations::OPERATIONS);
}

#[test]
fn there_are_137_operations_with_unique_names() {
    let names: BTreeSet<&str> = all_operations().map(|operation| operation.name).collect();
    assert_eq!(all_operations().count(), 137);
    assert_eq!(names.len(), 137);
}

#[test]
fn a_path_takes_exactly_the_path_parameters_of_its_operation() {
    for operation in all_operations() {
        let in_path: BTreeSet<&str> = operation
            .path_pieces()
            .filter_map(|(_, name)| name)
            .collect();
        let in_table: BTreeSet<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Path && parameter.required)
            .map(|parameter| parameter.name)
            .collect();
        assert_eq!(in_path, in_table, "{}", operation.name);
    }
}

#[test]
fn users_are_listed_before_backends_if_either_may_call() {
    let mut counts = BTreeMap::new();
    for operation in compute::operations::OPERATIONS {
        let schemes: Vec<&str> = operation
            .security
            .iter()
            .flat_map(|schemes| schemes.iter())
            .map(|s| s.name)
            .collect();
        *counts.entry(schemes).or_insert(0) += 1;
    }
    let expected = [
        (vec![], 3),
        (vec!["backend"], 12),
        (vec!["user_bearer"], 54),
        (vec!["user_bearer", "backend"], 11),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn credentials_are_sent_in_the_authorization_header() {
    assert_eq!(
        compute::operations::SCHEME_USER_BEARER.kind,
        SchemeKind::Bearer
    );
    for scheme in [
        &compute::operations::SCHEME_BACKEND,
        &kfp::operations::SCHEME_BEARER,
    ] {
        let SchemeKind::ApiKey {
            location: Location::Header,
            name,
        } = scheme.kind
        else {
            panic!("{scheme:?}");
        };
        assert!(name.eq_ignore_ascii_case("authorization"));
    }
}

#[test]
fn only_the_metadata_operations_are_deprecated() {
    let deprecated: BTreeSet<&str> = all_operations()
        .filter(|operation| operation.deprecated)
        .map(|operation| operation.name)
        .collect();
    let expected = [
        "create_metadata_self",
        "read_metadata",
        "read_metadata_by_backend_id",
    ];
    assert_eq!(deprecated, BTreeSet::from(expected));
}

#[test]
fn every_paged_list_declares_how_it_continues() {
    let continuing = |is: fn(Paging) -> bool| {
        all_operations().filter(move |operation| operation.paging.is_some_and(is))
    };
    let by_token = || continuing(|paging| matches!(paging, Paging::Token { .. }));
    let by_number = || continuing(|paging| matches!(paging, Paging::Numbered { .. }));
    let by_time = || continuing(|paging| matches!(paging, Paging::Timed { .. }));
    let taking = |parameter: &'static str| {
        all_operations().filter(move |operation| operation.parameter(parameter).is_some())
    };
    let names = |operations: &mut dyn Iterator<Item = &'static Operation>| {
        operations
            .map(|operation| operation.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&mut by_token()), names(&mut taking("page_token")));
    assert_eq!(names(&mut by_number()), names(&mut taking("page")));
    assert_eq!(names(&mut by_time()), ["get_job_logs"]);
    assert_eq!((by_token().count(), by_number().count()), (9, 20));
}

#[test]
fn the_maximum_page_size_is_that_of_the_spec() {
    for operation in compute::operations::OPERATIONS {
        let expected = match operation.paging {
            Some(Paging::Numbered { .. }) => Some(100),
            Some(Paging::Timed { .. }) => Some(200),
            _ => None,
        };
        assert_eq!(operation.largest_page(), expected, "{}", operation.name);
    }
    for operation in kfp::operations::OPERATIONS {
        assert_eq!(operation.largest_page(), None, "{}", operation.name);
    }
}
