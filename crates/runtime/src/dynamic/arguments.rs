//! Arguments as JSON, checked against the spec before anything is sent.

use serde_json::{Map, Value};

use super::find::proposal;
use crate::error::{BuildError, Error};
use crate::json_pointer;
use crate::operation::{Body, BodyKind, BodyPart, Operation};
use crate::request::Request;

/// Name of the argument for the body, unless an operation without a body has a parameter of that
/// name.
pub(super) const BODY: &str = "body";

/// Builds a request with these arguments; the error lists all problems.
pub(super) fn request(operation: &'static Operation, arguments: Value) -> Result<Request, Error> {
    let Value::Object(arguments) = arguments else {
        return Err(refused(
            operation,
            format!(
                "the arguments are {}; give an object, with the names of parameters and `{BODY}`",
                kind_of(&arguments)
            ),
        ));
    };
    let mut request = Request::new(operation);
    let mut problems = missing(operation, &arguments);
    for (name, value) in arguments {
        if let Err(problem) = set(&mut request, &name, value) {
            problems.push(problem);
        }
    }
    match problems.is_empty() {
        true => Ok(request),
        false => Err(refused(operation, problems.join("; "))),
    }
}

fn refused(operation: &'static Operation, problem: String) -> Error {
    Error::invalid(format!("{problem}; nothing was sent")).during(operation)
}

/// Returns the required arguments that are missing; files are added later.
fn missing(operation: &Operation, arguments: &Map<String, Value>) -> Vec<String> {
    let given = |name: &str| match arguments.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let parameters = operation.parameters.iter();
    let required = parameters.filter(|parameter| parameter.required && !given(parameter.argument));
    let mut missing: Vec<String> = required
        .map(|parameter| {
            let wanted = with_article(parameter.kind);
            format!(
                "{} is required; add {wanted}",
                pointer(&[parameter.argument])
            )
        })
        .collect();
    let lacks_body = arguments.get(BODY).is_none_or(Value::is_null);
    if operation.body_required
        && let [body] = operation.bodies
        && matches!(body.kind, BodyKind::Json | BodyKind::Form)
        && lacks_body
    {
        missing.push(format!("{} is required; add it", pointer(&[BODY])));
    }
    missing
}

fn set(request: &mut Request, name: &str, value: Value) -> Result<(), String> {
    let operation = request.operation();
    let is_null = value.is_null();
    if let Some(body) = body(operation, name) {
        return match is_null {
            true => Ok(()),
            false => set_body(request, body, value),
        };
    }
    if let Some(parameter) = operation.parameter(name) {
        if !is_null {
            check(parameter.argument, parameter.kind, parameter.items, &value)?;
        }
        request.set(name, &value);
        return Ok(());
    }
    match part(operation, name) {
        None => Err(unknown(operation, name)),
        Some(_) if is_null => Ok(()),
        Some(part) if part.file => Err(format!(
            "{} is a file; add it with `file`",
            pointer(&[name])
        )),
        Some(part) => {
            check(name, part.kind, part.items, &value)?;
            request.value_part(part.name, &value);
            Ok(())
        }
    }
}

fn check(name: &str, kind: &str, of_items: &str, value: &Value) -> Result<(), String> {
    if !fits(kind, value) {
        return Err(unfit(&[name], kind, value));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    for (index, item) in items {
        if !of_items.is_empty() && !fits(of_items, item) {
            return Err(unfit(&[name, &index.to_string()], of_items, item));
        }
    }
    Ok(())
}

fn set_body(request: &mut Request, body: &Body, value: Value) -> Result<(), String> {
    let kind = body.schema.map_or("any", |schema| schema.kind);
    if !fits(kind, &value) {
        return Err(unfit(&[body.argument], kind, &value));
    }
    match body.kind {
        BodyKind::Form => request.form_body(Ok::<_, BuildError>(value)),
        BodyKind::Raw(_) => match value {
            Value::String(text) => request.raw_body(body.media, text.into()),
            other => return Err(unfit(&[body.argument], "string", &other)),
        },
        _ => request.json_body_as(body.media, Ok::<_, BuildError>(value)),
    }
    Ok(())
}

/// Returns the body that belongs to an argument.
pub(super) fn body(operation: &Operation, argument: &str) -> Option<&'static Body> {
    whole_bodies(operation).find(|body| body.argument == argument)
}

/// Returns the bodies that are an argument; parts of a form are arguments of their own.
fn whole_bodies(operation: &Operation) -> impl Iterator<Item = &'static Body> + use<> {
    let bodies = operation.bodies.iter();
    bodies.filter(|body| !matches!(body.kind, BodyKind::Multipart(_)))
}

pub(super) fn part(operation: &Operation, argument: &str) -> Option<&'static BodyPart> {
    operation
        .body_parts()
        .find(|part| part.argument == argument)
}

fn unknown(operation: &Operation, name: &str) -> String {
    let place = pointer(&[name]);
    if name == BODY && operation.bodies.is_empty() {
        return format!("{place} is not accepted by this operation; remove it");
    }
    let parameters = operation.parameters.iter().map(|it| it.argument);
    let parts = operation.body_parts().map(|part| part.argument);
    let bodies = whole_bodies(operation).map(|body| body.argument);
    let known: Vec<&str> = parameters.chain(parts).chain(bodies).collect();
    let alike = proposal(known.iter().map(|known| (*known, name)));
    let remedy = match (alike, known.is_empty()) {
        (Some(alike), _) => format!("did you mean {alike}?"),
        (None, false) => format!("the arguments are `{}`", known.join("`, `")),
        (None, true) => "the operation has none".to_owned(),
    };
    format!("{place} is not an argument; {remedy}")
}

fn unfit(place: &[&str], kind: &str, value: &Value) -> String {
    let (wanted, given) = (with_article(kind), kind_of(value));
    format!("{} is {given}; give {wanted}", pointer(place))
}

fn fits(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Returns the JSON type of a value. The value itself is omitted: it may be confidential.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a fraction or an exponent",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

pub(super) fn with_article(kind: &str) -> String {
    match kind {
        "any" => "a value".to_owned(),
        "array" | "integer" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// Returns a position in the arguments as a JSON pointer.
pub(super) fn pointer(place: &[&str]) -> String {
    format!("`{}`", json_pointer::of(place).escape_debug())
}
