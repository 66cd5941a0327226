//! `types.rs`: structs with builders, open enums and unions.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::visit_mut::{VisitMut, visit_type_path_mut};
use syn::{Type, parse_quote};

use super::items::{Field, Items, generic};
use super::tokens::{alias, default_note, deprecated, doc, holds_number_text, ident, shown, taken};
use super::{paging, prelude, print, unions};
use crate::model::{Api, Kind, NamedSchema, Object, Property};
use crate::names::variant_name;
use crate::view;

/// The schemas that are objects, as structs, in the order of their names.
pub(super) fn structs<'a>(
    api: &'a Api,
    items: &Items,
) -> Result<BTreeMap<&'a str, Struct<'a>>, String> {
    let mut structs = BTreeMap::new();
    for (name, schema) in &api.schemas {
        if let Kind::Object(object) = &schema.schema.kind {
            structs.insert(name.as_str(), Struct::of(api, items, object, name)?);
        }
    }
    Ok(structs)
}

pub(super) fn generate(
    api: &Api,
    items: &Items,
    structs: &BTreeMap<&str, Struct<'_>>,
) -> Result<String, String> {
    let mut names: Vec<&String> = api.schemas.keys().collect();
    names.sort();
    let import = quote! { #[allow(unused_imports)] use ::compute_kfp_runtime as runtime; };
    let mut text = print(api, import.clone())?;
    let mut builders = TokenStream::new();
    for name in names {
        let schema = &api.schemas[name];
        text.push('\n');
        match &schema.schema.kind {
            Kind::Enum(values) => text.push_str(&open_enum(api, name, schema, values)?),
            Kind::Union(members) => text.push_str(&print(
                api,
                unions::union(api, items, name, schema, members)?,
            )?),
            _ => {}
        }
        if let Some(fields) = structs.get(name.as_str()) {
            text.push_str(&print(api, fields.definition(api, name, schema))?);
            text.push_str(&print(api, paging::list_page(api, items, name)?)?);
            builders.extend(fields.builder(api, name));
        }
    }
    text.push('\n');
    text.push_str(&print(
        api,
        quote! {
            /// Builders of the types above.
            pub mod builder {
                #import

                #builders
            }
        },
    )?);
    Ok(text)
}

/// What every type says about itself.
pub(super) fn type_attributes(name: &str, schema: &NamedSchema) -> TokenStream {
    let fallback = format!(
        "The schema `{}`.",
        schema.upstream.as_deref().unwrap_or(name)
    );
    let description = schema.schema.description.as_deref().unwrap_or(&fallback);
    let doc = doc(&[description]);
    let alias = alias(schema.upstream.as_deref(), name);
    quote! { #doc #alias }
}

/// An enum with its values, inside the macro that gives it what every open enum has.
fn open_enum(
    api: &Api,
    name: &str,
    schema: &NamedSchema,
    values: &[String],
) -> Result<String, String> {
    let attributes = type_attributes(name, schema);
    let ident = ident(name);
    let description = schema.schema.description.as_deref().unwrap_or("");
    let variants = values.iter().map(|value| {
        let variant = self::ident(&variant_name(value));
        let doc = said_of(description, value).map(|text| doc(&[&text]));
        quote! { #doc #variant = #value, }
    });
    let definition = print(
        api,
        quote! {
            #attributes
            pub enum #ident {
                #(#variants)*
            }
        },
    )?;
    let indented: Vec<String> = definition
        .lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("    {line}")
            }
        })
        .collect();
    Ok(format!(
        "runtime::open_enum! {{\n{}\n}}\n",
        indented.join("\n")
    ))
}

/// What a schema's description says of one value: an item of a list that starts with its name.
fn said_of(description: &str, value: &str) -> Option<String> {
    let mut lines = description.lines();
    let text = lines.by_ref().find_map(|line| {
        let item = line.trim_start().strip_prefix(['-', '*'])?.trim_start();
        let rest = item.strip_prefix('`').unwrap_or(item).strip_prefix(value)?;
        let rest = rest.strip_prefix('`').unwrap_or(rest).trim_start();
        rest.strip_prefix([':', '-', '–', '—'])
            .map(|text| text.trim().to_owned())
    })?;
    let more: Vec<&str> = lines
        .take_while(|line| {
            let trimmed = line.trim_start();
            line.starts_with(' ') && !trimmed.is_empty() && !trimmed.starts_with(['-', '*'])
        })
        .map(str::trim)
        .collect();
    let text = [vec![text.as_str()], more].concat().join(" ");
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
}

