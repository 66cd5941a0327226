//! Unions: one variant for each JSON type a value may have, and one for what is not described.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::items::Items;
use super::tokens::{ident, shown};
use super::types::type_attributes;
use crate::model::{Api, Kind, NamedSchema, Schema};
use crate::view::member;

pub(super) fn union(
    api: &Api,
    items: &Items,
    name: &str,
    schema: &NamedSchema,
    members: &[Schema],
) -> Result<TokenStream, String> {
    let attributes = type_attributes(name, schema);
    let name_ident = ident(name);
    let fields = items.fields(api, name)?;
    let mut variants = TokenStream::new();
    let mut conversions = TokenStream::new();
    for (index, schema) in members.iter().enumerate() {
        let field = fields
            .get(&member(index))
            .ok_or_else(|| format!("progenitor made no field for member {index} of `{name}`"))?;
        let ty = shown(&field.ty, api);
        let variant = format_ident!("{}", variant(api, &schema.kind));
        let doc = format!(" A value that is {}.", article(&variant.to_string()));
        variants.extend(quote! { #[doc = #doc] #variant(#ty), });
        conversions.extend(quote! {
            impl __From<#ty> for #name_ident {
                fn from(value: #ty) -> Self {
                    Self::#variant(value)
                }
            }
        });
        if matches!(schema.kind, Kind::String | Kind::Binary) {
            conversions.extend(quote! {
                impl __From<&str> for #name_ident {
                    fn from(value: &str) -> Self {
                        Self::#variant(value.to_owned())
                    }
                }
            });
        }
    }
    Ok(quote! {
        #attributes
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum #name_ident {
            #variants
            /// A value the description does not name.
            Other(::serde_json::Value),
        }

        #conversions
    })
}

fn variant(api: &Api, kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "Boolean",
        Kind::Integer(_) => "Integer",
        Kind::Number => "Number",
        Kind::String
        | Kind::Timestamp
        | Kind::IntegerText { .. }
        | Kind::Binary
        | Kind::Enum(_) => "Text",
        Kind::Array(_) => "List",
        Kind::Reference(name) => match api.schemas.get(name).map(|schema| &schema.schema.kind) {
            Some(Kind::Enum(_)) => "Text",
            _ => "Object",
        },
        _ => "Object",
    }
}

fn article(variant: &str) -> String {
    let name = variant.to_lowercase();
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {name}")
    } else {
        format!("a {name}")
    }
}
