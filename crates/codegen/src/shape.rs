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
    let kind = api.kind(schema);
    let (items, values) = match kind {
        Kind::Array(items) => {
            let items = shape(api, items);
            (items.kind, items.values)
        }
        Kind::Enum(values) => ("", values.iter().map(|it| it.value.clone()).collect()),
        _ => ("", Vec::new()),
    };
    Shape {
        kind: kind.json_type(),
        items,
        values,
    }
}
