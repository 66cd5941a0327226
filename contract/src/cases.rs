//! Calls of every operation, with arguments made from the API descriptions as they are.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::by_name::Arguments;
use crate::value::value;

/// Which arguments a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Every parameter and every property.
    All,
    /// What is required and nothing else.
    Required,
    /// Every parameter, with the largest numbers, texts that must be encoded, empty lists, nulls.
    Edge,
}

/// The three variants.
pub const VARIANTS: [Variant; 3] = [Variant::All, Variant::Required, Variant::Edge];

/// One of the two APIs, with its description in its own dialect.
#[derive(Debug)]
pub struct Api {
    /// `compute` or `kfp`.
    pub name: &'static str,
    /// The description.
    pub document: Value,
}

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Case {
    /// Operation and variant.
    pub name: String,
    /// `operationId` in the description.
    pub operation: String,
    /// In upper case.
    pub method: String,
    /// Template of the path.
    pub path: String,
    /// What it is called with.
    pub arguments: Arguments,
    /// Defaults that the description gives to properties of the body.
    pub defaults: BTreeMap<String, Value>,
}

impl Api {
    /// Reads the description of the Compute API, OpenAPI 3.1.
    ///
    /// # Errors
    ///
    /// It is not there, or not JSON.
    pub fn compute() -> std::io::Result<Self> {
        Self::read("compute", "compute.openapi.json")
    }

    /// Reads the description of KFP, Swagger 2.0.
    ///
    /// # Errors
    ///
    /// It is not there, or not JSON.
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

    /// A call of each operation. Uploads send `file`.
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

    /// Names and schemas of what the API sends and receives.
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
            // An empty list is not in a query at all.
            value = json!([name]);
        }
        let name = if parameter["in"] == "body" {
            "body"
        } else {
            name
        };
        arguments.values.insert(name.to_owned(), value);
    }

    /// Sets the body as OpenAPI 3 has it; its schema.
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
