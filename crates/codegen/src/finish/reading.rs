//! `reading.rs`: how objects are read from JSON.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::tokens::ident;
use super::types::Struct;

pub(super) fn generate(structs: &BTreeMap<&str, Struct<'_>>) -> TokenStream {
    let by_name = structs
        .iter()
        .filter(|(_, fields)| fields.is_read_by_name());
    let objects = by_name.map(|(name, fields)| fields.reading(name));
    quote! {
        #[allow(unused_imports)]
        use ::compute_kfp_runtime::{self as runtime, object};

        #[allow(unused_imports)]
        use super::types;

        #(#objects)*
    }
}

impl Struct<'_> {
    fn reading(&self, name: &str) -> TokenStream {
        let ident = ident(name);
        let count = Literal::usize_unsuffixed(self.slots.len());
        let properties = self.slots.iter().map(|slot| slot.name);
        let values = self.slots.iter().enumerate().map(|(place, slot)| {
            let (field, value) = (slot.ident(), slot.read_value());
            let place = Literal::usize_unsuffixed(place);
            quote! { #place => partial.#field = #value, }
        });
        let (partial, finish) = if self.has_required() {
            let fields = self.slots.iter().map(|slot| {
                let (field, value) = (slot.ident(), slot.finished_value());
                quote! { #field: #value, }
            });
            (
                quote! { types::builder::#ident },
                quote! { Self { #(#fields)* } },
            )
        } else {
            (quote! { Self }, quote! { partial })
        };
        quote! {
            impl object::Object<#count> for types::#ident {
                type Partial = #partial;
                const NAME: &'static str = #name;
                const PROPERTIES: &'static [&'static str; #count] = &[#(#properties),*];

                fn read_property<'de, D: ::serde::Deserializer<'de>>(
                    partial: &mut Self::Partial,
                    property: usize,
                    value: D,
                ) -> __Result<(), D::Error> {
                    match property {
                        #(#values)*
                        _ => object::ignore(value)?,
                    }
                    __Ok(())
                }

                fn finish(partial: Self::Partial) -> __Result<Self, &'static str> {
                    __Ok(#finish)
                }
            }

            impl<'de> ::serde::Deserialize<'de> for types::#ident {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> __Result<Self, D::Error> {
                    object::read(deserializer)
                }
            }
        }
    }
}
