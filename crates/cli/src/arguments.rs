//! From the command line to the arguments of a call.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::ArgMatches;
use compute_kfp::operation::{BodyKind, Operation, Parameter};
use serde_json::{Map, Value};

use crate::failure::{Failure, warn};
use crate::operation_command::{BODY, SET, parts, takes_body};

/// Parts of a body that are files, by their names.
pub type Files = Vec<(String, PathBuf)>;

/// The arguments of a call, with its files.
pub fn of(operation: &'static Operation, matches: &ArgMatches) -> Result<(Value, Files), Failure> {
    let mut arguments = Map::new();
    let mut files = Vec::new();
    for parameter in operation.parameters {
        if let Some(value) = value_of(parameter, matches) {
            warn_of_unknown(parameter, &value);
            arguments.insert(parameter.name.to_owned(), value);
        }
    }
    for part in parts(operation) {
        if part.file {
            let path: Option<&PathBuf> = matches.get_one(part.name);
            files.extend(path.map(|path| (part.name.to_owned(), path.clone())));
        } else if let Some(text) = matches.get_one::<Value>(part.name) {
            arguments.insert(part.name.to_owned(), text.clone());
        }
    }
    if takes_body(operation) {
        let text = matches.get_one::<String>(BODY).map(String::as_str);
        match (operation.body, text) {
            (Some((BodyKind::Raw(_), _)), Some(text)) => match text.strip_prefix('@') {
                Some(path) => files.push((BODY.to_owned(), path.into())),
                None => {
                    let text = if text == "-" {
                        standard_input()?
                    } else {
                        text.to_owned()
                    };
                    arguments.insert(BODY.to_owned(), text.into());
                }
            },
            (_, text) => {
                if let Some(body) = json_body(text, matches)? {
                    arguments.insert(BODY.to_owned(), body);
                }
            }
        }
    }
    Ok((Value::Object(arguments), files))
}

/// The arguments that were written as one JSON object, with its files taken out.
pub fn of_json(operation: &'static Operation, text: &str) -> Result<(Value, Files), Failure> {
    let mut arguments = json("the arguments", text)?;
    let mut files = Vec::new();
    if let Some(given) = arguments.as_object_mut() {
        for part in parts(operation).filter(|part| part.file) {
            match given.get(part.name) {
                Some(Value::String(path)) => {
                    files.push((part.name.to_owned(), path.into()));
                    given.remove(part.name);
                }
                None | Some(Value::Null) => {}
                Some(_) => {
                    return Err(Failure::Usage(format!(
                        "`/{}` is a file; give its path as a string",
                        part.name
                    )));
                }
            }
        }
    }
    Ok((arguments, files))
}

/// What `-`, `@FILE` or a text says.
pub fn text_of(argument: &str) -> Result<String, Failure> {
    match (argument, argument.strip_prefix('@')) {
        ("-", _) => standard_input(),
        (_, Some(path)) => fs::read_to_string(path)
            .map_err(|error| Failure::io(format!("the file `{path}` cannot be read"), &error)),
        (text, None) => Ok(text.to_owned()),
    }
}

fn value_of(parameter: &Parameter, matches: &ArgMatches) -> Option<Value> {
    let given = matches.get_many::<Value>(parameter.name)?.cloned();
    let mut given: Vec<Value> = given.collect();
    match parameter.kind {
        // A list of lists or objects is one JSON text.
        "array" if !given.iter().any(Value::is_array) => Some(given.into()),
        _ => given.pop(),
    }
}

fn warn_of_unknown(parameter: &Parameter, value: &Value) {
    if parameter.values.is_empty() {
        return;
    }
    let given = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    for text in given.iter().filter_map(Value::as_str) {
        if !parameter.values.contains(&text) {
            warn(&format!(
                "`{}` is none of the values that the description names for `{}`: {}; it is sent as it is",
                text.escape_debug(),
                parameter.name,
                parameter.values.join(", ")
            ));
        }
    }
}

fn json_body(text: Option<&str>, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let mut body = match text {
        Some(text) => Some(json("the body", &text_of(text)?)?),
        None => None,
    };
    for setting in matches.get_many::<String>(SET).into_iter().flatten() {
        let Some((path, value)) = setting.split_once('=') else {
            return Err(Failure::Usage(format!(
                "--set `{}` has no `=`; write PATH=VALUE, such as spec.name=demo",
                setting.escape_debug()
            )));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        set(body.get_or_insert(Value::Null), &steps(path), value).map_err(|problem| {
            Failure::Usage(format!("--set `{}`: {problem}", path.escape_debug()))
        })?;
    }
    Ok(body)
}

fn json(what: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::Usage(format!("{what} is not JSON: {error}")))
}

/// Puts a value at a path of names and indices with dots between; `\.` is a dot of a name.
fn set(place: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        *place = value;
        return Ok(());
    };
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(properties) => {
            set(properties.entry(step).or_insert(Value::Null), rest, value)
        }
        Value::Array(items) => {
            let length = items.len();
            let index = step.parse().unwrap_or(usize::MAX);
            if index == length {
                items.push(Value::Null);
            }
            let item = items.get_mut(index).ok_or_else(|| {
                format!(
                    "`{}` is no place in a list of {length}; give a number up to that",
                    step.escape_debug()
                )
            })?;
            set(item, rest, value)
        }
        _ => Err(format!(
            "there is a plain value above `{}`; set another path",
            step.escape_debug()
        )),
    }
}

fn steps(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, steps.last_mut()) {
            ('\\', Some(step)) if letters.peek() == Some(&'.') => step.extend(letters.next()),
            ('.', _) => steps.push(String::new()),
            (letter, Some(step)) => step.push(letter),
            (_, None) => {}
        }
    }
    steps
}

pub fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("standard input cannot be read", &error))?;
    Ok(text)
}
