//! Pydantic's reading of values by a schema. In paths and queries `"7"` is an integer; in bodies,
//! where Pydantic may be as lax, the sandbox is strict and takes only what the description says.

use serde_json::{Number, Value, json};

use crate::compute::time;
use crate::compute::validation::Defaults;
use crate::specification::COMPUTE;
use crate::store::Object;

type Place = Vec<Value>;

/// What is wrong with a value and where it is, as it is told.
pub(super) struct Problem(Value);

impl Problem {
    fn new(kind: &'static str, place: Place, message: impl Into<String>, input: &Value) -> Self {
        let message: String = message.into();
        Self(json!({ "type": kind, "loc": place, "msg": message, "input": input }))
    }

    pub(super) fn missing(place: Place, input: Value) -> Self {
        Self::new("missing", place, "Field required", &input)
    }

    fn with_context(mut self, context: Value) -> Self {
        self.0["ctx"] = context;
        self
    }

    pub(super) fn into_json(self) -> Value {
        self.0
    }
}

/// The value in the form in which it is held; `None` if something was wrong with it.
pub(super) fn read(
    schema: &'static Value,
    value: &Value,
    place: Place,
    defaults: Defaults,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let schema = COMPUTE.resolve(schema);
    if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
        if value.is_null() && is_nullable(schema) {
            return Some(Value::Null);
        }
        return any_of(alternatives, value, &place, defaults, problems);
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return noted(one_of(names, value, place), problems);
    }
    let read = match kind(schema) {
        "null" if value.is_null() => Ok(Value::Null),
        "null" => Err(Problem::new(
            "none_required",
            place,
            "Input should be None",
            value,
        )),
        "string" => text(schema, value, place),
        "integer" => {
            integer(value, &place).and_then(|number| in_bounds(schema, value, number, place))
        }
        "number" => float(value, place),
        "boolean" => boolean(value, place),
        "array" => return list(schema, value, &place, defaults, problems),
        "object" => return object(schema, value, &place, defaults, problems),
        _ => Ok(value.clone()),
    };
    noted(read, problems)
}

/// Whether values of this schema can be put in an order.
pub(super) fn is_sortable(schema: &'static Value) -> bool {
    let schema = COMPUTE.resolve(schema);
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(alternatives) => alternatives.iter().all(is_sortable),
        None => !matches!(kind(schema), "array" | "object"),
    }
}

pub(super) fn is_nullable(schema: &Value) -> bool {
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    alternatives.is_some_and(|alternatives| alternatives.iter().any(|any| kind(any) == "null"))
}

/// What stands in a field that nobody has set.
pub(super) fn initial(schema: &'static Value) -> Value {
    let resolved = COMPUTE.resolve(schema);
    let default = schema.get("default").or_else(|| resolved.get("default"));
    if let Some(default) = default {
        return default.clone();
    }
    if let Some(alternatives) = resolved.get("anyOf").and_then(Value::as_array) {
        return match alternatives.first() {
            Some(first) if !is_nullable(resolved) => initial(first),
            _ => Value::Null,
        };
    }
    let first_name = resolved.get("enum").and_then(|names| names.get(0));
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
    schema.get("type").and_then(Value::as_str).unwrap_or("")
}

fn noted(read: Result<Value, Problem>, problems: &mut Vec<Problem>) -> Option<Value> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// The first alternative that takes the value; if none does, what all of them have against it.
fn any_of(
    alternatives: &'static [Value],
    value: &Value,
    place: &Place,
    defaults: Defaults,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let mut objections = Vec::new();
    for schema in alternatives.iter().filter(|schema| kind(schema) != "null") {
        let mut of_this = Vec::new();
        let read = read(schema, value, place.clone(), defaults, &mut of_this);
        if read.is_some() && of_this.is_empty() {
            return read;
        }
        objections.append(&mut of_this);
    }
    problems.append(&mut objections);
    None
}

fn one_of(names: &[Value], value: &Value, place: Place) -> Result<Value, Problem> {
    if names.contains(value) {
        return Ok(value.clone());
    }
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("'{}'", name.as_str().unwrap_or_default()))
        .collect();
    let expected = match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    };
    let problem = Problem::new("enum", place, format!("Input should be {expected}"), value);
    Err(problem.with_context(json!({ "expected": expected })))
}

fn text(schema: &Value, value: &Value, place: Place) -> Result<Value, Problem> {
    let Some(text) = value.as_str() else {
        let message = "Input should be a valid string";
        return Err(Problem::new("string_type", place, message, value));
    };
    if schema.get("format").and_then(Value::as_str) == Some("date-time") {
        return time::parse(text)
            .map(|time| json!(time::naive(time)))
            .ok_or_else(|| {
                let message = "Input should be a valid datetime";
                Problem::new("datetime_parsing", place, message, value)
            });
    }
    let longest = schema.get("maxLength").and_then(Value::as_u64);
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    match longest {
        Some(longest) if length > longest => {
            let message = format!("String should have at most {longest} characters");
            let problem = Problem::new("string_too_long", place, message, value);
            Err(problem.with_context(json!({ "max_length": longest })))
        }
        _ => Ok(value.clone()),
    }
}

