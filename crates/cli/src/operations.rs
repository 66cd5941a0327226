//! The list of all operations.

use clap::Args;
use compute_kfp::operation::{Operation, Parameter};
use serde_json::{Value, json};

use crate::api::Api;
use crate::failure::Failure;
use crate::options::Options;

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
        let all = apis.flat_map(|api| {
            let operations = api.operations().iter();
            operations.map(move |operation| description(api, operation))
        });
        options.format().response(&all.collect(), None)
    }
}

/// Returns all properties of an operation; those that a table has room for come first.
fn description(api: Api, operation: &Operation) -> Value {
    json!({
        "api": api,
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "upstream_name": operation.id,
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "body": body(operation),
        "security": operation.security.iter().map(|all| {
            all.iter().map(|scheme| scheme.name).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "paged": operation.paging.is_some(),
        "deprecated": operation.deprecated,
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
    let Some(body) = operation.body() else {
        return Value::Null;
    };
    json!({
        "media_type": body.media,
        "required": operation.body_required,
        "type": body.schema.map(|schema| schema.kind),
        "schema": body.schema.map(|schema| schema.name).filter(|name| !name.is_empty()),
        "parts": body.kind.parts().iter().map(|part| json!({
            "name": part.name,
            "file": part.file,
            "required": part.required,
        })).collect::<Vec<_>>(),
    })
}
