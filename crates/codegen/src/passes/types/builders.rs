//! Builders of types hold values.
//!
//! Why: progenitor's builders hold a `Result` for each property, whose error is a string that
//! appears only when the request is sent. Their setters accept neither `&str` for an optional
//! string nor an iterator for a list. Here a setter accepts values whose conversion cannot fail,
//! and `build` reports a missing required property.

use proc_macro2::Ident;
use quote::{format_ident, quote};
use syn::visit_mut::{VisitMut, visit_type_path_mut};
use syn::{ImplItemFn, Item, Type, parse_quote};

use super::structs::{Field, Presence};
use crate::docs::deprecated;
use crate::model::Api;
use crate::taken::taken;
use crate::tree::ident;

/// Returns the builder of a type. It can fail if a required value is missing.
pub(super) fn written(api: &Api, builder: &Ident, fields: &[Field<'_>]) -> [Item; 4] {
    let doc = format!(" Builder of [`{builder}`](super::{builder}).");
    let names: Vec<_> = fields.iter().map(|field| ident(&field.name)).collect();
    let types = fields.iter().map(|field| {
        let held = outside(&field.held, api);
        match field.presence {
            Presence::Required => quote! { ::std::option::Option<#held> },
            _ => quote! { #held },
        }
    });
    let setters = fields.iter().map(|field| setter(api, builder, field));
    let built = fields.iter().map(|field| {
        let (name, owner) = (ident(&field.name), builder.to_string());
        match (field.presence, field.property) {
            (Presence::Required, Some((wire, _))) => quote! {
                value.#name.ok_or(::compute_kfp_runtime::BuildError::missing(#owner, #wire))?
            },
            _ => quote! { value.#name },
        }
    });
    let given = fields.iter().map(|field| {
        let name = ident(&field.name);
        match field.presence {
            Presence::Required => quote! { ::std::option::Option::Some(value.#name) },
            _ => quote! { value.#name },
        }
    });
    // An object without properties does not use the value.
    let value = match fields {
        [] => quote! { _value },
        _ => quote! { value },
    };
    let can_fail = fields.iter().any(|field| field.presence.is_required());
    let (build, into): (ImplItemFn, Item) = if can_fail {
        let error = quote! { ::compute_kfp_runtime::BuildError };
        (
            parse_quote! {
                /// Returns the value.
                ///
                /// # Errors
                ///
                /// Returns an error if a required property was not set. It names the property.
                pub fn build(self) -> ::std::result::Result<super::#builder, #error> {
                    ::std::convert::TryInto::try_into(self)
                }
            },
            parse_quote! {
                impl ::std::convert::TryFrom<#builder> for super::#builder {
                    type Error = #error;

                    fn try_from(value: #builder) -> ::std::result::Result<Self, #error> {
                        ::std::result::Result::Ok(Self { #(#names: #built),* })
                    }
                }
            },
        )
    } else {
        (
            parse_quote! {
                /// Returns the value.
                pub fn build(self) -> super::#builder {
                    ::std::convert::Into::into(self)
                }
            },
            parse_quote! {
                impl ::std::convert::From<#builder> for super::#builder {
                    fn from(#value: #builder) -> Self {
                        Self { #(#names: #built),* }
                    }
                }
            },
        )
    };
    [
        parse_quote! {
            #[doc = #doc]
            #[derive(Clone, Debug, Default)]
            pub struct #builder { #(#names: #types),* }
        },
        parse_quote! { impl #builder { #(#setters)* #build } },
        into,
        parse_quote! {
            impl ::std::convert::From<super::#builder> for #builder {
                fn from(#value: super::#builder) -> Self {
                    Self { #(#names: #given),* }
                }
            }
        },
    ]
}

fn setter(api: &Api, owner: &Ident, field: &Field<'_>) -> ImplItemFn {
    let name = ident(&field.name);
    let setter = match field.name.as_str() {
        "build" => format_ident!("build_"),
        _ => name.clone(),
    };
    let link = name.to_string();
    let doc = format!(" Sets [`{link}`](super::{owner}::{link}).");
    let is_deprecated = field.property.is_some_and(|(_, it)| it.schema.deprecated);
    let deprecated = is_deprecated.then(deprecated);
    let taken = taken(&outside(&field.value, api), &ident("value"));
    let (parameter, value) = match field.presence {
        Presence::Undeclared => (taken.parameter, taken.value),
        Presence::Required | Presence::Optional => {
            let value = taken.value;
            (
                taken.parameter,
                quote! { ::std::option::Option::Some(#value) },
            )
        }
        // Null is a value, too.
        Presence::Null | Presence::Nullable => {
            let held = outside(&field.held, api);
            (
                quote! { impl ::std::convert::Into<#held> },
                quote! { value.into() },
            )
        }
    };
    parse_quote! {
        #[doc = #doc]
        #deprecated
        pub fn #setter(mut self, value: #parameter) -> Self {
            self.#name = #value;
            self
        }
    }
}

/// Rewrites a type of this module for a module below it.
fn outside(ty: &Type, api: &Api) -> Type {
    struct Outside<'a>(&'a Api);

    impl VisitMut for Outside<'_> {
        fn visit_type_path_mut(&mut self, ty: &mut syn::TypePath) {
            if let Some(name) = ty.path.get_ident()
                && self.0.schemas.contains_key(&name.to_string())
            {
                let name = name.clone();
                ty.path = parse_quote!(super::#name);
                return;
            }
            visit_type_path_mut(self, ty);
        }
    }

    let mut ty = ty.clone();
    Outside(api).visit_type_mut(&mut ty);
    ty
}
