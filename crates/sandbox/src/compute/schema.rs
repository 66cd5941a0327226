//! Pydantic's parsing of values by a schema. In paths and queries `"7"` is an integer. Bodies are
//! parsed strictly, as the spec says, although Pydantic may be as lax there.

use std::num::IntErrorKind;

use serde_json::{Number, Value, json};

use crate::compute::time;
use crate::object::{Object, whole};
use crate::specification::COMPUTE;

/// The fault of a value, in the format of the response but without the place.
fn wrong(kind: &str, message: &str) -> Value {
    json!({ "type": kind, "msg": message })
}

fn not_a(type_name: &str, kind: &str) -> Value {
    wrong(kind, &format!("Input should be a valid {type_name}"))
}

/// Reads values by their schemas, and collects their faults.
pub(super) struct Reader {
    /// Whether omitted fields get their defaults. They do not in a body of changes.
    fills_defaults: bool,
    place: Vec<Value>,
    /// The faults so far, each in the format of the response.
    pub(super) problems: Vec<Value>,
}

impl Reader {
    pub(super) fn new(fills_defaults: bool) -> Self {
        Self {
            fills_defaults,
            place: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Returns the value at a place in its stored form, or `None` if it has a fault.
    pub(super) fn read_at(
        &mut self,
        place: &[&str],
        schema: &'static Value,
        value: &Value,
    ) -> Option<Value> {
        self.place = place.iter().map(|step| json!(step)).collect();
        let read = self.read(schema, value);
        self.place.clear();
        read
    }

    fn read(&mut self, schema: &'static Value, value: &Value) -> Option<Value> {
        let schema = COMPUTE.resolve(schema);
        if let Some(alternatives) = schema["anyOf"].as_array() {
            if value.is_null() && is_nullable(schema) {
                return Some(Value::Null);
            }
            return self.any_of(alternatives, value);
        }
        if let Some(names) = schema["enum"].as_array() {
            return self.noted(one_of(names, value), value);
        }
        // In paths and queries everything is text.
        let in_body = self.place.first().is_some_and(|part| part == "body");
        let read = match kind(schema) {
            "null" if value.is_null() => Ok(Value::Null),
            "null" => Err(wrong("none_required", "Input should be None")),
            "string" => text(schema, value),
            "integer" => integer(value, in_body).and_then(|number| in_bounds(schema, number)),
            "number" => float(value, in_body),
            "boolean" => boolean(value, in_body),
            "array" => return self.list(schema, value),
            "object" => return self.object(schema, value),
            _ => Ok(value.clone()),
        };
        self.noted(read, value)
    }

    /// Notes that a required value is missing in the `input`.
    pub(super) fn missing(&mut self, input: &Value) -> Option<Value> {
        self.noted(Err(wrong("missing", "Field required")), input)
    }

    fn noted(&mut self, read: Result<Value, Value>, input: &Value) -> Option<Value> {
        let note = |mut wrong: Value| {
            wrong["loc"] = json!(self.place);
            wrong["input"] = input.clone();
            self.problems.push(wrong);
        };
        read.map_err(note).ok()
    }

    pub(super) fn inside<T>(&mut self, step: Value, read: impl FnOnce(&mut Self) -> T) -> T {
        self.place.push(step);
        let read = read(self);
        self.place.pop();
        read
    }

    /// Returns the value by the first alternative that accepts it, or collects the faults of all
    /// alternatives.
    fn any_of(&mut self, alternatives: &'static [Value], value: &Value) -> Option<Value> {
        let before = self.problems.len();
        let mut schemas = alternatives.iter().filter(|schema| kind(schema) != "null");
        let read = schemas.find_map(|schema| self.read(schema, value))?;
        self.problems.truncate(before);
        Some(read)
    }

    fn list(&mut self, schema: &'static Value, value: &Value) -> Option<Value> {
        let Some(elements) = value.as_array() else {
            return self.noted(Err(not_a("list", "list_type")), value);
        };
        let items = &schema["items"];
        let read = elements.iter().enumerate().map(|(index, element)| {
            self.inside(json!(index), |reader| reader.read(items, element))
        });
        // All of them are read, for their faults.
        let read: Vec<Option<Value>> = read.collect();
        let read: Option<Vec<Value>> = read.into_iter().collect();
        read.map(Value::from)
    }

    /// Parses an object. Fields that the schema does not name are ignored, unless it allows any.
    fn object(&mut self, schema: &'static Value, value: &Value) -> Option<Value> {
        let properties = schema["properties"].as_object();
        let Some(sent) = value.as_object() else {
            let (name, kind) = match properties {
                Some(_) => (
                    "dictionary or object to extract fields from",
                    "model_attributes_type",
                ),
                None => ("dictionary", "dict_type"),
            };
            return self.noted(Err(not_a(name, kind)), value);
        };
        let Some(properties) = properties else {
            return Some(value.clone());
        };
        let required = schema["required"].as_array();
        let is_required =
            |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
        let before = self.problems.len();
        let mut fields = Object::new();
        for (name, schema) in properties {
            let read = match sent.get(name) {
                Some(sent) => self.inside(json!(name), |reader| reader.read(schema, sent)),
                None if is_required(name) => {
                    self.inside(json!(name), |reader| reader.missing(value))
                }
                None => schema
                    .get("default")
                    .filter(|_| self.fills_defaults)
                    .cloned(),
            };
            fields.extend(read.map(|read| (name.clone(), read)));
        }
        (self.problems.len() == before).then_some(Value::Object(fields))
    }
}

pub(super) fn is_sortable(schema: &'static Value) -> bool {
    let schema = COMPUTE.resolve(schema);
    match schema["anyOf"].as_array() {
        Some(alternatives) => alternatives.iter().all(is_sortable),
        None => !matches!(kind(schema), "array" | "object"),
    }
}

pub(super) fn is_nullable(schema: &Value) -> bool {
    let alternatives = schema["anyOf"].as_array();
    alternatives.is_some_and(|alternatives| alternatives.iter().any(|any| kind(any) == "null"))
}

pub(super) fn initial(schema: &'static Value) -> Value {
    let resolved = COMPUTE.resolve(schema);
    let default = schema.get("default").or_else(|| resolved.get("default"));
    if let Some(default) = default {
        return default.clone();
    }
    if let Some(alternatives) = resolved["anyOf"].as_array() {
        return match alternatives.first() {
            Some(first) if !is_nullable(resolved) => initial(first),
            _ => Value::Null,
        };
    }
    let first_name = resolved["enum"].get(0);
    match kind(resolved) {
        "string" => first_name.cloned().unwrap_or_else(|| json!("")),
        "integer" => json!(0),
        "number" => json!(0.0),
        "boolean" => json!(false),
        "array" => json!([]),
        "object" => json!({}),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("")
}

fn one_of(names: &[Value], value: &Value) -> Result<Value, Value> {
    if names.contains(value) {
        return Ok(value.clone());
    }
    let quoted = names
        .iter()
        .map(|name| format!("'{}'", name.as_str().unwrap_or_default()));
    let quoted: Vec<String> = quoted.collect();
    let expected = match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    };
    let message = format!("Input should be {expected}");
    Err(json!({ "type": "enum", "msg": message, "ctx": { "expected": expected } }))
}

fn text(schema: &Value, value: &Value) -> Result<Value, Value> {
    let text = value.as_str();
    let text = text.ok_or_else(|| not_a("string", "string_type"))?;
    if schema["format"].as_str() == Some("date-time") {
        let time = time::parse(text).ok_or_else(|| not_a("datetime", "datetime_parsing"))?;
        return Ok(json!(time::naive(time)));
    }
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    match schema["maxLength"].as_u64() {
        Some(longest) if length > longest => {
            let message = format!("String should have at most {longest} characters");
            let context = json!({ "max_length": longest });
            Err(json!({ "type": "string_too_long", "msg": message, "ctx": context }))
        }
        _ => Ok(value.clone()),
    }
}

fn integer(value: &Value, in_body: bool) -> Result<i64, Value> {
    let other_type = || not_a("integer", "int_type");
    match value {
        Value::String(text) => match text.trim().parse() {
            Ok(_) if in_body => Err(other_type()),
            Ok(number) => Ok(number),
            Err(error) => Err(match error.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => wrong(
                    "int_parsing_size",
                    "Unable to parse input string as an integer, exceeded maximum size",
                ),
                _ => not_a(
                    "integer, unable to parse string as an integer",
                    "int_parsing",
                ),
            }),
        },
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default();
            let whole = number.as_i64().or_else(|| whole(float));
            whole.ok_or_else(|| match float.fract() == 0.0 {
                true => other_type(),
                false => not_a(
                    "integer, got a number with a fractional part",
                    "int_from_float",
                ),
            })
        }
        _ => Err(other_type()),
    }
}

