//! The specs as JSON. They have the schemas that the tables of operations omit.

use std::sync::LazyLock;

use compute_kfp_runtime::operation::Operation;
use serde_json::Value;

pub(crate) const COMPUTE_TEXT: &str = include_str!("../specs/compute.openapi.json");
pub(crate) const KFP_TEXT: &str = include_str!("../specs/kfp.swagger.json");

pub(crate) static COMPUTE: LazyLock<Specification> =
    LazyLock::new(|| Specification::read(COMPUTE_TEXT));
pub(crate) static KFP: LazyLock<Specification> = LazyLock::new(|| Specification::read(KFP_TEXT));

pub(crate) struct Specification {
    document: Value,
}

impl Specification {
    /// Parses a spec. The documents are part of the program, and tests read them.
    fn read(text: &str) -> Self {
        Self {
            document: serde_json::from_str(text).unwrap_or_default(),
        }
    }

    /// Returns the title and the version.
    pub(crate) fn info(&self) -> &Value {
        &self.document["info"]
    }

    pub(crate) fn schemas(&'static self) -> impl Iterator<Item = (&'static str, &'static Value)> {
        let named = [
            &self.document["components"]["schemas"],
            &self.document["definitions"],
        ];
        let schemas = named.into_iter().filter_map(Value::as_object).flatten();
        schemas.map(|(name, schema)| (name.as_str(), schema))
    }

    pub(crate) fn schema(&'static self, name: &str) -> Option<&'static Value> {
        let schemas = self.document.pointer("/components/schemas");
        schemas.unwrap_or(&self.document["definitions"]).get(name)
    }

    /// Returns the schema that a reference points to, or the schema itself if it is not a reference.
    pub(crate) fn resolve(&'static self, schema: &'static Value) -> &'static Value {
        let named = reference(schema).and_then(|name| self.schema(name));
        named.unwrap_or(schema)
    }

    fn operation(&'static self, operation: &Operation) -> &'static Value {
        &self.document["paths"][operation.path][operation.method.to_ascii_lowercase()]
    }

    /// Returns the schema of an operation's JSON body.
    pub(crate) fn body(&'static self, operation: &Operation) -> Option<&'static Value> {
        json_schema(&self.operation(operation)["requestBody"])
    }

    /// Returns the schema of an operation's successful response.
    pub(crate) fn response(&'static self, operation: &Operation) -> Option<&'static Value> {
        let status = operation.success_status.to_string();
        json_schema(&self.operation(operation)["responses"][status])
    }

    pub(crate) fn declares(&'static self, operation: &Operation, status: &str) -> bool {
        !self.operation(operation)["responses"][status].is_null()
    }

    pub(crate) fn parameters(
        &'static self,
        operation: &Operation,
    ) -> impl Iterator<Item = &'static Value> {
        let parameters = self.operation(operation)["parameters"].as_array();
        parameters.into_iter().flatten()
    }
}

/// Returns the name in a reference to a schema.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn json_schema(content: &'static Value) -> Option<&'static Value> {
    content.pointer("/content/application~1json/schema")
}
