use std::collections::HashMap;
use std::sync::Mutex;

use compute_kfp_runtime::operation::Operation;
use jsonschema::Validator;
use serde_json::{Value, json};

/// A specification, as the tests read it: by themselves, not through the sandbox.
pub struct Description {
    document: Value,
    schemas: &'static str,
    validators: Mutex<HashMap<(&'static str, u16), Validator>>,
}

impl Description {
    pub fn compute() -> Self {
        let mut document: Value =
            serde_json::from_str(include_str!("../../specs/compute.openapi.json")).unwrap();
        // Both have both shapes, whatever the description says of one or the other.
        let both = json!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "$ref": "#/components/schemas/ValidationError" } },
        ] });
        for name in ["HTTPBadRequestError", "HTTPValidationError"] {
            document["components"]["schemas"][name]["properties"]["detail"] = both.clone();
        }
        Self {
            document,
            schemas: "components",
            validators: Mutex::default(),
        }
    }

    pub fn kfp() -> Self {
        let document = serde_json::from_str(include_str!("../../specs/kfp.swagger.json"));
        Self {
            document: document.unwrap(),
            schemas: "definitions",
            validators: Mutex::default(),
        }
    }

    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str();
        reference.map_or(schema, |reference| {
            let pointer = reference.trim_start_matches('#');
            self.document.pointer(pointer).unwrap()
        })
    }

    fn operation(&self, operation: &Operation) -> &Value {
        let method = operation.method.to_ascii_lowercase();
        &self.document["paths"][operation.path][method]
    }

    pub fn body(&self, operation: &Operation) -> &Value {
        &self.operation(operation)["requestBody"]["content"]["application/json"]["schema"]
    }

    pub fn declares(&self, operation: &Operation, status: u16) -> bool {
        self.response(operation, status).is_some()
    }

    fn response(&self, operation: &Operation, status: u16) -> Option<&Value> {
        let responses = &self.operation(operation)["responses"];
        let exact = responses.get(status.to_string());
        exact.or_else(|| responses.get("default"))
    }

    /// What keeps a body from being the one that is declared for a status.
    pub fn errors(&self, operation: &Operation, status: u16, body: &Value) -> Vec<String> {
        let Some(response) = self.response(operation, status) else {
            return vec![format!("{status} is not declared")];
        };
        let schema = response
            .pointer("/content/application~1json/schema")
            .or_else(|| response.get("schema"));
        let Some(schema) = schema else {
            let unexpected = !body.is_null();
            return unexpected
                .then(|| "no body is declared".to_owned())
                .into_iter()
                .collect();
        };
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry((operation.id, status)).or_insert_with(|| {
            let mut schema = schema.clone();
            schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
            schema[self.schemas] = self.document[self.schemas].clone();
            jsonschema::validator_for(&schema).unwrap()
        });
        validator
            .iter_errors(body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}
