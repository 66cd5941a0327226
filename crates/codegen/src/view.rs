//! The model as progenitor gets it: OpenAPI 3.0.3 with nothing in it that progenitor cannot take.
//!
//! Left out is what the finishing pass writes by itself: answers that are errors, bodies that are
//! not JSON, the members of enums. Everything has a number for a name, so that no name of a
//! document can collide with another, or with one of Rust's, after progenitor has changed its case.

use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::model::{Api, BodyContent, Kind, Operation, Property, Schema, Success};

/// Schema, by its position; progenitor's type has the same name.
pub(crate) fn schema(index: usize) -> String {
    format!("T{index}")
}

/// Property of an object or member of a union, by its position.
pub(crate) fn member(index: usize) -> String {
    format!("m{index}")
}

/// Operation, by its position; progenitor's builder has the same name.
pub(crate) fn builder(index: usize) -> String {
    format!("Op{index}")
}

/// Parameter of an operation, by its position.
pub(crate) fn parameter(index: usize) -> String {
    format!("p{index}")
}

pub(crate) fn whole(api: &Api) -> Value {
    of(api, api.schemas.len(), 0..api.operations.len())
}

/// A document with the first of the schemas, and some of the operations, of an API.
pub(crate) fn of(api: &Api, schemas: usize, operations: Range<usize>) -> Value {
    let view = View { api };
    let schemas: Map<String, Value> = api
        .schemas
        .values()
        .take(schemas)
        .enumerate()
        .map(|(index, named)| (schema(index), view.named(&named.schema.kind)))
        .collect();
    let mut paths = Map::new();
    for index in operations {
        // The real path stands in the operation table.
        let operation = view.operation(index, &api.operations[index]);
        paths.insert(format!("/{index}"), json!({"post": operation}));
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": api.title, "version": api.version},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// Writes parts of the document; schemas are referred to by their position.
struct View<'a> {
    api: &'a Api,
}

impl View<'_> {
    /// Parameters stand in lists of one, because progenitor takes an object as a body only.
    fn operation(&self, index: usize, operation: &Operation) -> Value {
        let parameters: Vec<Value> = operation
            .parameters
            .iter()
            .enumerate()
            .map(|(position, described)| {
                json!({
                    "name": parameter(position),
                    "in": "query",
                    "required": true,
                    "schema": {"type": "array", "items": self.not_null(&described.schema)},
                })
            })
            .collect();
        let content = match &operation.success {
            Success::Json(schema) | Success::OptionalJson(schema) => {
                json!({"application/json": {"schema": self.inline(schema)}})
            }
            Success::Bytes => json!({"application/octet-stream": {}}),
            Success::Empty => json!({}),
        };
        let mut value = json!({
            "operationId": builder(index),
            "parameters": parameters,
            "responses": {"200": {"description": "", "content": content}},
        });
        if let Some(body) = &operation.body
            && let BodyContent::Json(schema) | BodyContent::Form(schema) = &body.content
        {
            value["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": self.not_null(schema)}}});
        }
        value
    }

    fn named(&self, kind: &Kind) -> Value {
        match kind {
            Kind::Enum(_) => json!({"type": "string", "enum": ["placeholder"]}),
            Kind::Union(members) => {
                let names: Vec<String> = (0..members.len()).map(member).collect();
                let properties: Map<String, Value> = names
                    .iter()
                    .cloned()
                    .zip(members.iter().map(|member| self.not_null(member)))
                    .collect();
                json!({"type": "object", "properties": properties, "required": names})
            }
            Kind::Object(object) => {
                let properties = object.properties.values().enumerate();
                let required: Vec<String> = properties
                    .clone()
                    .filter(|(_, property)| property.required)
                    .map(|(index, _)| member(index))
                    .collect();
                let properties: Map<String, Value> = properties
                    .map(|(index, value)| (member(index), self.property(value)))
                    .collect();
                let mut value = json!({"type": "object", "properties": properties});
                if !required.is_empty() {
                    value["required"] = json!(required);
                }
                if let Some(additional) = &object.additional {
                    value["additionalProperties"] = self.inline(additional);
                }
                value
            }
            other => self.inline(&Schema::of(other.clone())),
        }
    }

    /// Optional lists and maps are made nullable: an empty one can be told from an absent one then.
    fn property(&self, property: &Property) -> Value {
        let collection = matches!(property.schema.kind, Kind::Array(_) | Kind::Map(_));
        let mut value = self.inline(&property.schema);
        if collection && !property.required {
            value["nullable"] = true.into();
        }
        value
    }

    fn inline(&self, schema: &Schema) -> Value {
        let mut value = self.not_null(schema);
        if schema.nullable {
            if value.get("$ref").is_some() {
                value = json!({"allOf": [value]});
            }
            if schema.kind != Kind::Any {
                value["nullable"] = true.into();
            }
        }
        value
    }

    fn not_null(&self, schema: &Schema) -> Value {
        match &schema.kind {
            Kind::Any => json!({}),
            Kind::Boolean => json!({"type": "boolean"}),
            Kind::Integer(rust) => {
                let format = match rust.strip_prefix('u') {
                    Some(bits) => format!("uint{bits}"),
                    None => rust.replacen('i', "int", 1),
                };
                json!({"type": "integer", "format": format})
            }
            Kind::Number => json!({"type": "number", "format": "double"}),
            Kind::Timestamp => json!({"type": "string", "format": "date-time"}),
            Kind::IntegerText { signed: true } => json!({"type": "string", "format": "int64"}),
            Kind::IntegerText { signed: false } => json!({"type": "string", "format": "uint64"}),
            Kind::String | Kind::Binary | Kind::Enum(_) => json!({"type": "string"}),
            Kind::Array(items) => json!({"type": "array", "items": self.inline(items)}),
            Kind::Map(values) => {
                json!({"type": "object", "additionalProperties": self.inline(values)})
            }
            Kind::Object(_) | Kind::Union(_) => json!({}),
            Kind::Reference(name) => match self.api.schemas.get_index_of(name) {
                Some(index) => {
                    json!({"$ref": format!("#/components/schemas/{}", self::schema(index))})
                }
                None => json!({}),
            },
        }
    }
}
