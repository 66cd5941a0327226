//! Builders of types hold values.
//!
//! Why: progenitor's builders hold a `Result` for each property, whose error is a string that
//! appears only when the request is sent. Their setters accept neither `&str` for an optional
//! string nor an iterator for a list. Here a setter accepts values whose conversion cannot fail,
//! and `build` reports a missing required property.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::visit_mut::{VisitMut, visit_type_path_mut};
use syn::{ImplItemFn, Item, Type, parse_quote};

use super::Context;
use super::structs::{Presence, has_required, property_of};
use crate::docs::deprecated;
use crate::model::{Api, Property};
use crate::taken::taken;
use crate::tree::{Tree, fields, generic, ident, structs, take_module};

/// A field of a type and its property; the field for undeclared properties has none.
struct Slot<'a> {
    name: String,
    property: Option<(&'a str, &'a Property)>,
    /// Type of the field, as the builders' module refers to it.
    ty: Type,
}

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    // Builders return the errors of the runtime.
    take_module(&mut tree.types, "error");
    tree.type_builders.clear();
    for item in structs(&mut tree.types) {
        let name = item.ident.to_string();
        let object = context.api.object(&name);
        let object = object.ok_or_else(|| format!("the object `{name}` does not exist"))?;
        let slots = fields(item).map(|(field, value)| Slot {
            property: property_of(object, &field),
            ty: outside(&value.ty, context.api),
            name: field,
        });
        let slots: Vec<_> = slots.collect();
        let items = builder(&name, &slots, has_required(object));
        tree.type_builders.extend(items);
    }
    Ok(())
}

/// Returns the builder of a type. It can fail if it is partial: then required values may still be
/// missing.
fn builder(name: &str, slots: &[Slot<'_>], partial: bool) -> [Item; 4] {
    let builder = ident(name);
    let doc = format!(" Builder of [`{name}`](super::{name}).");
    let names: Vec<_> = slots.iter().map(|slot| ident(&slot.name)).collect();
    let types = slots.iter().map(Slot::held);
    let setters = slots.iter().map(|slot| slot.setter(name));
    let built = slots.iter().map(|slot| slot.built(name));
    let given = slots.iter().map(Slot::given);
    // An object without properties does not use the value.
    let value = match slots {
        [] => quote! { _value },
        _ => quote! { value },
    };
    let (build, into): (ImplItemFn, Item) = if partial {
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

impl Slot<'_> {
    fn presence(&self) -> Option<Presence> {
        self.property.map(|(_, property)| Presence::of(property))
    }

    fn is_required(&self) -> bool {
        self.presence() == Some(Presence::Required)
    }

    /// Returns the type of the builder's field: a required value may be missing.
    fn held(&self) -> TokenStream {
        let ty = &self.ty;
        match self.is_required() {
            true => quote! { ::std::option::Option<#ty> },
            false => quote! { #ty },
        }
    }

    /// Returns the value of the type's field, taken from a builder called `value`.
    fn built(&self, owner: &str) -> TokenStream {
        let name = ident(&self.name);
        match self.property {
            Some((wire, _)) if self.is_required() => quote! {
                value.#name.ok_or(::compute_kfp_runtime::BuildError::missing(#owner, #wire))?
            },
            _ => quote! { value.#name },
        }
    }

    /// Returns the value of the builder's field, taken from a type called `value`.
    fn given(&self) -> TokenStream {
        let name = ident(&self.name);
        match self.is_required() {
            true => quote! { ::std::option::Option::Some(value.#name) },
            false => quote! { value.#name },
        }
    }

    fn setter(&self, owner: &str) -> ImplItemFn {
        let field = ident(&self.name);
        let setter = match self.name.as_str() {
            "build" => format_ident!("build_"),
            _ => field.clone(),
        };
        let value = ident("value");
        let link = field.to_string();
        let doc = format!(" Sets [`{link}`](super::{owner}::{link}).");
        let is_deprecated = self.property.is_some_and(|(_, it)| it.schema.deprecated);
        let deprecated = is_deprecated.then(deprecated);
        let ty = match self.presence() {
            Some(Presence::Required) | None => &self.ty,
            Some(Presence::Optional) => generic(&self.ty, "Option").unwrap_or(&self.ty),
            Some(Presence::Null | Presence::Nullable) => {
                let ty = &self.ty;
                return parse_quote! {
                    #[doc = #doc]
                    #deprecated
                    pub fn #setter(mut self, value: impl ::std::convert::Into<#ty>) -> Self {
                        self.#field = value.into();
                        self
                    }
                };
            }
        };
        let taken = taken(ty, &value);
        let (parameter, value) = (taken.parameter, taken.value);
        let stored = match self.presence() {
            None => value,
            Some(_) => quote! { ::std::option::Option::Some(#value) },
        };
        parse_quote! {
            #[doc = #doc]
            #deprecated
            pub fn #setter(mut self, value: #parameter) -> Self {
                self.#field = #stored;
                self
            }
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
