//! Arguments as JSON, checked against the description before anything is sent.

use serde_json::{Map, Value};

use super::find::proposal;
use crate::error::{BuildError, Error};
use crate::operation::{BodyKind, BodyPart, Operation, Parameter};
use crate::request::Request;

/// The argument that is the body, unless an operation without a body has a parameter of that name.
pub(super) const BODY: &str = "body";

/// A request with these arguments; what is wrong with them is said all at once.
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

/// What must be given and is not; files are given later.
fn missing(operation: &Operation, arguments: &Map<String, Value>) -> Vec<String> {
    let given = |name: &str| match arguments.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let parameters = operation.parameters.iter();
    let required = parameters.filter(|parameter| parameter.required && !given(parameter.name));
    let mut missing: Vec<String> = required
        .map(|parameter| {
            let wanted = with_article(parameter.kind);
            format!("{} is required; add {wanted}", pointer(&[parameter.name]))
        })
        .collect();
    let lacks_body = arguments.get(BODY).is_none_or(Value::is_null);
    if let Some((BodyKind::Json | BodyKind::Form, true)) = operation.body
        && lacks_body
    {
        missing.push(format!("{} is required; add it", pointer(&[BODY])));
    }
    missing
}

fn set(request: &mut Request, name: &str, value: Value) -> Result<(), String> {
    let operation = request.operation();
    if let Some(parameter) = operation.parameter(name)
        && (name != BODY || !takes_body(operation))
    {
        check_parameter(parameter, &value)?;
        request.set(name, &value);
        return Ok(());
    }
    if name == BODY && takes_body(operation) {
        return match value {
            Value::Null => Ok(()),
            body => set_body(request, body),
        };
    }
    match (part(operation, name), value) {
        (None, _) => Err(unknown(operation, name)),
        (Some(_), Value::Null) => Ok(()),
        (Some(part), _) if part.file => Err(format!(
            "{} is a file; give it by `file`, which reads it while it is sent",
            pointer(&[name])
        )),
        (Some(part), Value::String(text)) => {
            request.text_part(part.name, text);
            Ok(())
        }
        (Some(_), other) => Err(unfit(&[name], "string", &other)),
    }
}

fn check_parameter(parameter: &Parameter, value: &Value) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    if !fits(parameter.kind, value) {
        return Err(unfit(&[parameter.name], parameter.kind, value));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    for (index, item) in items {
        if !parameter.items.is_empty() && !fits(parameter.items, item) {
            let place = [parameter.name, &index.to_string()];
            return Err(unfit(&place, parameter.items, item));
        }
    }
    Ok(())
}

fn set_body(request: &mut Request, body: Value) -> Result<(), String> {
    let operation = request.operation();
    let kind = operation.body_schema.map_or("any", |schema| schema.kind);
    if !fits(kind, &body) {
        return Err(unfit(&[BODY], kind, &body));
    }
    match operation.body {
        Some((BodyKind::Form, _)) => request.form_body(Ok::<_, BuildError>(body)),
        Some((BodyKind::Raw(media), _)) => match body {
            Value::String(text) => request.raw_body(media, text.into()),
            other => return Err(unfit(&[BODY], "string", &other)),
        },
        _ => request.json_body(Ok::<_, BuildError>(body)),
    }
    Ok(())
}

/// Whether a body is an argument of its own; parts of a form are arguments by their names.
fn takes_body(operation: &Operation) -> bool {
    !matches!(operation.body, None | Some((BodyKind::Multipart(_), _)))
}

pub(super) fn parts(operation: &Operation) -> &'static [BodyPart] {
    match operation.body {
        Some((BodyKind::Multipart(parts), _)) => parts,
        _ => &[],
    }
}

fn part(operation: &Operation, name: &str) -> Option<&'static BodyPart> {
    parts(operation).iter().find(|part| part.name == name)
}

fn unknown(operation: &Operation, name: &str) -> String {
    let place = pointer(&[name]);
    if name == BODY && operation.body.is_none() {
        return format!("{place} is not taken by this operation; leave it out");
    }
    let parameters = operation.parameters.iter().map(|parameter| parameter.name);
    let parts = parts(operation).iter().map(|part| part.name);
    let body = takes_body(operation).then_some(BODY);
    let known: Vec<&str> = parameters.chain(parts).chain(body).collect();
    let alike = proposal(known.iter().map(|known| (*known, name)));
    let remedy = match (alike, known.is_empty()) {
        (Some(alike), _) => format!("did you mean {alike}?"),
        (None, false) => format!("there are `{}`", known.join("`, `")),
        (None, true) => "the operation takes none".to_owned(),
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

/// What a value is, without the value: it may be confidential.
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

fn with_article(kind: &str) -> String {
    match kind {
        "any" => "a value".to_owned(),
        "array" | "integer" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// A place in the arguments, as a JSON pointer.
pub(super) fn pointer(place: &[&str]) -> String {
    let steps = place.iter().map(|step| {
        let step = step.replace('~', "~0").replace('/', "~1");
        format!("/{}", step.escape_debug())
    });
    format!("`{}`", steps.collect::<String>())
}
