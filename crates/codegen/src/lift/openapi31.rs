//! OpenAPI 3.1, as FastAPI emits it, to OpenAPI 3.0.3.

use serde_json::{Map, Value, json};

use super::TYPE_LIST;
use crate::part::Part;

type Object = Map<String, Value>;

/// Keywords that constrain values of one type.
const OF_TYPE: [(&str, &[&str]); 5] = [
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
        ],
    ),
    ("string", &["format"]),
    ("integer", &["format"]),
    ("number", &["format"]),
];

pub(super) fn lift(mut document: Value) -> Value {
    if let Some(root) = document.as_object_mut() {
        root.insert("openapi".into(), "3.0.3".into());
        root.remove("jsonSchemaDialect");
    }
    each_schema(&mut document, Part::Other, &mut |schema| {
        lift_unevaluated(schema);
        lift_binary(schema);
        lift_keywords(schema, false);
        lift_reference_siblings(schema);
    });
    document
}

/// Lifts the schemas of an OpenAPI 3.0 document, because many are written as in 3.1.
pub(super) fn lift_schemas(mut document: Value) -> Value {
    each_schema(&mut document, Part::Other, &mut |schema| {
        lift_keywords(schema, true)
    });
    document
}

/// Lifts each schema, after the schemas inside of it.
fn each_schema(value: &mut Value, part: Part, lift: &mut impl FnMut(&mut Object)) {
    match value {
        Value::Object(map) if part != Part::Literal => {
            for (key, child) in map.iter_mut() {
                each_schema(child, part.child(key), lift);
            }
            if part == Part::Schema {
                lift(map);
            }
        }
        Value::Array(items) => {
            for item in items {
                each_schema(item, part.item(), lift);
            }
        }
        _ => {}
    }
}

fn lift_keywords(schema: &mut Object, mark: bool) {
    lift_const(schema);
    lift_tuple(schema);
    lift_bounds(schema);
    lift_type_list(schema, mark);
    lift_null_alternative(schema);
}

fn lift_const(schema: &mut Object) {
    if let Some(value) = schema.shift_remove("const") {
        schema.insert("enum".into(), json!([value]));
    }
}

/// Merges properties that no member of a composition declares.
fn lift_unevaluated(schema: &mut Object) {
    if let Some(value) = schema.shift_remove("unevaluatedProperties")
        && value != false
    {
        schema.entry("additionalProperties").or_insert(value);
    }
}

fn lift_binary(schema: &mut Object) {
    if schema.shift_remove("contentMediaType").is_some() && !schema.contains_key("format") {
        schema.insert("format".into(), "binary".into());
    }
}

/// Turns a tuple into a list whose items have any of the members' types.
fn lift_tuple(schema: &mut Object) {
    if let Some(Value::Array(mut members)) = schema.shift_remove("prefixItems") {
        members.extend(match schema.shift_remove("items") {
            Some(Value::Bool(true)) => Some(json!({})),
            items => items.filter(Value::is_object),
        });
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

/// Turns a list of types into alternatives; null in the list makes the schema nullable.
fn lift_type_list(schema: &mut Object, mark: bool) {
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
    if mark {
        schema.insert(TYPE_LIST.into(), true.into());
    }
    if types.len() == 1 {
        schema.insert("type".into(), types.swap_remove(0));
        return;
    }
    schema.shift_remove("type");
    let says_more = ["enum", "allOf", "oneOf", "anyOf", "$ref"];
    if types.is_empty() || says_more.iter().any(|it| schema.contains_key(*it)) {
        return;
    }
    let mut alternatives: Vec<Value> = Vec::new();
    for kind in &types {
        let mut alternative = json!({"type": kind});
        let own = OF_TYPE.iter().find(|(name, _)| kind == name);
        for keyword in own.into_iter().flat_map(|(_, keywords)| *keywords) {
            if let Some(value) = schema.get(*keyword) {
                alternative[keyword] = value.clone();
            }
        }
        alternatives.push(alternative);
    }
    for keyword in OF_TYPE.iter().flat_map(|(_, keywords)| *keywords) {
        schema.shift_remove(*keyword);
    }
    schema.insert("anyOf".into(), alternatives.into());
}

/// Turns `anyOf: [X, null]` into a nullable X, and wraps references, which have no siblings in 3.0.
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
        if none {
            schema.shift_remove(keyword);
        }
        match only {
            Some(Value::Object(inner)) if inner.keys().all(|key| may_move(schema, key)) => {
                for (key, value) in inner {
                    schema.entry(key).or_insert(value);
                }
            }
            Some(member) => add_member(schema, member),
            None => {}
        }
    }
}

/// Returns whether a keyword of a schema's only alternative can move into the schema.
fn may_move(schema: &Object, keyword: &str) -> bool {
    let says_no_shape = ["title", "description", "default", "nullable", "deprecated"];
    keyword != "$ref" && (says_no_shape.contains(&keyword) || !schema.contains_key(keyword))
}

fn add_member(schema: &mut Object, member: Value) {
    match schema.get_mut("allOf").and_then(Value::as_array_mut) {
        Some(members) => members.push(member),
        None => _ = schema.insert("allOf".into(), json!([member])),
    }
}

fn lift_reference_siblings(schema: &mut Object) {
    if schema.len() > 1
        && let Some(target) = schema.shift_remove("$ref")
    {
        add_member(schema, json!({"$ref": target}));
    }
}
