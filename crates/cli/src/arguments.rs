//! Conversion of the command line to the arguments of a call.

use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use compute_kfp::operation::{BodyKind, Operation, Parameter};
use serde_json::{Map, Value};

use crate::failure::{Failure, say, unreadable, warn};
use crate::operation_command::{BODY, SET, Setting};

/// Body parts that are files, by name.
pub type Files = Vec<(String, PathBuf)>;

/// Returns the arguments and files of a call.
pub fn of(operation: &'static Operation, matches: &ArgMatches) -> Result<(Value, Files), Failure> {
    let mut arguments = Map::new();
    for parameter in operation.parameters {
        let Some(mut given) = matches.get_many::<Value>(parameter.argument) else {
            continue;
        };
        given
            .clone()
            .for_each(|value| warn_of_unknown(parameter, value));
        let value = match parameter.kind {
            "array" => given.cloned().collect(),
            _ => given.next().cloned().unwrap_or_default(),
        };
        arguments.insert(parameter.argument.to_owned(), value);
    }
    let path = |name| matches.get_one::<PathBuf>(name).cloned();
    let parts = operation.body_parts();
    let files = parts.filter_map(|part| Some((part.argument.to_owned(), path(part.argument)?)));
    if let Some(BodyKind::Json) = operation.body().map(|body| body.kind) {
        let body = json_body(matches)?;
        arguments.extend(body.map(|body| (BODY.to_owned(), body)));
    }
    Ok((Value::Object(arguments), files.collect()))
}

/// Returns the arguments from one JSON object, and the files taken out of it.
pub fn of_json(operation: &'static Operation, text: &str) -> Result<(Value, Files), Failure> {
    let mut arguments = json("the arguments", text)?;
    let mut files = Vec::new();
    if let Some(given) = arguments.as_object_mut() {
        for part in operation.body_parts().filter(|part| part.file) {
            match given.shift_remove(part.argument) {
                None | Some(Value::Null) => {}
                Some(Value::String(path)) => files.push((part.argument.to_owned(), path.into())),
                Some(_) => {
                    return Err(Failure::Usage(format!(
                        "invalid `/{}`: it is a file; give its path as a string",
                        part.argument
                    )));
                }
            }
        }
    }
    Ok((arguments, files))
}

/// Returns the content that `-`, `@FILE` or a literal string stands for.
pub fn text_of(argument: &str) -> Result<String, Failure> {
    match argument.strip_prefix('@') {
        None if argument != "-" => Ok(argument.to_owned()),
        path => content_of(Path::new(path.unwrap_or(argument))),
    }
}

/// Returns the content of a file, or of standard input if the path is `-`.
pub fn content_of(path: &Path) -> Result<String, Failure> {
    match path == Path::new("-") {
        true => standard_input(),
        false => fs::read_to_string(path).map_err(|error| unreadable(path, &error)),
    }
}

fn warn_of_unknown(parameter: &Parameter, value: &Value) {
    if let Some(text) = value.as_str()
        && !parameter.values.is_empty()
        && !parameter.values.contains(&text)
    {
        warn(&format!(
            "`{}` is not in the spec as a value of `{}`, which lists {}; it is sent unchanged",
            text.escape_debug(),
            parameter.argument,
            parameter.values.join(", ")
        ));
    }
}

fn json_body(matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let mut body = match matches.get_one::<String>(BODY) {
        Some(text) => Some(json("the body", &text_of(text)?)?),
        None => None,
    };
    for (path, value) in matches.get_many::<Setting>(SET).into_iter().flatten() {
        set(body.get_or_insert(Value::Null), path, value.clone()).map_err(|problem| {
            Failure::Usage(format!(
                "--set `{}`: {problem}",
                path.join(".").escape_debug()
            ))
        })?;
    }
    Ok(body)
}

fn json(what: &str, text: &str) -> Result<Value, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
        .map_err(|error| Failure::Usage(format!("invalid JSON in {what}: {error}")))
}

/// Sets the value at a path of names and indices.
fn set(mut place: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    for step in path {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Object(properties) => properties.entry(step).or_insert(Value::Null),
            Value::Array(items) => {
                let length = items.len();
                let index = step.parse().unwrap_or(usize::MAX);
                if index == length {
                    items.push(Value::Null);
                }
                items.get_mut(index).ok_or_else(|| {
                    format!(
                        "`{}` is not an index in a list of {length}; use a number up to {length}",
                        step.escape_debug()
                    )
                })?
            }
            _ => {
                return Err(format!(
                    "`{}` is below a plain value; use another path",
                    step.escape_debug()
                ));
            }
        };
    }
    *place = value;
    Ok(())
}

fn standard_input() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        say("reading standard input from the terminal; finish with Ctrl-D, cancel with Ctrl-C");
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("cannot read standard input", &error))?;
    Ok(text)
}
