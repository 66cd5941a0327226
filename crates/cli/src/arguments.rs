//! Conversion of the command line to the arguments of a call.

use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::path::PathBuf;

use clap::ArgMatches;
use compute_kfp::operation::{Body, BodyKind, Operation, Parameter};
use serde_json::{Map, Value};

use crate::failure::{Failure, say, warn};
use crate::operation_command::{BODY, SET};

/// Body parts that are files, by name.
pub type Files = Vec<(String, PathBuf)>;

/// Returns the arguments and files of a call.
pub fn of(operation: &'static Operation, matches: &ArgMatches) -> Result<(Value, Files), Failure> {
    let mut arguments = Map::new();
    let mut files = Vec::new();
    for parameter in operation.parameters {
        if let Some(value) = value_of(parameter.argument, parameter.kind, matches) {
            warn_of_unknown(parameter, &value);
            arguments.insert(parameter.argument.to_owned(), value);
        }
    }
    for part in operation.body_parts() {
        if part.file {
            let paths = matches.get_many::<PathBuf>(part.argument);
            let paths = paths.into_iter().flatten();
            files.extend(paths.map(|path| (part.argument.to_owned(), path.clone())));
        } else if let Some(value) = value_of(part.argument, part.kind, matches) {
            arguments.insert(part.argument.to_owned(), value);
        }
    }
    for body in operation.whole_bodies() {
        let text = matches.get_one::<String>(body.argument);
        if let Some(given) = body_of(body, text.map(String::as_str), matches, &mut files)? {
            arguments.insert(body.argument.to_owned(), given);
        }
    }
    Ok((Value::Object(arguments), files))
}

fn body_of(
    body: Body,
    text: Option<&str>,
    matches: &ArgMatches,
    files: &mut Files,
) -> Result<Option<Value>, Failure> {
    match (body.kind, text) {
        (BodyKind::Raw(_), None) => Ok(None),
        (BodyKind::Raw(_), Some("-")) => Ok(Some(standard_input()?.into())),
        (BodyKind::Raw(_), Some(text)) => match text.strip_prefix('@') {
            Some(path) => {
                files.push((body.argument.to_owned(), path.into()));
                Ok(None)
            }
            None => Ok(Some(text.into())),
        },
        (_, text) if body.argument == BODY => json_body(text, matches),
        (_, None) => Ok(None),
        (_, Some(text)) => json("the body", &text_of(text)?).map(Some),
    }
}

/// Returns the arguments from one JSON object, and the files taken out of it.
pub fn of_json(operation: &'static Operation, text: &str) -> Result<(Value, Files), Failure> {
    let mut arguments = json("the arguments", text)?;
    let mut files = Vec::new();
    if let Some(given) = arguments.as_object_mut() {
        for part in operation.body_parts().filter(|part| part.file) {
            let paths = match given.shift_remove(part.argument) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(paths)) if part.kind == "array" => paths,
                Some(path) => vec![path],
            };
            for path in paths {
                let Value::String(path) = path else {
                    return Err(Failure::Usage(format!(
                        "invalid `/{}`: it is a file; give its path as a string",
                        part.argument
                    )));
                };
                files.push((part.argument.to_owned(), path.into()));
            }
        }
    }
    Ok((arguments, files))
}

/// Returns the content that `-`, `@FILE` or a literal string stands for.
pub fn text_of(argument: &str) -> Result<String, Failure> {
    match (argument, argument.strip_prefix('@')) {
        ("-", _) => standard_input(),
        (_, Some(path)) => fs::read_to_string(path)
            .map_err(|error| Failure::io(format!("cannot read the file `{path}`"), &error)),
        (text, None) => Ok(text.to_owned()),
    }
}

