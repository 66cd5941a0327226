//! The fields of request bodies as data: the entries of generated tables, for programs that build a
//! body without the generated types.

use crate::setters::setters;

/// The fields of an object in a request.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectFields {
    /// Name of the type, as in the client's `types`.
    pub name: &'static str,
    /// Its fields, except those that occur only in responses.
    pub fields: &'static [Field],
}

impl ObjectFields {
    /// Creates the entry of an object.
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self { name, fields }
    }
}

/// A field of an object.
///
/// ```
/// use compute_kfp_runtime::body_fields::Field;
///
/// let field = Field::new("display_name", "string").required_on_creation();
/// assert!(field.is_required_by("POST") && !field.is_required_by("PATCH"));
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Name of the property.
    pub name: &'static str,
    /// JSON type, as that of a [`Parameter`](crate::operation::Parameter).
    pub kind: &'static str,
    /// JSON type of the items of an array; empty if the value is not an array.
    pub items: &'static str,
    /// Name of the type of the object, or of the objects in the array or map; empty if there is
    /// none.
    pub object: &'static str,
    /// Values that the spec names; others may exist.
    pub values: &'static [&'static str],
    /// `true` if every object must have it.
    pub required: bool,
    /// `true` if an object that is created must have it.
    pub required_on_creation: bool,
    /// Description, as Markdown.
    pub description: &'static str,
}

impl Field {
    /// Creates an optional field of a JSON type.
    pub const fn new(name: &'static str, kind: &'static str) -> Self {
        Self {
            name,
            kind,
            items: "",
            object: "",
            values: &[],
            required: false,
            required_on_creation: false,
            description: "",
        }
    }

    setters! {
        items(kind: &'static str) = kind;
        object(name: &'static str) = name;
        values(values: &'static [&'static str]) = values;
        required() = true;
        required_on_creation() = true;
        description(description: &'static str) = description;
    }

    /// Returns whether a request with this method, such as `POST`, must have it.
    pub fn is_required_by(&self, method: &str) -> bool {
        self.required || (self.required_on_creation && method == "POST")
    }
}
