//! Help for bodies: their fields, and an example.

use std::fmt::Write;

use compute_kfp::body_fields::{Field, ObjectFields};
use compute_kfp::operation::Operation;
use serde_json::Value;

use crate::api::{Api, kebab};
use crate::quoting::quoted;

/// Returns the fields of the body and of its nested objects, and a sample call with a body.
pub fn of(operation: &'static Operation) -> Option<String> {
    let api = Api::of_operation(operation)?;
    let schema = operation.body()?.schema?;
    let mut text = String::new();
    if let Some(object) = object(api, schema.name) {
        let each = match schema.kind {
            "array" => "each item of the body",
            _ => "the body",
        };
        let _ = writeln!(text, "Fields of {each}:");
        for field in object.fields {
            write_field(&mut text, operation, field, 1);
            let inner = self::object(api, field.object);
            for inner in inner.map_or(&[][..], |inner| inner.fields) {
                write_field(&mut text, operation, inner, 2);
            }
        }
        text.push('\n');
    }
    let example = api.example(operation.name)?;
    // Indented, so that no line is too long for a narrow terminal.
    let example: Value = serde_json::from_str(example).ok()?;
    let example = quoted(&format!("{example:#}")).replace('\n', "\n    ");
    let _ = write!(
        text,
        "Example:\n  compute-kfp {} {}",
        api.name(),
        kebab(operation.name)
    );
    for parameter in operation.parameters.iter().filter(|it| it.required) {
        let argument = parameter.argument;
        let name = kebab(argument);
        let _ = write!(text, " \\\n    --{name} {}", argument.to_uppercase());
    }
    let _ = write!(text, " \\\n    --body {example}");
    Some(text)
}

fn object(api: Api, name: &str) -> Option<&'static ObjectFields> {
    api.objects().iter().find(|object| object.name == name)
}

fn write_field(text: &mut String, operation: &Operation, field: &Field, depth: usize) {
    let indent = "  ".repeat(depth);
    let kind = match field.items {
        "" => field.kind.to_owned(),
        items => format!("{} of {items}", field.kind),
    };
    let required = match field.is_required_by(operation.method) {
        true => ", required",
        false => "",
    };
    let _ = write!(text, "{indent}{}: {kind}{required}", field.name);
    if !field.values.is_empty() {
        let _ = write!(text, ": {}", field.values.join("|"));
    }
    match first_sentence(field.description) {
        "" => text.push('\n'),
        sentence => {
            let _ = writeln!(text, ". {sentence}");
        }
    }
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    match line.find(". ") {
        Some(end) => &line[..=end],
        None => line,
    }
}
