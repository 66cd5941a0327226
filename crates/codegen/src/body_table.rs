//! The fields of request bodies, and an example body for each operation.
//!
//! They are in a module of their own, so that only programs that use them contain them.

use indexmap::IndexMap;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};

use crate::entry::{Entry, shape};
use crate::model::{Api, Body, BodyContent, Kind, Object, Operation, Property, Schema};

/// Maximum depth of objects inside objects in an example.
const MAX_DEPTH: usize = 8;

pub(crate) fn generate(api: &Api) -> TokenStream {
    let schemas = objects(api)
        .into_iter()
        .map(|(name, object)| schema(api, name, object));
    let examples = api.operations.iter().filter_map(|operation| {
        let body = operation.body.as_ref()?;
        let example = example(api, operation, body)?.to_string();
        let name = &operation.name;
        Some(quote! { (#name, #example) })
    });
    quote! {
        /// The fields of request bodies.
        pub mod bodies {
            #[allow(unused_imports)]
            use ::compute_kfp_runtime::body_fields::{Field, ObjectFields};

            /// All objects in request bodies, each with its fields.
            pub static OBJECTS: &[ObjectFields] = &[#(#schemas),*];

            /// Example bodies as JSON, by the name of the operation.
            pub static EXAMPLES: &[(&str, &str)] = &[#(#examples),*];
        }
    }
}

/// Returns the objects of bodies and of their fields, by name.
fn objects(api: &Api) -> IndexMap<&str, &Object> {
    let mut found = IndexMap::new();
    let bodies = api.operations.iter().filter_map(|it| it.body.as_ref());
    for body in bodies.flat_map(Body::bodies) {
        let (BodyContent::Json(schema) | BodyContent::Form(schema, _)) = &body.content else {
            continue;
        };
        let Some((name, object)) = named_object(api, schema) else {
            continue;
        };
        found.insert(name, object);
        let fields = writable(object).map(|(_, field)| &field.schema);
        found.extend(fields.filter_map(|schema| named_object(api, schema)));
    }
    found
}

/// Returns the object that a value is, or that its items or members are.
fn named_object<'a>(api: &'a Api, schema: &'a Schema) -> Option<(&'a str, &'a Object)> {
    match &schema.kind {
        Kind::Array(items) | Kind::Map(items) => named_object(api, items),
        Kind::Reference(name) => match &api.schemas.get(name)?.schema.kind {
            Kind::Object(object) => Some((name, object)),
            Kind::Array(items) | Kind::Map(items) => named_object(api, items),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the properties that a request may contain.
fn writable(object: &Object) -> impl Iterator<Item = (&String, &Property)> {
    object
        .properties
        .iter()
        .filter(|(_, property)| !property.read_only)
}

fn schema(api: &Api, name: &str, object: &Object) -> TokenStream {
    let fields = writable(object).map(|(name, property)| field(api, name, property));
    quote! { ObjectFields::new(#name, &[#(#fields),*]) }
}

fn field(api: &Api, name: &str, property: &Property) -> Entry {
    let shape = shape(api, &property.schema);
    let kind = shape.kind;
    let object = named_object(api, &property.schema).map(|(name, _)| name);
    let on_creation = property.required_on_creation && !property.required;
    Entry::new(quote! { Field::new(#name, #kind) })
        .details(&shape)
        .set("object", object)
        .mark("required", property.required)
        .mark("required_on_creation", on_creation)
        .set("description", property.schema.description.as_ref())
}

/// Returns the example of the spec, or an object with the required properties.
fn example(api: &Api, operation: &Operation, body: &Body) -> Option<Value> {
    let BodyContent::Json(schema) = &body.preferred.content else {
        return None;
    };
    let creates = operation.method == "POST";
    let given = body.example.clone();
    Some(given.unwrap_or_else(|| value(api, schema, creates, 0)))
}

fn value(api: &Api, schema: &Schema, creates: bool, depth: usize) -> Value {
    if let Some(default) = schema.default.as_ref().filter(|it| !it.is_null()) {
        return default.clone();
    }
    match &schema.kind {
        Kind::Any => json!("example"),
        Kind::Boolean => json!(true),
        Kind::Integer(_) => json!(1),
        Kind::Number => json!(0.5),
        Kind::IntegerText { .. } => json!("1"),
        Kind::Timestamp => json!("2026-01-31T12:00:00Z"),
        Kind::String | Kind::Binary => json!("example"),
        Kind::Enum(values) => values
            .first()
            .map_or(Value::Null, |first| json!(first.value)),
        Kind::Array(_) => json!([]),
        Kind::Map(_) => json!({}),
        Kind::Object(object) => members(api, object, creates, depth),
        Kind::Union(alternatives) => alternatives
            .first()
            .map_or(Value::Null, |first| value(api, first, creates, depth)),
        Kind::Tagged(tagged) => tagged.variants.first().map_or(Value::Null, |variant| {
            let mut object = value(api, &variant.schema, creates, depth);
            if let (Some(object), Some(value)) = (object.as_object_mut(), variant.values.first()) {
                object.insert(tagged.tag.clone(), json!(value));
            }
            object
        }),
        Kind::Reference(name) => match api.schemas.get(name) {
            Some(named) if depth < MAX_DEPTH => value(api, &named.schema, creates, depth + 1),
            _ => json!({}),
        },
    }
}

fn members(api: &Api, object: &Object, creates: bool, depth: usize) -> Value {
    let required = writable(object)
        .filter(|(_, property)| property.required || (creates && property.required_on_creation));
    let members: Map<String, Value> = required
        .map(|(name, property)| {
            let value = match value(api, &property.schema, creates, depth) {
                // A placeholder that the user replaces.
                Value::String(_) if name.ends_with("_id") => json!(name.to_uppercase()),
                value => value,
            };
            (name.clone(), value)
        })
        .collect();
    Value::Object(members)
}
