//! Structs that distinguish absent, null and empty values.
//!
//! Why: progenitor uses one `Option` for absent and null, omits empty lists from requests, and
//! sends the defaults of the document, which overwrite values on the server. The servers
//! distinguish these cases, and some send null instead of a list. protobuf's JSON writes 64-bit
//! integers as strings, and doubles that JSON cannot represent as `"NaN"`; here both forms of a
//! number are read. APIs keep adding properties, so a struct is `#[non_exhaustive]`, and its
//! builder or its default creates it. JSON Schemas are derived with a feature; progenitor adds a
//! derive either to all builds or to none.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Item, ItemStruct, Type, parse_quote};

use super::Context;
use crate::docs::doc_attributes;
use crate::docs::{described, type_docs};
use crate::model::{Api, Kind, Object, Property, Schema};
use crate::prose::code;
use crate::tree::{Tree, fields, generic, ident, last_name, structs, take_module};

const RUNTIME: &str = "::compute_kfp_runtime";

/// The ways in which a property may be missing.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Presence {
    Required,
    /// Required, but may be null.
    Null,
    Optional,
    /// May be absent, and may be null, with different meanings.
    Nullable,
}

impl Presence {
    pub fn of(property: &Property) -> Self {
        let free_form = property.schema.kind == Kind::Any;
        match (property.required, property.schema.nullable && !free_form) {
            (true, false) => Self::Required,
            (true, true) => Self::Null,
            (false, false) => Self::Optional,
            (false, true) => Self::Nullable,
        }
    }
}

/// Returns whether an object has required properties, so that its builder can fail.
pub(super) fn has_required(object: &Object) -> bool {
    let mut properties = object.properties.values();
    properties.any(|it| matches!(Presence::of(it), Presence::Required | Presence::Null))
}

/// Returns the property of an object that belongs to a field; the field for undeclared properties
/// has none.
pub(super) fn property_of<'a>(object: &'a Object, field: &str) -> Option<(&'a str, &'a Property)> {
    let mut properties = object.properties.iter();
    let (wire, property) = properties.find(|(_, property)| property.ident == field)?;
    Some((wire, property))
}

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    take_module(&mut tree.types, "defaults");
    let names: Vec<String> = structs(&mut tree.types)
        .map(|item| item.ident.to_string())
        .collect();
    for item in std::mem::take(&mut tree.types) {
        match item {
            Item::Struct(item) => tree.types.extend(written(context.api, item)?),
            Item::Impl(block)
                if last_name(&block.self_ty).is_some_and(|it| names.contains(&it)) => {}
            item => tree.types.push(item),
        }
    }
    Ok(())
}

fn written(api: &Api, mut item: ItemStruct) -> Result<[Item; 2], String> {
    let name = item.ident.clone();
    let text = name.to_string();
    let object = api.object(&text);
    let object = object.ok_or_else(|| format!("the object `{name}` does not exist"))?;
    let docs = type_docs(api, &text);
    let default = (!has_required(object)).then(|| quote! { , Default });
    // The field for undeclared properties is the last one, and a property can have its name.
    let properties = item.fields.len() - usize::from(object.additional.is_some());
    let fields = fields(&mut item).enumerate().map(|(index, (name, field))| {
        let value = generic(&field.ty, "Option").unwrap_or(&field.ty);
        match property_of(object, &name) {
            Some((wire, property)) if index < properties => {
                declared(api, &name, wire, property, value)
            }
            _ => undeclared(api, object, value),
        }
    });
    let structure = parse_quote! {
        #(#docs)*
        #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq #default)]
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct #name { #(#fields),* }
    };
    let implementation = parse_quote! {
        impl #name {
            /// Creates an empty builder.
            pub fn builder() -> builder::#name {
                ::std::default::Default::default()
            }
        }
    };
    Ok([structure, implementation])
}

