//! The JSON shapes of parameters, bodies and fields, for the tables.

use crate::model::{Api, Kind, Schema};

/// The JSON shape of a parameter or body.
pub(crate) struct Shape {
    pub kind: &'static str,
    /// The shape of the items of an array.
    pub items: &'static str,
    /// The values, if they are known.
    pub values: Vec<String>,
}

pub(crate) fn shape(api: &Api, schema: &Schema) -> Shape {
    let named = match &schema.kind {
        Kind::Reference(name) => api.schemas.get(name).map(|named| &named.schema.kind),
        kind => Some(kind),
    };
    let kind = match named {
        Some(Kind::Array(items)) => {
            let Shape { kind, values, .. } = shape(api, items);
            return Shape {
                kind: "array",
                items: kind,
                values,
            };
        }
        Some(Kind::Boolean) => "boolean",
        Some(Kind::Integer(_)) => "integer",
        Some(Kind::Number) => "number",
        Some(Kind::Object(_) | Kind::Map(_) | Kind::Tagged(_)) => "object",
        Some(
            Kind::Enum(_)
            | Kind::IntegerText { .. }
            | Kind::String
            | Kind::Timestamp
            | Kind::Binary,
        ) => "string",
        Some(Kind::Any | Kind::Union(_) | Kind::Reference(_)) | None => "any",
    };
    let values = match named {
        Some(Kind::Enum(values)) => values.iter().map(|it| it.value.clone()).collect(),
        _ => Vec::new(),
    };
    Shape {
        kind,
        items: "",
        values,
    }
}