/// How a property stands in its struct.
pub(super) struct Slot<'a> {
    pub(super) name: &'a str,
    property: &'a Property,
    /// Type of the value, without what says that it may be missing.
    value: Type,
    presence: Presence,
    number_text: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Required,
    /// Required by the description, but may be null.
    Null,
    Optional,
    /// May be absent and may be null, which are different things.
    Nullable,
}

pub(super) struct Struct<'a> {
    pub(super) slots: Vec<Slot<'a>>,
    extra: Option<Extra>,
}

/// The field for the properties the description does not name.
struct Extra {
    name: proc_macro2::Ident,
    ty: Type,
    number_text: bool,
}

impl Extra {
    /// A name that no property has.
    fn name(object: &Object) -> proc_macro2::Ident {
        let mut name = "extra".to_owned();
        while object
            .properties
            .values()
            .any(|property| property.ident == name)
        {
            name.push_str("_properties");
        }
        ident(&name)
    }
}

impl<'a> Struct<'a> {
    fn of(api: &Api, items: &Items, object: &'a Object, name: &str) -> Result<Self, String> {
        let fields = items.fields(api, name)?;
        let mut slots = Vec::new();
        for (index, (property_name, property)) in object.properties.iter().enumerate() {
            let field = fields.get(&view::member(index)).ok_or_else(|| {
                format!("progenitor made no field for `{property_name}` of `{name}`")
            })?;
            slots.push(Slot::of(api, property_name, property, field));
        }
        let flattened = fields.values().find(|field| field.flatten);
        let extra = flattened.map(|field| Extra {
            name: Extra::name(object),
            ty: shown(&field.ty, api),
            number_text: holds_number_text(api, &field.ty),
        });
        Ok(Self { slots, extra })
    }

    /// Whether all properties have names; what else there is serde knows how to keep.
    pub(super) fn is_read_by_name(&self) -> bool {
        self.extra.is_none() && !self.slots.is_empty()
    }

    pub(super) fn has_required(&self) -> bool {
        self.slots
            .iter()
            .any(|slot| matches!(slot.presence, Presence::Required | Presence::Null))
    }

    fn definition(&self, api: &Api, name: &str, schema: &NamedSchema) -> TokenStream {
        let attributes = type_attributes(name, schema);
        let ident = ident(name);
        let by_name = self.is_read_by_name();
        let fields = self.slots.iter().map(|slot| slot.field(api, by_name));
        let extra = self.extra.iter().map(
            |Extra {
                 name,
                 ty,
                 number_text,
             }| {
                let serde = number_text.then(|| quote! { , with = "runtime::number_text" });
                let schema = number_text.then(|| number_text_schema(api, ty.clone()));
                quote! {
                    /// Properties the description does not name.
                    #[serde(flatten #serde)]
                    #schema
                    pub #name: #ty,
                }
            },
        );
        let default = (!self.has_required()).then(|| quote! { Default, });
        let deserialize = (!by_name).then(|| quote! { , ::serde::Deserialize });
        quote! {
            #attributes
            #[derive(Clone, Debug, #default PartialEq, ::serde::Serialize #deserialize)]
            #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
            pub struct #ident {
                #(#fields)*
                #(#extra)*
            }

            impl #ident {
                /// A builder in which nothing is set.
                pub fn builder() -> builder::#ident {
                    ::std::default::Default::default()
                }
            }
        }
    }

    fn builder(&self, api: &Api, name: &str) -> TokenStream {
        let ident = ident(name);
        let summary = format!(" Builder of [`{name}`](super::{name}).");
        let partial = self.has_required();
        let extra_name: Vec<_> = self.extra.iter().map(|extra| &extra.name).collect();
        let extra_type: Vec<_> = self
            .extra
            .iter()
            .map(|extra| outside(&extra.ty, api))
            .collect();
        let setters = self
            .slots
            .iter()
            .map(|slot| slot.setter(api, name, partial));
        let place = if partial {
            quote! { self }
        } else {
            quote! { self.0 }
        };
        let extra_setter = self.extra.iter().map(
            |Extra {
                 name: field, ty, ..
             }| {
                let taken = taken(&outside(ty, api), &format_ident!("value"));
                let (parameter, value) = (taken.parameter, taken.value);
                quote! {
                    /// Sets the properties the description does not name.
                    pub fn #field(mut self, value: #parameter) -> Self {
                        #place.#field = #value;
                        self
                    }
                }
            },
        );
        if !partial {
            return quote! {
                #[doc = #summary]
                #[derive(Clone, Debug, Default)]
                pub struct #ident(super::#ident);

                impl #ident {
                    #(#setters)*
                    #(#extra_setter)*

                    /// The value with what was set.
                    pub fn build(self) -> super::#ident {
                        self.0
                    }
                }

                impl __From<#ident> for super::#ident {
                    fn from(builder: #ident) -> Self {
                        builder.0
                    }
                }
            };
        }
        let names: Vec<_> = self.slots.iter().map(Slot::ident).collect();
        let types = self.slots.iter().map(|slot| slot.builder_type(api));
        let values = self.slots.iter().map(|slot| {
            let (field, property) = (slot.ident(), slot.name);
            match slot.presence {
                Presence::Required => quote! {
                    #field: self.#field.ok_or(runtime::BuildError::missing(#name, #property))?
                },
                _ => quote! { #field: self.#field },
            }
        });
        quote! {
            #[doc = #summary]
            #[derive(Clone, Debug, Default)]
            pub struct #ident {
                #(pub(in super::super) #names: #types,)*
                #(#extra_name: #extra_type,)*
            }

            impl #ident {
                #(#setters)*
                #(#extra_setter)*

                /// The value with what was set, or which required property was not.
                pub fn build(self) -> __Result<super::#ident, runtime::BuildError> {
                    __Ok(super::#ident {
                        #(#values,)*
                        #(#extra_name: self.#extra_name,)*
                    })
                }
            }

            impl __TryFrom<#ident> for super::#ident {
                type Error = runtime::BuildError;

                fn try_from(builder: #ident) -> __Result<Self, Self::Error> {
                    builder.build()
                }
            }
        }
    }
}