/// Returns the field of a property, whose values have the given type.
fn declared(api: &Api, name: &str, wire: &str, property: &Property, value: &Type) -> TokenStream {
    let fallback = format!("Property {}.", code(wire));
    let description = property.schema.description.as_deref();
    let docs = doc_attributes(&described(&property.schema, description, &fallback));
    let presence = Presence::of(property);
    let (held, absent): (Type, _) = match presence {
        Presence::Required => (value.clone(), None),
        Presence::Null => (parse_quote! { ::std::option::Option<#value> }, None),
        Presence::Optional => (
            parse_quote! { ::std::option::Option<#value> },
            Some("::std::option::Option::is_none".to_owned()),
        ),
        Presence::Nullable => (
            parse_quote! { ::compute_kfp_runtime::Nullable<#value> },
            Some(format!("{RUNTIME}::Nullable::is_absent")),
        ),
    };
    let is_number = may_be_text(&property.schema, api.protobuf);
    let is_collection = matches!(property.schema.kind, Kind::Array(_) | Kind::Map(_));
    let special = match presence {
        Presence::Required if is_collection => Some("null::as_empty"),
        Presence::Optional if property.schema.kind == Kind::Any => Some("null::as_value"),
        Presence::Optional if generic(value, "Vec").is_some() => Some("list::exact"),
        _ => None,
    };
    let default = special.is_some()
        || presence == Presence::Nullable
        || is_number && presence != Presence::Required;
    let (writer, reader) = match is_number {
        true => (
            Some("number_text::serialize"),
            Some("number_text::deserialize"),
        ),
        false => (None, special),
    };
    let path = |name: Option<&str>| name.map(|name| format!("{RUNTIME}::{name}"));
    let arguments = [
        ("rename", (name != wire).then(|| wire.to_owned())),
        ("skip_serializing_if", absent),
        ("serialize_with", path(writer)),
        ("deserialize_with", path(reader)),
    ];
    let arguments = arguments.into_iter().filter_map(|(key, value)| {
        let (key, value) = (ident(key), value?);
        Some(quote! { #key = #value })
    });
    let arguments: Vec<_> = arguments
        .chain(default.then(|| quote! { default }))
        .collect();
    let serde = (!arguments.is_empty()).then(|| quote! { #[serde(#(#arguments),*)] });
    let schema = is_number.then(|| schema_of_number(&held));
    let name = ident(name);
    quote! { #(#docs)* #serde #schema pub #name: #held }
}

/// Returns the field for undeclared properties.
fn undeclared(api: &Api, object: &Object, held: &Type) -> TokenStream {
    let additional = object.additional.as_ref();
    let is_number = additional.is_some_and(|it| may_be_text(it, api.protobuf));
    let module = format!("{RUNTIME}::number_text");
    let with = is_number.then(|| quote! { , with = #module });
    let schema = is_number.then(|| schema_of_number(held));
    let name = ident(&extra_name(object));
    quote! {
        /// Properties that the spec does not declare.
        #[serde(flatten #with)]
        #schema
        pub #name: #held
    }
}

/// Returns whether numbers in a value may be strings.
fn may_be_text(schema: &Schema, doubles: bool) -> bool {
    match &schema.kind {
        Kind::IntegerText { .. } => true,
        Kind::Number => doubles,
        Kind::Array(inner) | Kind::Map(inner) => may_be_text(inner, doubles),
        _ => false,
    }
}

fn schema_of_number(held: &Type) -> TokenStream {
    let held = held.to_token_stream().to_string().replace(' ', "");
    let schema = format!("{RUNTIME}::number_text::Schema<{held}>");
    quote! { #[cfg_attr(feature = "schemars", schemars(with = #schema))] }
}

/// Returns the name of the field for undeclared properties, distinct from all properties.
fn extra_name(object: &Object) -> String {
    let mut name = "extra".to_owned();
    while property_of(object, &name).is_some() {
        name.push_str("_properties");
    }
    name
}
