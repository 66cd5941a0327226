//! Calls of every operation, with arguments generated from the unmodified specs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::by_name::Arguments;
use crate::value::value;
use crate::variant::Variant;

/// One of the two APIs, with its spec in its own dialect.
#[derive(Debug)]
pub struct Api {
    /// `compute` or `kfp`.
    pub name: &'static str,
    /// The spec.
    pub document: Value,
}

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Case {
    /// Operation and variant.
    pub name: String,
    /// `operationId` in the spec.
    pub operation: String,
    /// HTTP method in upper case.
    pub method: String,
    /// Template of the path.
    pub path: String,
    /// Arguments of the call.
    pub arguments: Arguments,
    /// Defaults of the body's properties in the spec.
    pub defaults: BTreeMap<String, Value>,
}

impl Api {
    /// Reads the OpenAPI 3.1 spec of the Compute API.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is not JSON.
    pub fn compute() -> std::io::Result<Self> {
        Self::read("compute", "compute.openapi.json")
    }

    /// Reads the Swagger 2.0 spec of KFP.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is not JSON.
    pub fn kfp() -> std::io::Result<Self> {
        Self::read("kfp", "kfp.swagger.json")
    }

    fn read(name: &'static str, file: &str) -> std::io::Result<Self> {
        let text = std::fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../specs")
                .join(file),
        )?;
        Ok(Self {
            name,
            document: serde_json::from_slice(&text)?,
        })
    }

    /// Returns one call of each operation. Uploads send `file`.
    pub fn cases(&self, variant: Variant, file: &Path) -> Vec<Case> {
        let mut cases = Vec::new();
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let parameters = [&item["parameters"], &operation["parameters"]];
                let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
                let mut arguments = Arguments::default();
                let mut defaults = BTreeMap::new();
                for parameter in parameters {
                    self.parameter(parameter, variant, file, &mut arguments);
                    if parameter["in"] == "body" {
                        defaults = self.defaults(&parameter["schema"]);
                    }
                }
                if let Some(schema) =
                    self.body(&operation["requestBody"], variant, &mut arguments.values)
                {
                    defaults = self.defaults(schema);
                }
                cases.push(Case {
                    name: format!("{id} {variant:?}"),
                    operation: id.to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    arguments,
                    defaults,
                });
            }
        }
        cases
    }

    /// Returns the named schemas of the API.
    pub fn schemas(&self) -> impl Iterator<Item = (&str, &Value)> {
        let schemas = ["/components/schemas", "/definitions"];
        let schemas = schemas
            .iter()
            .find_map(|place| self.document.pointer(place)?.as_object());
        let schemas = schemas.into_iter().flatten();
        schemas.map(|(name, schema)| (name.as_str(), schema))
    }

    fn parameter(
        &self,
        parameter: &Value,
        variant: Variant,
        file: &Path,
        arguments: &mut Arguments,
    ) {
        let required = parameter["required"] == true;
        let Some(name) = parameter["name"].as_str() else {
            return;
        };
        if variant == Variant::Required && !required {
            return;
        }
        // Swagger 2.0 has the schema of a parameter in the parameter itself.
        let schema = parameter.get("schema").unwrap_or(parameter);
        if parameter["type"] == "file" {
            arguments.files.push((name.to_owned(), file.to_owned()));
            return;
        }
        let mut value = value(&self.document, schema, name, variant);
        if parameter["in"] != "body" && value == json!([]) {
            // An empty list adds nothing to a query.
            value = json!([name]);
        }
        let name = if parameter["in"] == "body" {
            "body"
        } else {
            name
        };
        arguments.values.insert(name.to_owned(), value);
    }

    /// Sets the body of an OpenAPI 3 operation, and returns its schema.
    fn body<'a>(
        &'a self,
        body: &'a Value,
        variant: Variant,
        values: &mut Map<String, Value>,
    ) -> Option<&'a Value> {
        let content = body["content"].as_object()?.values().next()?;
        let schema = content.get("schema")?;
        if variant != Variant::Required || body["required"] == true {
            let value = value(&self.document, schema, "body", variant);
            values.insert("body".to_owned(), value);
        }
        Some(schema)
    }

    fn defaults(&self, schema: &Value) -> BTreeMap<String, Value> {
        let schema = match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')),
            None => Some(schema),
        };
        let properties = schema.and_then(|schema| schema["properties"].as_object());
        let defaults = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())));
        defaults.collect()
    }
}
