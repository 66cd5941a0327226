//! Unions as enums, distinguished by a tag or a JSON type.
//!
//! Why: progenitor names the variants of a `oneOf` by position, tries them in order, and fails if
//! none matches. Here a variant is named after its schema or JSON type, the tag decides how an
//! object is read, and `Unknown` or `Other` holds values that the document does not describe.

use quote::quote;
use syn::{Attribute, Fields, Item, ItemEnum, Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::docs::type_docs;
use crate::model::{Api, Kind, Schema, Tagged};
use crate::prose::code;
use crate::tree::{Tree, generic, ident, is_implementation_for, remove_derive};

pub(super) const PASS: Pass = Pass {
    name: "unions",
    changes: &[
        (Change::Changes, Part::Type),
        (Change::Changes, Part::Docs),
        (Change::Adds, Part::Variant),
        (Change::Removes, Part::Variant),
        (Change::Adds, Part::Implementation),
        (Change::Removes, Part::Implementation),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for (name, schema) in &context.api.schemas {
        let kind = &schema.schema.kind;
        if !matches!(kind, Kind::Union(_) | Kind::Tagged(_)) {
            continue;
        }
        tree.types.retain(|item| !is_implementation_for(item, name));
        let is_it = |item: &Item| matches!(item, Item::Enum(item) if item.ident == name);
        let position = tree.types.iter().position(is_it);
        let Some((position, Item::Enum(found))) =
            position.and_then(|at| Some((at, tree.types.get_mut(at)?)))
        else {
            return Err(format!("progenitor generated no enum `{name}`"));
        };
        found.attrs.retain(|it| !it.path().is_ident("doc"));
        found.attrs.splice(0..0, type_docs(context.api, name));
        let added = match kind {
            Kind::Union(members) => union(context.api, found, members),
            Kind::Tagged(union) => tagged(found, union),
            _ => None,
        };
        let added =
            added.ok_or_else(|| format!("progenitor's enum `{name}` has unexpected variants"))?;
        tree.types.splice(position + 1..position + 1, added);
    }
    Ok(())
}

/// Returns the types that the variants hold.
fn held(item: &ItemEnum) -> Vec<Type> {
    let types = item.variants.iter().filter_map(|it| match &it.fields {
        Fields::Unnamed(fields) => Some(fields.unnamed.first()?.ty.clone()),
        _ => None,
    });
    types.collect()
}

fn union(api: &Api, found: &mut ItemEnum, members: &[Schema]) -> Option<Vec<Item>> {
    let types = held(found);
    if types.len() != members.len() {
        return None;
    }
    found.variants.clear();
    let name = found.ident.clone();
    let mut conversions: Vec<Item> = Vec::new();
    for (member, ty) in members.iter().zip(&types) {
        let (variant, words) = variant(api, member);
        let variant = ident(variant);
        let doc = format!(" A value that is {words}.");
        found
            .variants
            .push(parse_quote! { #[doc = #doc] #variant(#ty) });
        conversions.push(conversion(&name, &variant, ty));
        if matches!(member.kind, Kind::String | Kind::Binary) {
            conversions.push(parse_quote! {
                impl ::std::convert::From<&str> for #name {
                    fn from(value: &str) -> Self {
                        Self::#variant(value.to_owned())
                    }
                }
            });
        }
    }
    // serde tries the variants in order and would read a list as an object.
    let (objects, others): (Vec<_>, Vec<_>) = std::mem::take(&mut found.variants)
        .into_iter()
        .partition(|variant| variant.ident == "Object");
    found.variants.extend(others.into_iter().chain(objects));
    found.variants.push(parse_quote! {
        /// A value that matches no type in the spec.
        Other(::serde_json::Value)
    });
    found.attrs.extend::<[Attribute; 2]>([
        parse_quote! { #[non_exhaustive] },
        parse_quote! { #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))] },
    ]);
    Some(conversions)
}

/// Generates a union whose objects one property distinguishes.
fn tagged(found: &mut ItemEnum, union: &Tagged) -> Option<Vec<Item>> {
    let mut types = held(found);
    // The last variant holds any other value.
    types.pop();
    if types.len() != union.variants.len() {
        return None;
    }
    found.variants.clear();
    let (name, tag) = (found.ident.clone(), &union.tag);
    let mut added: Vec<Item> = Vec::new();
    let mut reading = Vec::new();
    let mut writing = Vec::new();
    for (variant, ty) in union.variants.iter().zip(&types) {
        let (ident, values) = (ident(&variant.ident), &variant.values);
        let first = values.first()?;
        let shown: Vec<String> = values.iter().map(|it| code(it)).collect();
        let doc = format!(" An object whose {} is {}.", code(tag), shown.join(" or "));
        found
            .variants
            .push(parse_quote! { #[doc = #doc] #ident(#ty) });
        if types.iter().filter(|other| *other == ty).count() == 1 {
            added.push(conversion(&name, &ident, ty));
        }
        reading.push(quote! {
            ::std::option::Option::Some(#(#values)|*) => {
                ::compute_kfp_runtime::tagged::read(value, #tag).map(Self::#ident)
            }
        });
        writing.push(quote! {
            Self::#ident(value) => {
                ::compute_kfp_runtime::tagged::write(value, #tag, #first, serializer)
            }
        });
    }
    let doc = format!(
        " A value whose {} is not in the spec, unchanged.",
        code(tag)
    );
    found
        .variants
        .push(parse_quote! { #[doc = #doc] Unknown(::serde_json::Value) });
    found.attrs.retain(|it| !it.path().is_ident("serde"));
    for derive in ["Serialize", "Deserialize"] {
        remove_derive(&mut found.attrs, derive);
    }
    found.attrs.extend::<[Attribute; 2]>([
        parse_quote! { #[non_exhaustive] },
        parse_quote! {
            #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema), schemars(untagged))]
        },
    ]);
    added.push(parse_quote! {
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                match ::compute_kfp_runtime::tagged::tag(&value, #tag) {
                    #(#reading)*
                    _ => ::std::result::Result::Ok(Self::Unknown(value)),
                }
            }
        }
    });
    added.push(parse_quote! {
        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                match self {
                    #(#writing)*
                    Self::Unknown(value) => ::serde::Serialize::serialize(value, serializer),
                }
            }
        }
    });
    Some(added)
}

/// Implements the conversion into a variant; a boxed variant converts from the unboxed value.
fn conversion(name: &proc_macro2::Ident, variant: &proc_macro2::Ident, ty: &Type) -> Item {
    let (ty, value) = match generic(ty, "Box") {
        Some(inner) => (inner, quote! { ::std::boxed::Box::new(value) }),
        None => (ty, quote! { value }),
    };
    parse_quote! {
        impl ::std::convert::From<#ty> for #name {
            fn from(value: #ty) -> Self {
                Self::#variant(#value)
            }
        }
    }
}

/// Returns the name of the variant for a JSON type, and the words for it.
fn variant(api: &Api, schema: &Schema) -> (&'static str, &'static str) {
    match api.kind(schema) {
        Kind::Boolean => ("Boolean", "a boolean"),
        Kind::Integer(_) => ("Integer", "an integer"),
        Kind::Number => ("Number", "a number"),
        Kind::String
        | Kind::Timestamp
        | Kind::IntegerText { .. }
        | Kind::Binary
        | Kind::Enum(_) => ("Text", "a string"),
        Kind::Array(_) => ("List", "a list"),
        _ => ("Object", "an object"),
    }
}
