//! Values that a schema allows, generated from the schema alone.

use serde_json::{Map, Value, json};

use crate::variant::Variant;

/// Maximum depth. It suffices for every object of both APIs, and ends those that contain themselves.
const DEEPEST: usize = 6;

/// A string of characters that must be encoded in a path or query, and some outside of ASCII.
const EDGE_TEXT: &str = "a b/c+d%2Fe&f=g?h#i'j\"k<l>ü€𝄞";

/// Returns a value of a schema. Strings contain `name`.
pub(crate) fn value(document: &Value, schema: &Value, name: &str, variant: Variant) -> Value {
    let maker = Maker { document, variant };
    maker.value(schema, name, 0)
}

struct Maker<'a> {
    document: &'a Value,
    variant: Variant,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let target = self.document.pointer(pointer).unwrap_or(&Value::Null);
            return self.value(target, name, depth);
        }
        for combined in ["allOf", "anyOf", "oneOf"] {
            if let Some(members) = schema[combined].as_array() {
                let null = members.iter().any(|member| member["type"] == "null");
                if null && self.variant == Variant::Edge && depth > 0 {
                    return Value::Null;
                }
                let first = members.iter().find(|member| member["type"] != "null");
                return self.value(first.unwrap_or(&Value::Null), name, depth);
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            let index = if self.variant == Variant::Edge {
                values.len().saturating_sub(1)
            } else {
                0
            };
            return values.get(index).cloned().unwrap_or(Value::Null);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds
                .iter()
                .find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
            kind => kind.as_str(),
        };
        match kind {
            Some("boolean") => json!(self.variant != Variant::Edge),
            Some("integer") => self.integer(schema),
            Some("number") => json!(if self.variant == Variant::Edge {
                -1.5e-7
            } else {
                0.25
            }),
            Some("string") => self.text(schema, name),
            Some("array") if self.variant == Variant::Edge || depth > DEEPEST => json!([]),
            Some("array") => json!([self.value(&schema["items"], name, depth + 1)]),
            Some("object") => self.object(schema, name, depth),
            _ if schema.get("properties").is_some() => self.object(schema, name, depth),
            _ => json!({ "any": [1, "two", null] }),
        }
    }

    fn integer(&self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64();
        match self.variant {
            Variant::Edge => json!(schema["maximum"].as_i64().unwrap_or(i64::from(i32::MAX))),
            _ => json!(least.unwrap_or(0).max(3)),
        }
    }

    fn text(&self, schema: &Value, name: &str) -> Value {
        match (schema["format"].as_str(), self.variant) {
            (Some("date-time"), Variant::Edge) => json!("2026-02-28T23:59:59.999999Z"),
            (Some("date-time"), _) => json!("2026-01-02T03:04:05Z"),
            (Some("int64"), Variant::Edge) => json!(i64::MIN.to_string()),
            (Some("uint64"), Variant::Edge) => json!(u64::MAX.to_string()),
            (Some("int64" | "uint64"), _) => json!("9007199254740993"),
            (Some("byte"), _) => json!("AAEC/w=="),
            (Some("uuid"), _) => json!("7c0f2a94-9f0a-4b06-8b5e-0b7e64f3c1d2"),
            (_, Variant::Edge) => json!(EDGE_TEXT),
            _ => json!(format!("the {name}")),
        }
    }

    fn object(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.is_some_and(|names| names.iter().any(|name| name == key));
            let wanted = self.variant != Variant::Required && depth < DEEPEST;
            if needed || wanted {
                object.insert(key.clone(), self.value(property, key, depth + 1));
            }
        }
        let additional = &schema["additionalProperties"];
        let is_map = additional.is_object() || schema.get("properties").is_none();
        if is_map && self.variant == Variant::All && depth < DEEPEST {
            object.insert(
                format!("{name} key"),
                self.value(additional, name, depth + 1),
            );
        }
        Value::Object(object)
    }
}
