//! The parts of a document: where its schemas are, and which values are data.

use crate::pointer::Pointer;

/// The methods of an OpenAPI path item, in the order in which operations are read.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The kind of content at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Schema,
    /// An object or list of schemas.
    Schemas,
    Discriminator,
    /// A map from values of a discriminator to schemas.
    Mapping,
    Components,
    PathItems,
    PathItem,
    Operation,
    /// An object with names as keys, or a list.
    Named,
    /// Data, and parts that are not generated.
    Literal,
    Other,
}

impl Part {
    /// Returns the kind of the value of a key.
    pub(crate) fn child(self, key: &str) -> Self {
        match (self, key) {
            (Self::Schemas, _) => Self::Schema,
            (Self::PathItems, _) => Self::PathItem,
            (Self::Named, _) => Self::Other,
            (Self::Literal | Self::Mapping, _) => Self::Literal,
            (Self::Discriminator, "mapping") => Self::Mapping,
            (Self::Discriminator, _) => Self::Literal,
            (
                Self::Schema,
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
                | "allOf" | "anyOf" | "oneOf" | "prefixItems",
            ) => Self::Schemas,
            (
                Self::Schema,
                "items"
                | "not"
                | "additionalProperties"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties",
            ) => Self::Schema,
            (Self::Schema, "discriminator") => Self::Discriminator,
            (Self::Schema, _) => Self::Literal,
            (Self::PathItem, key) if METHODS.contains(&key) => Self::Operation,
            (_, "schema" | "itemSchema") => Self::Schema,
            (_, "schemas" | "definitions" | "$defs") => Self::Schemas,
            (_, "components") => Self::Components,
            (_, "paths" | "pathItems") => Self::PathItems,
            (
                _,
                "parameters"
                | "responses"
                | "requestBodies"
                | "headers"
                | "content"
                | "encoding"
                | "securitySchemes"
                | "securityDefinitions",
            ) => Self::Named,
            (
                _,
                "example" | "examples" | "default" | "enum" | "callbacks" | "links" | "webhooks",
            ) => Self::Literal,
            (_, key) if key.starts_with("x-") => Self::Literal,
            _ => Self::Other,
        }
    }

    /// Returns the kind of content at a place of a document.
    pub(crate) fn of(pointer: &Pointer) -> Self {
        let keys = pointer.keys();
        keys.fold(Self::Other, |part, key| part.child(&key))
    }

    /// Returns the kind of the items of a list.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Schemas => Self::Schema,
            Self::Named => Self::Other,
            part => part,
        }
    }
}
