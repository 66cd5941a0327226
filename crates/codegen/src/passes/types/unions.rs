//! Unions as enums, distinguished by a tag or a JSON type.
//!
//! Why: progenitor names the variants of a `oneOf` by position, tries them in order, and fails if
//! none matches. Here a variant is named after its schema or JSON type, the tag decides how an
//! object is read, and `Unknown` or `Other` holds values that the document does not describe.

use quote::quote;
use syn::{Fields, Item, ItemEnum, Type, parse_quote};

use crate::docs::type_docs;
use crate::model::{Api, Kind, Schema, Tagged};
use crate::prose::code;
use crate::tree::{generic, ident};

/// Returns the types that the variants hold.
fn held(item: &ItemEnum) -> Vec<&Type> {
    let types = item.variants.iter().filter_map(|it| match &it.fields {
        Fields::Unnamed(fields) => Some(&fields.unnamed.first()?.ty),
        _ => None,
    });
    types.collect()
}

/// Returns a union whose JSON types distinguish its alternatives.
pub(super) fn untagged(api: &Api, item: &ItemEnum, members: &[Schema]) -> Option<Vec<Item>> {
    let (name, types) = (&item.ident, held(item));
    if types.len() != members.len() {
        return None;
    }
    let (mut variants, mut objects) = (Vec::new(), Vec::new());
    let mut conversions: Vec<Item> = Vec::new();
    for (member, ty) in members.iter().zip(types) {
        let (variant, words) = variant(api, member);
        // serde tries the variants in order and would read a list as an object.
        let list = match variant {
            "Object" => &mut objects,
            _ => &mut variants,
        };
        let variant = ident(variant);
        let doc = format!(" A value that is {words}.");
        list.push(quote! { #[doc = #doc] #variant(#ty) });
        conversions.push(conversion(name, &variant, ty));
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
    variants.extend(objects);
    let docs = type_docs(api, &name.to_string());
    let union = parse_quote! {
        #(#docs)*
        #[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, PartialEq)]
        #[serde(untagged)]
        #[non_exhaustive]
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
        pub enum #name {
            #(#variants,)*
            /// A value that matches no type in the spec.
            Other(::serde_json::Value),
        }
    };
    conversions.insert(0, union);
    Some(conversions)
}

/// Returns a union whose objects one property distinguishes.
pub(super) fn tagged(api: &Api, item: &ItemEnum, tagged: &Tagged) -> Option<Vec<Item>> {
    let (name, tag) = (&item.ident, &tagged.tag);
    let mut types = held(item);
    // The last variant holds any other value.
    types.pop();
    if types.len() != tagged.variants.len() {
        return None;
    }
    let (mut variants, mut reading, mut writing) = (Vec::new(), Vec::new(), Vec::new());
    let mut added: Vec<Item> = Vec::new();
    for (variant, ty) in tagged.variants.iter().zip(&types) {
        let (ident, values) = (ident(&variant.ident), &variant.values);
        let first = values.first()?;
        let shown: Vec<String> = values.iter().map(|it| code(it)).collect();
        let doc = format!(" An object whose {} is {}.", code(tag), shown.join(" or "));
        variants.push(quote! { #[doc = #doc] #ident(#ty) });
        if types.iter().filter(|other| *other == ty).count() == 1 {
            added.push(conversion(name, &ident, ty));
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
    let docs = type_docs(api, &name.to_string());
    let unknown = format!(
        " A value whose {} is not in the spec, unchanged.",
        code(tag)
    );
    let union = parse_quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema), schemars(untagged))]
        pub enum #name {
            #(#variants,)*
            #[doc = #unknown]
            Unknown(::serde_json::Value),
        }
    };
    added.insert(0, union);
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
    match api.kind(schema).json_type() {
        "boolean" => ("Boolean", "a boolean"),
        "integer" => ("Integer", "an integer"),
        "number" => ("Number", "a number"),
        "string" => ("Text", "a string"),
        "array" => ("List", "a list"),
        _ => ("Object", "an object"),
    }
}
