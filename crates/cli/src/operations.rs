//! The list of all operations.

use clap::Args;
use compute_kfp::operation::{Operation, Parameter};
use serde_json::{Value, json};

use crate::api::{Api, kebab};
use crate::failure::Failure;
use crate::options::Options;
use crate::output::Format;

/// List every operation of both APIs
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// API to list [default: both]
    #[arg(long, value_name = "API")]
    api: Option<Api>,
}

impl Arguments {
    pub fn run(&self, options: &Options) -> Result<(), Failure> {
        let apis = Api::ALL.into_iter();
        let apis = apis.filter(|api| self.api.is_none_or(|only| only == *api));
        let output = options.format();
        let describe = match output {
            Format::Table => row,
            _ => description,
        };
        let all = apis.flat_map(|api| {
            let operations = api.operations().iter();
            operations.map(move |operation| describe(api, operation))
        });
        output.response(&all.collect(), None)
    }
}

/// Returns all properties of an operation.
fn description(api: Api, operation: &Operation) -> Value {
    json!({
        "api": api,
        "name": operation.name,
        "upstream_name": operation.id,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "body": body(operation),
        "security": operation.security.iter().map(|all| {
            all.iter().map(|scheme| scheme.name).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "paged": operation.paging.is_some(),
        "deprecated": operation.deprecated,
    })
}

/// Returns the properties that fit into a line.
fn row(api: Api, operation: &Operation) -> Value {
    let required = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.required);
    let mut marks = Vec::new();
    if operation.paging.is_some() {
        marks.push("paged");
    }
    if operation.deprecated {
        marks.push("deprecated");
    }
    json!({
        "api": api,
        "operation": kebab(operation.name),
        "request": format!("{} {}", operation.method, operation.path),
        "required": required.map(|parameter| parameter.name).collect::<Vec<_>>().join(", "),
        "marks": marks.join(", "),
        "summary": operation.summary,
    })
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": parameter.location.as_str(),
        "required": parameter.required,
        "type": parameter.kind,
        "items": (!parameter.items.is_empty()).then_some(parameter.items),
        "values": parameter.values,
        "deprecated": parameter.deprecated,
    })
}

fn body(operation: &Operation) -> Value {
    let Some((kind, required)) = operation.body else {
        return Value::Null;
    };
    json!({
        "media_type": kind.media_type(),
        "required": required,
        "type": operation.body_schema.map(|schema| schema.kind),
        "schema": operation.body_schema.map(|schema| schema.name).filter(|name| !name.is_empty()),
        "parts": kind.parts().iter().map(|part| json!({
            "name": part.name,
            "file": part.file,
            "required": part.required,
        })).collect::<Vec<_>>(),
    })
}