fn in_bounds(schema: &Value, number: i64) -> Result<Value, Value> {
    let bound = |name| schema[name].as_i64();
    let (kind, comparison, symbol, bound) = match (bound("minimum"), bound("maximum")) {
        (Some(least), _) if number < least => ("greater_than_equal", "greater", "ge", least),
        (_, Some(most)) if number > most => ("less_than_equal", "less", "le", most),
        _ => return Ok(json!(number)),
    };
    let message = format!("Input should be {comparison} than or equal to {bound}");
    Err(json!({ "type": kind, "msg": message, "ctx": { symbol: bound } }))
}

fn float(value: &Value, in_body: bool) -> Result<Value, Value> {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) if !in_body => {
            let number = text.trim().parse().ok().and_then(Number::from_f64);
            let refuse = || {
                not_a(
                    "number, unable to parse string as a number",
                    "float_parsing",
                )
            };
            number.map(Value::Number).ok_or_else(refuse)
        }
        _ => Err(not_a("number", "float_type")),
    }
}

fn boolean(value: &Value, in_body: bool) -> Result<Value, Value> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if !in_body => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(json!(true)),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(json!(false)),
            _ => Err(not_a("boolean, unable to interpret input", "bool_parsing")),
        },
        _ => Err(not_a("boolean", "bool_type")),
    }
}
