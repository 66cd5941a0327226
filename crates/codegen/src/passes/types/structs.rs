//! Structs that distinguish absent, null and empty values.
//!
//! Why: progenitor uses one `Option` for absent and null, omits empty lists from requests, and
//! sends the defaults of the document, which overwrite values on the server. The servers
//! distinguish these cases, and some send null instead of a list. protobuf's JSON writes 64-bit
//! integers as strings, and doubles that JSON cannot represent as `"NaN"`; here both forms of a
//! number are read. APIs keep adding properties, so a struct is `#[non_exhaustive]`, and its
//! builder or its default creates it. JSON Schemas are derived with a feature; progenitor adds a
//! derive either to all builds or to none.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Item, ItemStruct, Type, parse_quote};

use crate::docs::{described, doc_attributes, type_docs};
use crate::model::{Api, Kind, Object, Property, Schema};
use crate::prose::code;
use crate::tree::{generic, ident};

const RUNTIME: &str = "::compute_kfp_runtime";

/// A field of a struct.
pub(super) struct Field<'a> {
    pub name: String,
    /// The property and its name; the field for undeclared properties has none.
    pub property: Option<(&'a str, &'a Property)>,
    pub presence: Presence,
    /// Type of a present value.
    pub value: Type,
    /// Type of the field.
    pub held: Type,
}

/// The ways in which a value may be missing.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Presence {
    Required,
    /// Required, but may be null.
    Null,
    Optional,
    /// May be absent, and may be null, with different meanings.
    Nullable,
    /// Undeclared properties, of which there may be none.
    Undeclared,
}

impl Presence {
    fn of(property: &Property) -> Self {
        let free_form = property.schema.kind == Kind::Any;
        match (property.required, property.schema.nullable && !free_form) {
            (true, false) => Self::Required,
            (true, true) => Self::Null,
            (false, false) => Self::Optional,
            (false, true) => Self::Nullable,
        }
    }

    /// Returns whether the value must be set, so that a builder can fail.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Required | Self::Null)
    }
}

impl<'a> Field<'a> {
    /// Returns the fields of progenitor's struct of an object.
    pub fn all(item: &ItemStruct, object: &'a Object) -> Vec<Self> {
        // The field for undeclared properties is the last one, and a property can have its name.
        let properties = item.fields.len() - usize::from(object.additional.is_some());
        let fields = item.fields.iter().enumerate().filter_map(|(index, field)| {
            let name = field.ident.as_ref()?.to_string();
            let value = generic(&field.ty, "Option").unwrap_or(&field.ty).clone();
            let property = match index < properties {
                true => property_of(object, &name),
                false => None,
            };
            let presence = property.map_or(Presence::Undeclared, |(_, it)| Presence::of(it));
            let held = match presence {
                Presence::Required | Presence::Undeclared => value.clone(),
                Presence::Null | Presence::Optional => {
                    parse_quote! { ::std::option::Option<#value> }
                }
                Presence::Nullable => parse_quote! { ::compute_kfp_runtime::Nullable<#value> },
            };
            Some(Self {
                name: match property {
                    Some(_) => name,
                    None => extra_name(object),
                },
                property,
                presence,
                value,
                held,
            })
        });
        fields.collect()
    }
}

fn property_of<'a>(object: &'a Object, field: &str) -> Option<(&'a str, &'a Property)> {
    let mut properties = object.properties.iter();
    let (wire, property) = properties.find(|(_, property)| property.ident == field)?;
    Some((wire, property))
}

/// Returns the name of the field for undeclared properties, distinct from all properties.
fn extra_name(object: &Object) -> String {
    let mut name = "extra".to_owned();
    while property_of(object, &name).is_some() {
        name.push_str("_properties");
    }
    name
}

/// Returns the struct of an object.
pub(super) fn written(api: &Api, name: &Ident, object: &Object, fields: &[Field<'_>]) -> [Item; 2] {
    let docs = type_docs(api, &name.to_string());
    let can_fail = fields.iter().any(|it| it.presence.is_required());
    let default = (!can_fail).then(|| quote! { , Default });
    let fields = fields.iter().map(|field| match field.property {
        Some((wire, property)) => declared(api, field, wire, property),
        None => undeclared(api, object, field),
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
    [structure, implementation]
}

/// Returns the declaration of the field of a property.
fn declared(api: &Api, field: &Field<'_>, wire: &str, property: &Property) -> TokenStream {
    let fallback = format!("Property {}.", code(wire));
    let description = property.schema.description.as_deref();
    let docs = doc_attributes(&described(&property.schema, description, &fallback));
    let (held, presence) = (&field.held, field.presence);
    let is_number = may_be_text(&property.schema, api.protobuf);
    let is_collection = matches!(property.schema.kind, Kind::Array(_) | Kind::Map(_));
    let absent = match presence {
        Presence::Optional => Some("::std::option::Option::is_none".to_owned()),
        Presence::Nullable => Some(format!("{RUNTIME}::Nullable::is_absent")),
        _ => None,
    };
    let special = match presence {
        Presence::Required if is_collection => Some("null::as_empty"),
        Presence::Optional if property.schema.kind == Kind::Any => Some("null::as_value"),
        Presence::Optional if generic(&field.value, "Vec").is_some() => Some("list::exact"),
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
        ("rename", (field.name != wire).then(|| wire.to_owned())),
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
    let schema = is_number.then(|| schema_of_number(held));
    let name = ident(&field.name);
    quote! { #(#docs)* #serde #schema pub #name: #held }
}

/// Returns the declaration of the field for undeclared properties.
fn undeclared(api: &Api, object: &Object, field: &Field<'_>) -> TokenStream {
    let additional = object.additional.as_ref();
    let is_number = additional.is_some_and(|it| may_be_text(it, api.protobuf));
    let module = format!("{RUNTIME}::number_text");
    let with = is_number.then(|| quote! { , with = #module });
    let schema = is_number.then(|| schema_of_number(&field.held));
    let (name, held) = (ident(&field.name), &field.held);
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
