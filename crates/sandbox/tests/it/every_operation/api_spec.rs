use std::cell::RefCell;

use boon::{Compiler, Schemas};
use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

const DOCUMENT: &str = "urn:spec";

/// A spec, parsed independently of the sandbox.
pub struct ApiSpec {
    document: Value,
    /// The compiled schemas. They are compiled on first use.
    schemas: RefCell<(Compiler, Schemas)>,
}

impl ApiSpec {
    pub fn compute() -> Self {
        let mut document: Value =
            serde_json::from_str(include_str!("../../../specs/compute.openapi.json")).unwrap();
        // Both have both formats, although the spec declares only one each.
        let both = json!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "$ref": "#/components/schemas/ValidationError" } },
        ] });
        for name in ["HTTPBadRequestError", "HTTPValidationError"] {
            document["components"]["schemas"][name]["properties"]["detail"] = both.clone();
        }
        Self::of(document)
    }

    pub fn kfp() -> Self {
        Self::of(serde_json::from_str(include_str!("../../../specs/kfp.swagger.json")).unwrap())
    }

    fn of(document: Value) -> Self {
        let mut compiler = Compiler::new();
        compiler.add_resource(DOCUMENT, document.clone()).unwrap();
        Self {
            document,
            schemas: RefCell::new((compiler, Schemas::new())),
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

    /// Returns the declared response for a status, and its name.
    fn response(&self, operation: &Operation, status: u16) -> Option<(String, &Value)> {
        let responses = &self.operation(operation)["responses"];
        let mut names = [status.to_string(), "default".to_owned()].into_iter();
        names.find_map(|name| {
            let response = responses.get(&name)?;
            Some((name, response))
        })
    }

    /// Returns the reasons why a body is not the declared one for a status.
    pub fn errors(&self, operation: &Operation, status: u16, body: &Value) -> Vec<String> {
        let Some((name, response)) = self.response(operation, status) else {
            return vec![format!("{status} is not declared")];
        };
        let places = ["/content/application~1json/schema", "/schema"];
        let place = places
            .into_iter()
            .find(|place| response.pointer(place).is_some());
        let Some(place) = place else {
            let unexpected = !body.is_null();
            return unexpected
                .then(|| "no body is declared".to_owned())
                .into_iter()
                .collect();
        };
        let path = operation.path.replace('/', "~1");
        let path = path.replace('{', "%7B").replace('}', "%7D");
        let method = operation.method.to_ascii_lowercase();
        let schema = format!("{DOCUMENT}#/paths/{path}/{method}/responses/{name}{place}");
        let (compiler, schemas) = &mut *self.schemas.borrow_mut();
        let schema = compiler.compile(&schema, schemas).unwrap();
        let errors = schemas.validate(body, schema).err();
        errors
            .map(|error| format!("{error:#}"))
            .into_iter()
            .collect()
    }
}
