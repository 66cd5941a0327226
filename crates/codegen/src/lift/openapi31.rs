//! OpenAPI 3.1, as FastAPI emits it, to OpenAPI 3.0.3.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Keywords of JSON Schema 2020-12 that describe nothing a type could hold.
const DROPPED: [&str; 17] = [
    "$schema",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$comment",
    "$defs",
    "examples",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "propertyNames",
    "contentEncoding",
];

pub(super) fn lift(mut document: Value) -> Value {
    if let Some(root) = document.as_object_mut() {
        root.insert("openapi".into(), "3.0.3".into());
        root.remove("jsonSchemaDialect");
    }
    each_schema(&mut document, false);
    document
}

/// Finds schemas by the keys that hold them, wherever they stand, and lifts each.
fn each_schema(value: &mut Value, named: bool) {
    match value {
        Value::Object(map) => {
            for (key, child) in map.iter_mut() {
                match key.as_str() {
                    "schema" if !named => lift_schema(child),
                    "schemas" if !named => {
                        if let Some(schemas) = child.as_object_mut() {
                            schemas.values_mut().for_each(lift_schema);
                        }
                    }
                    "example" | "examples" if !named => {}
                    // Below these keys stand names of the document's author, not keywords.
                    "paths" | "responses" | "parameters" | "requestBodies" | "headers"
                    | "content"
                        if !named =>
                    {
                        each_schema(child, child.is_object());
                    }
                    _ => each_schema(child, false),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_schema(item, false)),
        _ => {}
    }
}

fn lift_schema(value: &mut Value) {
    match value {
        Value::Bool(_) => *value = json!({}),
        Value::Object(schema) => {
            for child in children(schema) {
                lift_schema(child);
            }
            for keyword in DROPPED {
                schema.shift_remove(keyword);
            }
            lift_const(schema);
            lift_binary(schema);
            lift_tuple(schema);
            lift_bounds(schema);
            lift_type_list(schema);
            lift_null_alternative(schema);
            lift_reference_siblings(schema);
        }
        _ => {}
    }
}

fn children(schema: &mut Object) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(map)) => {
                found.extend(map.values_mut())
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                found.extend(list.iter_mut())
            }
            ("items" | "not", value) => found.push(value),
            ("additionalProperties", value @ Value::Object(_)) => found.push(value),
            _ => {}
        }
    }
    found
}

fn lift_const(schema: &mut Object) {
    if let Some(value) = schema.shift_remove("const") {
        schema.insert("enum".into(), json!([value]));
    }
}

fn lift_binary(schema: &mut Object) {
    if schema.shift_remove("contentMediaType").is_some() && !schema.contains_key("format") {
        schema.insert("format".into(), "binary".into());
    }
}

/// A tuple becomes a list of any of its members' types.
fn lift_tuple(schema: &mut Object) {
    if let Some(Value::Array(mut members)) = schema.shift_remove("prefixItems") {
        members.extend(schema.shift_remove("items").filter(Value::is_object));
        schema.insert("items".into(), json!({"anyOf": members}));
    }
    if schema.get("items").is_some_and(Value::is_boolean) {
        schema.insert("items".into(), json!({}));
    }
}

fn lift_bounds(schema: &mut Object) {
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if schema.get(exclusive).is_some_and(Value::is_number)
            && let Some(limit) = schema.insert(exclusive.into(), true.into())
        {
            schema.insert(bound.into(), limit);
        }
    }
}

fn lift_type_list(schema: &mut Object) {
    let Some(Value::Array(types)) = schema.get("type") else {
        if schema.get("type").and_then(Value::as_str) == Some("null") {
            schema.shift_remove("type");
            schema.insert("nullable".into(), true.into());
            schema.insert("enum".into(), json!([null]));
        }
        return;
    };
    let (nulls, mut types): (Vec<Value>, Vec<Value>) = types
        .iter()
        .cloned()
        .partition(|kind| kind.as_str() == Some("null"));
    if !nulls.is_empty() {
        schema.insert("nullable".into(), true.into());
    }
    if types.len() == 1 {
        schema.insert("type".into(), types.swap_remove(0));
    } else {
        schema.shift_remove("type");
        if !types.is_empty() {
            schema.insert(
                "anyOf".into(),
                types.iter().map(|kind| json!({"type": kind})).collect(),
            );
        }
    }
}

/// `anyOf: [X, null]` becomes a nullable X; a reference is wrapped, because it has no siblings in 3.0.
fn lift_null_alternative(schema: &mut Object) {
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = schema.get_mut(keyword) else {
            continue;
        };
        let before = alternatives.len();
        alternatives.retain(|alternative| alternative.get("enum") != Some(&json!([null])));
        if alternatives.len() == before {
            continue;
        }
        let only = (alternatives.len() == 1).then(|| alternatives.remove(0));
        let none = alternatives.is_empty();
        schema.insert("nullable".into(), true.into());
        match only {
            Some(reference) if reference.get("$ref").is_some() => {
                schema.shift_remove(keyword);
                schema.insert("allOf".into(), json!([reference]));
            }
            Some(Value::Object(inner)) => {
                schema.shift_remove(keyword);
                for (key, value) in inner {
                    schema.entry(key).or_insert(value);
                }
            }
            _ if none => {
                schema.shift_remove(keyword);
            }
            _ => {}
        }
    }
}

fn lift_reference_siblings(schema: &mut Object) {
    if schema.len() > 1
        && let Some(target) = schema.shift_remove("$ref")
    {
        schema.insert("allOf".into(), json!([{"$ref": target}]));
    }
}
