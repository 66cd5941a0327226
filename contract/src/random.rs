//! Values that a server may send: those of a schema, and those that later versions may add.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// A property that no spec has.
pub const UNKNOWN_PROPERTY: &str = "aPropertyOfALaterVersion";

/// A value that no enum has.
pub const UNKNOWN_VALUE: &str = "A_VALUE_OF_A_LATER_VERSION";

/// Maximum depth. It suffices for every object of both APIs, and ends those that contain themselves.
const DEEPEST: usize = 7;

/// Returns a value of a schema. The same state of `random` yields the same value.
pub fn value(document: &Value, schema: &Value, random: &mut Rng) -> Value {
    Maker { document, random }.value(schema, 0)
}

struct Maker<'a> {
    document: &'a Value,
    random: &'a mut Rng,
}

impl Maker<'_> {
    /// Returns `true` once in `times`, on average.
    fn once_in(&mut self, times: u32) -> bool {
        self.random.u32(0..times) == 0
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.document.pointer(reference.trim_start_matches('#'));
            return self.value(target.unwrap_or(&Value::Null), depth);
        }
        for combined in ["allOf", "anyOf", "oneOf"] {
            if let Some(members) = schema[combined].as_array() {
                let member = &members[self.random.usize(0..members.len())];
                return self.value(member, depth);
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            if self.once_in(5) {
                return json!(UNKNOWN_VALUE);
            }
            return values[self.random.usize(0..values.len())].clone();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        match schema["type"].as_str() {
            Some("null") => Value::Null,
            Some("boolean") => json!(self.random.bool()),
            Some("integer") => self.integer(schema),
            Some("number") => json!(f64::from(self.random.i32(..)) / 1024.0),
            Some("string") => self.text(schema),
            Some("array") => {
                let length = if depth > DEEPEST {
                    0
                } else {
                    self.random.usize(0..3)
                };
                (0..length)
                    .map(|_| self.value(&schema["items"], depth + 1))
                    .collect()
            }
            Some("object") => self.object(schema, depth),
            _ if schema.get("properties").is_some() => self.object(schema, depth),
            _ => json!({ "any": [self.random.u8(..), "two", { "three": null }] }),
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        match schema["format"].as_str() {
            Some("int64") => json!(self.random.i64(..)),
            _ => json!(self.random.i32(..)),
        }
    }

    fn text(&mut self, schema: &Value) -> Value {
        let second = self.random.u32(0..60);
        match schema["format"].as_str() {
            Some("date-time") if self.once_in(3) => {
                json!(format!("2026-01-02T03:04:{second:02}.123456"))
            }
            Some("date-time") => json!(format!("2026-01-02T03:04:{second:02}Z")),
            Some("int64") => json!(self.random.i64(..).to_string()),
            Some("uint64") => json!(self.random.u64(..).to_string()),
            Some("byte") => json!("AAEC/w=="),
            _ => json!(
                (0..self.random.usize(0..12))
                    .map(|_| self.random.char(..))
                    .collect::<String>()
            ),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.is_some_and(|names| names.iter().any(|name| name == key));
            if needed || (depth < DEEPEST && self.random.bool()) {
                object.insert(key.clone(), self.value(property, depth + 1));
            }
        }
        if schema.get("properties").is_some() && self.once_in(4) {
            object.insert(UNKNOWN_PROPERTY.to_owned(), json!([1, { "two": null }]));
        }
        let additional = &schema["additionalProperties"];
        if additional.is_object() && depth < DEEPEST {
            for index in 0..self.random.usize(0..3) {
                object.insert(format!("key {index}"), self.value(additional, depth + 1));
            }
        }
        Value::Object(object)
    }
}