impl<'a> Slot<'a> {
    fn of(api: &Api, name: &'a str, property: &'a Property, field: &Field) -> Self {
        let number_text = holds_number_text(api, &field.ty);
        let ty = shown(&field.ty, api);
        let inner = generic(&ty, "Option").cloned();
        let free_form = property.schema.kind == Kind::Any;
        let presence = match (property.required, property.schema.nullable && !free_form) {
            (true, false) => Presence::Required,
            (true, true) => Presence::Null,
            (false, false) => Presence::Optional,
            (false, true) => Presence::Nullable,
        };
        let value = match (presence, inner) {
            (Presence::Required, _) | (_, None) => ty,
            (_, Some(inner)) => inner,
        };
        Self {
            name,
            property,
            value,
            presence,
            number_text,
        }
    }

    pub(super) fn ident(&self) -> proc_macro2::Ident {
        ident(&self.property.ident)
    }

    fn held(&self, value: &Type) -> TokenStream {
        match self.presence {
            Presence::Required => quote! { #value },
            Presence::Null | Presence::Optional => quote! { __Option<#value> },
            Presence::Nullable => quote! { runtime::Nullable<#value> },
        }
    }

    /// An array or a map that has to be there, and of which servers leave out an empty one.
    fn is_empty_when_absent(&self) -> bool {
        let collection = matches!(self.property.schema.kind, Kind::Array(_) | Kind::Map(_));
        self.presence == Presence::Required && collection
    }

    /// What reads the value, where serde's way would not do.
    fn reader(&self) -> Option<syn::Path> {
        if self.number_text {
            return Some(parse_quote! { runtime::number_text::deserialize });
        }
        if self.is_empty_when_absent() {
            return Some(parse_quote! { runtime::null::as_empty });
        }
        if self.presence != Presence::Optional {
            return None;
        }
        if self.property.schema.kind == Kind::Any {
            return Some(parse_quote! { runtime::null::as_value });
        }
        let is_list = generic(&self.value, "Vec").is_some();
        is_list.then(|| parse_quote! { runtime::list::exact })
    }

    /// Reads the value into the field of what is there while properties are read.
    pub(super) fn read_value(&self) -> TokenStream {
        let reader = self
            .reader()
            .unwrap_or_else(|| parse_quote! { object::value });
        let value = quote! { #reader(value)? };
        match self.presence {
            Presence::Required => quote! { __Some(#value) },
            _ => value,
        }
    }

    /// The value of the field once all properties have been read.
    pub(super) fn finished_value(&self) -> TokenStream {
        let (field, property) = (self.ident(), self.name);
        match self.presence {
            Presence::Required if self.is_empty_when_absent() => {
                quote! { partial.#field.unwrap_or_default() }
            }
            Presence::Required => quote! { partial.#field.ok_or(#property)? },
            _ => quote! { partial.#field },
        }
    }

    /// The field of the struct, with what serde has to know where it reads the struct, too.
    fn field(&self, api: &Api, by_name: bool) -> TokenStream {
        let name = self.name;
        let ident = self.ident();
        let held = self.held(&self.value);
        let fallback = format!("The property `{name}`.");
        let description = self
            .property
            .schema
            .description
            .as_deref()
            .unwrap_or(&fallback);
        let default = default_note(&self.property.schema, description);
        let doc = doc(&[description, &default]);
        let mut serde = Vec::new();
        if ident != name {
            serde.push(quote! { rename = #name });
        }
        if self.number_text {
            serde.push(quote! { serialize_with = "runtime::number_text::serialize" });
        }
        let mut has_default = self.presence == Presence::Nullable;
        if let Some(reader) = self.reader() {
            has_default |= self.presence != Presence::Required || self.is_empty_when_absent();
            if !by_name {
                let reader = reader.to_token_stream().to_string().replace(' ', "");
                serde.push(quote! { deserialize_with = #reader });
            }
        }
        if has_default && !by_name {
            serde.push(quote! { default });
        }
        match self.presence {
            Presence::Optional => {
                let absent = format!("{}::is_none", prelude::name(api, "Option"));
                serde.push(quote! { skip_serializing_if = #absent });
            }
            Presence::Nullable => {
                serde.push(quote! { skip_serializing_if = "runtime::Nullable::is_absent" });
            }
            _ => {}
        }
        let serde = (!serde.is_empty()).then(|| quote! { #[serde(#(#serde),*)] });
        let default = (has_default && by_name)
            .then(|| quote! { #[cfg_attr(feature = "schemars", schemars(default))] });
        let schema = self
            .number_text
            .then(|| number_text_schema(api, parse_quote! { #held }));
        quote! { #doc #serde #default #schema pub #ident: #held, }
    }

    /// Type of the builder's field: what is required may still be missing there.
    fn builder_type(&self, api: &Api) -> TokenStream {
        let value = outside(&self.value, api);
        match self.presence {
            Presence::Required => quote! { __Option<#value> },
            _ => self.held(&value),
        }
    }

    fn setter(&self, api: &Api, owner: &str, partial: bool) -> TokenStream {
        let field = self.ident();
        let name = if self.property.ident == "build" {
            format_ident!("build_")
        } else {
            field.clone()
        };
        let value = outside(&self.value, api);
        let summary = format!(" Sets [`{field}`](super::{owner}::{field}).");
        let attribute = deprecated(self.property.schema.deprecated);
        let place = if partial {
            quote! { self }
        } else {
            quote! { self.0 }
        };
        let (parameter, stored) = if self.presence == Presence::Nullable {
            (
                quote! { impl __Into<runtime::Nullable<#value>> },
                quote! { value.into() },
            )
        } else if self.presence == Presence::Null {
            (
                quote! { impl __Into<__Option<#value>> },
                quote! { value.into() },
            )
        } else {
            let taken = taken(&value, &format_ident!("value"));
            let stored = taken.value;
            (taken.parameter, quote! { __Some(#stored) })
        };
        quote! {
            #[doc = #summary]
            #attribute
            pub fn #name(mut self, value: #parameter) -> Self {
                #place.#field = #stored;
                self
            }
        }
    }
}

/// Tells schemars how integers that travel as text are written.
fn number_text_schema(api: &Api, held: Type) -> TokenStream {
    let held = prelude::resolved(api, held).to_token_stream().to_string();
    let held = held.replace(' ', "");
    let marker = format!("runtime::number_text::Schema<{held}>");
    quote! { #[cfg_attr(feature = "schemars", schemars(with = #marker))] }
}

/// A type of this module, as a module below it writes it.
fn outside(ty: &Type, api: &Api) -> Type {
    struct Outside<'a>(&'a Api);

    impl VisitMut for Outside<'_> {
        fn visit_type_path_mut(&mut self, ty: &mut syn::TypePath) {
            if let Some(name) = ty.path.get_ident()
                && self.0.schemas.contains_key(&name.to_string())
            {
                let name = name.clone();
                ty.path = syn::parse_quote!(super::#name);
                return;
            }
            visit_type_path_mut(self, ty);
        }
    }

    let mut ty = ty.clone();
    Outside(api).visit_type_mut(&mut ty);
    ty
}
