//! The Swagger 2.0 spec in a form that Prism understands, with as few changes as possible.

use serde_json::{Map, Value, json};

/// Returns the spec with the changes that Prism needs:
///
/// - Paths that differ only in the names of their parameters, `/artifacts/{artifact_id}` and
///   `/artifacts/{artifact.artifact_id}`, are merged: Prism uses only the methods of the first.
/// - Strings of the formats `int64` and `byte` get an example. Without one, Prism sends `string`, which
///   is neither.
pub fn for_prism(mut document: Value) -> Value {
    let paths = std::mem::take(&mut document["paths"]);
    let mut merged = Map::new();
    if let Value::Object(paths) = paths {
        for (path, mut item) in paths {
            for parameters in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                shorten_names(&mut parameters["parameters"]);
            }
            let known = merged.entry(short(&path)).or_insert_with(|| json!({}));
            if let (Value::Object(known), Value::Object(item)) = (known, item) {
                known.extend(item);
            }
        }
    }
    document["paths"] = Value::Object(merged);
    add_examples(&mut document);
    document
}

/// Shortens `{artifact.artifact_id}` in a template to `{artifact_id}`.
fn short(path: &str) -> String {
    let segments = path
        .split('{')
        .map(|segment| match segment.split_once('}') {
            Some((name, rest)) => format!("{}}}{rest}", last_part(name)),
            None => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("{")
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn shorten_names(parameters: &mut Value) {
    for parameter in parameters.as_array_mut().into_iter().flatten() {
        if parameter["in"] == "path"
            && let Some(name) = parameter["name"].as_str()
        {
            parameter["name"] = json!(last_part(name));
        }
    }
}

fn add_examples(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let text = object.get("type").is_some_and(|kind| kind == "string");
            let example = match object.get("format").and_then(Value::as_str) {
                Some("int64") if text => Some("9007199254740993"),
                Some("byte") if text => Some("AAEC/w=="),
                _ => None,
            };
            if let Some(example) = example {
                object.insert("example".to_owned(), json!(example));
            }
            object.values_mut().for_each(add_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(add_examples),
        _ => {}
    }
}