fn value_of(argument: &str, kind: &str, matches: &ArgMatches) -> Option<Value> {
    let given = matches.get_many::<Value>(argument)?.cloned();
    let mut given: Vec<Value> = given.collect();
    match kind {
        // A list of lists or objects is one JSON value.
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
                "`{}` is not in the spec as a value of `{}`, which lists {}; it is sent unchanged",
                text.escape_debug(),
                parameter.argument,
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
        let steps = steps(path);
        if steps.len() > DEEPEST {
            return Err(Failure::Usage(format!(
                "--set is {} levels deep; the limit is {DEEPEST}",
                steps.len()
            )));
        }
        set(body.get_or_insert(Value::Null), &steps, value).map_err(|problem| {
            Failure::Usage(format!("--set `{}`: {problem}", path.escape_debug()))
        })?;
    }
    Ok(body)
}

/// Maximum depth of JSON, as when it is parsed.
const DEEPEST: usize = 127;

fn json(what: &str, text: &str) -> Result<Value, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
        .map_err(|error| Failure::Usage(format!("invalid JSON in {what}: {error}")))
}

/// Sets the value at a path. Dots separate names and indices; `\.` is a dot within a name.
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
                    "`{}` is not an index in a list of {length}; use a number up to {length}",
                    step.escape_debug()
                )
            })?;
            set(item, rest, value)
        }
        _ => Err(format!(
            "`{}` is below a plain value; use another path",
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
    if io::stdin().is_terminal() {
        say("reading standard input from the terminal; finish with Ctrl-D, cancel with Ctrl-C");
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("cannot read standard input", &error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::Command;
    use compute_kfp::operation::{Body, BodyKind, BodyPart, Location, Operation, Parameter};
    use serde_json::json;

    use super::of;
    use crate::operation_command::with_arguments_of;

    static OPERATION: Operation = Operation::new("send", "send", "POST", "/{id}")
        .parameters(&[
            Parameter::new("id", Location::Path, "string").required(),
            Parameter::new("id", Location::Query, "any").argument("id_query"),
            Parameter::new("filter", Location::Query, "any"),
        ])
        .body(BodyKind::Json, true)
        .other_bodies(&[
            Body::new("body_xml", BodyKind::Raw("application/xml")),
            Body::new("body_form", BodyKind::Form),
            Body::new(
                "",
                BodyKind::Multipart(&[
                    BodyPart::new("files", true).kind("array"),
                    BodyPart::new("tags", false).kind("array").items("string"),
                    BodyPart::new("count", false).kind("integer"),
                ]),
            ),
        ]);

    fn given(arguments: &[&str]) -> (serde_json::Value, super::Files) {
        let command = with_arguments_of(Command::new("send"), &OPERATION);
        let matches = command.try_get_matches_from([&["send"], arguments].concat());
        of(&OPERATION, &matches.unwrap()).ok().unwrap()
    }

    #[test]
    fn values_are_texts_unless_they_are_lists_or_objects() {
        let (arguments, _) = given(&[
            "--id",
            "1",
            "--id-query",
            "12e400",
            "--filter",
            r#"{"R":1}"#,
        ]);
        assert_eq!(
            arguments,
            json!({"id": "1", "id_query": "12e400", "filter": {"R": 1}})
        );
    }

    #[test]
    fn each_body_and_each_part_is_an_option() {
        let (arguments, _) = given(&["--id", "1", "--body-xml", "<a/>"]);
        assert_eq!(arguments, json!({"id": "1", "body_xml": "<a/>"}));
        let (arguments, _) = given(&["--id", "1", "--body-form", r#"{"a":1}"#]);
        assert_eq!(arguments, json!({"id": "1", "body_form": {"a": 1}}));
        let (arguments, files) = given(&[
            "--id", "1", "--files", "a", "--files", "b", "--tags", "x", "--tags", "y", "--count",
            "7",
        ]);
        assert_eq!(
            arguments,
            json!({"id": "1", "tags": ["x", "y"], "count": 7})
        );
        assert_eq!(
            files,
            [("files".into(), "a".into()), ("files".into(), "b".into())]
        );
    }
}