fn integer(value: &Value, place: &Place) -> Result<i64, Problem> {
    let refusal = |kind, message: &str| Problem::new(kind, place.clone(), message, value);
    match value {
        Value::String(text) => match parsed(text.trim()) {
            Ok(_) if is_in_body(place) => {
                Err(refusal("int_type", "Input should be a valid integer"))
            }
            read => read.map_err(|(kind, message)| refusal(kind, message)),
        },
        Value::Number(number) => number.as_i64().or_else(|| whole(number)).ok_or_else(|| {
            if number.as_f64().is_some_and(|float| float.fract() != 0.0) {
                let message =
                    "Input should be a valid integer, got a number with a fractional part";
                refusal("int_from_float", message)
            } else {
                refusal("int_type", "Input should be a valid integer")
            }
        }),
        _ => Err(refusal("int_type", "Input should be a valid integer")),
    }
}

fn parsed(text: &str) -> Result<i64, (&'static str, &'static str)> {
    text.parse().map_err(|_| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            (
                "int_parsing_size",
                "Unable to parse input string as an integer, exceeded maximum size",
            )
        } else {
            (
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            )
        }
    })
}

/// `1.0` is an integer. Beyond 2^53 a float no longer says which one.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: &Number) -> Option<i64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64()?;
    (float.fract() == 0.0 && float.abs() <= LARGEST_EXACT).then_some(float as i64)
}

fn in_bounds(schema: &Value, value: &Value, number: i64, place: Place) -> Result<Value, Problem> {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let broken = match (bound("minimum"), bound("maximum")) {
        (Some(minimum), _) if number < minimum => {
            Some(("greater_than_equal", "greater", "ge", minimum))
        }
        (_, Some(maximum)) if number > maximum => Some(("less_than_equal", "less", "le", maximum)),
        _ => None,
    };
    match broken {
        None => Ok(json!(number)),
        Some((kind, comparison, symbol, bound)) => {
            let message = format!("Input should be {comparison} than or equal to {bound}");
            let problem = Problem::new(kind, place, message, value);
            Err(problem.with_context(json!({ symbol: bound })))
        }
    }
}

/// Whether a value has a type of its own; elsewhere everything is text.
fn is_in_body(place: &Place) -> bool {
    place.first().is_some_and(|part| part == "body")
}

fn float(value: &Value, place: Place) -> Result<Value, Problem> {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) if !is_in_body(&place) => text
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| {
                let message = "Input should be a valid number, unable to parse string as a number";
                Problem::new("float_parsing", place, message, value)
            }),
        _ => Err(Problem::new(
            "float_type",
            place,
            "Input should be a valid number",
            value,
        )),
    }
}

fn boolean(value: &Value, place: Place) -> Result<Value, Problem> {
    let text = match value {
        Value::Bool(_) => return Ok(value.clone()),
        Value::String(text) if !is_in_body(&place) => text.to_ascii_lowercase(),
        _ => {
            let message = "Input should be a valid boolean";
            return Err(Problem::new("bool_type", place, message, value));
        }
    };
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(json!(true)),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(json!(false)),
        _ => {
            let message = "Input should be a valid boolean, unable to interpret input";
            Err(Problem::new("bool_parsing", place, message, value))
        }
    }
}

fn list(
    schema: &'static Value,
    value: &Value,
    place: &Place,
    defaults: Defaults,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let Some(elements) = value.as_array() else {
        let message = "Input should be a valid list";
        problems.push(Problem::new("list_type", place.clone(), message, value));
        return None;
    };
    let items = schema.get("items").unwrap_or(&Value::Null);
    let read = elements.iter().enumerate().map(|(index, element)| {
        read(
            items,
            element,
            below(place, json!(index)),
            defaults,
            problems,
        )
    });
    let read: Vec<Option<Value>> = read.collect();
    read.into_iter()
        .collect::<Option<Vec<_>>>()
        .map(Value::from)
}

/// Fields that the schema does not name are passed over, unless it takes any.
fn object(
    schema: &'static Value,
    value: &Value,
    place: &Place,
    defaults: Defaults,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(sent) = value.as_object() else {
        let (kind, message) = if properties.is_some() {
            (
                "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from",
            )
        } else {
            ("dict_type", "Input should be a valid dictionary")
        };
        problems.push(Problem::new(kind, place.clone(), message, value));
        return None;
    };
    let Some(properties) = properties else {
        return Some(value.clone());
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let mut read_fields = Object::new();
    let mut complete = true;
    for (name, schema) in properties {
        let read = match sent.get(name) {
            Some(value) => {
                let read = read(schema, value, below(place, json!(name)), defaults, problems);
                complete &= read.is_some();
                read
            }
            None if is_required(name) => {
                let place = below(place, json!(name));
                problems.push(Problem::missing(place, value.clone()));
                complete = false;
                None
            }
            None if defaults == Defaults::Filled => schema.get("default").cloned(),
            None => None,
        };
        if let Some(read) = read {
            read_fields.insert(name.clone(), read);
        }
    }
    complete.then_some(Value::Object(read_fields))
}

fn below(place: &Place, step: Value) -> Place {
    let mut place = place.clone();
    place.push(step);
    place
}
