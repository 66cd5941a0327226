//! Builders of types hold values.
//!
//! Why: progenitor's builders hold a `Result` for each property, whose error is a string that
//! appears only when the request is sent. Their setters accept neither `&str` for an optional
//! string nor an iterator for a list. Here a setter accepts values whose conversion cannot fail,
//! and `build` reports a missing required property.

use std::collections::HashMap;

use quote::{format_ident, quote};
use syn::visit_mut::{VisitMut, visit_type_path_mut};
use syn::{Field, ImplItemFn, Item, ItemImpl, Type, parse_quote};

use super::presence::{Presence, has_required, property_of};
use super::{Change, Context, Part, Pass};
use crate::model::{Api, Object, Property};
use crate::taken::taken;
use crate::tree::{
    Tree, add_derive, fields, functions, generic, ident, implementations, structs, take_module,
    trait_name,
};

pub(super) const PASS: Pass = Pass {
    name: "type_builders",
    changes: &[
        (Change::Adds, Part::TypeSetter),
        (Change::Changes, Part::TypeSetter),
        (Change::Adds, Part::Implementation),
        (Change::Removes, Part::Implementation),
        (Change::Changes, Part::TypeBuilder),
        (Change::Removes, Part::Module),
    ],
    run,
};

/// A field of a type and its property; the field for undeclared properties has none.
struct Slot<'a> {
    name: String,
    property: Option<(&'a str, &'a Property)>,
    /// Type of the field, as the builders' module refers to it.
    ty: Type,
}

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    // Builders return the errors of the runtime.
    take_module(&mut tree.types, "error");
    let mut slots: HashMap<String, Vec<Slot<'_>>> = HashMap::new();
    for item in structs(&mut tree.types) {
        let name = item.ident.to_string();
        let object = object(context.api, &name)?;
        let found = fields(item).map(|(field, value)| Slot {
            property: property_of(object, &field),
            ty: outside(&value.ty, context.api),
            name: field,
        });
        slots.insert(name, found.collect());
    }
    for (name, block) in implementations(&mut tree.types) {
        if slots.contains_key(&name) {
            for function in functions(block).filter(|it| it.sig.ident == "builder") {
                function.block = parse_quote! { { ::std::default::Default::default() } };
            }
        }
    }
    let builders = std::mem::take(&mut tree.type_builders);
    for mut item in builders {
        match &mut item {
            Item::Struct(item) => {
                let slots = slots_of(&slots, &item.ident.to_string())?;
                for (name, field) in fields(item) {
                    hold(field, slots.iter().find(|slot| slot.name == name))?;
                }
                add_derive(&mut item.attrs, "Default");
            }
            Item::Impl(block) => {
                let Some(replaced) = implementation(context.api, &slots, block)? else {
                    continue;
                };
                *block = replaced;
            }
            _ => {}
        }
        tree.type_builders.push(item);
    }
    Ok(())
}

fn object<'a>(api: &'a Api, name: &str) -> Result<&'a Object, String> {
    let found = api.object(name);
    found.ok_or_else(|| format!("the object `{name}` does not exist"))
}

fn slots_of<'m, 'a>(
    slots: &'m HashMap<String, Vec<Slot<'a>>>,
    name: &str,
) -> Result<&'m [Slot<'a>], String> {
    let found = slots.get(name).map(Vec::as_slice);
    found.ok_or_else(|| format!("progenitor generated no struct `{name}`"))
}

/// Required values may still be missing in a builder.
fn hold(field: &mut Field, slot: Option<&Slot<'_>>) -> Result<(), String> {
    let slot = slot.ok_or("progenitor's builder has a field that its type lacks")?;
    let ty = &slot.ty;
    field.ty = if slot.is_required() {
        parse_quote! { ::std::option::Option<#ty> }
    } else {
        ty.clone()
    };
    Ok(())
}

/// Returns the replacement of a builder's block, if it needs one.
fn implementation(
    api: &Api,
    slots: &HashMap<String, Vec<Slot<'_>>>,
    block: &ItemImpl,
) -> Result<Option<ItemImpl>, String> {
    let name = crate::tree::last_name(&block.self_ty).unwrap_or_default();
    let slots = slots_of(slots, &name)?;
    let partial = has_required(object(api, &name)?);
    let builder = ident(&name);
    let names: Vec<_> = slots.iter().map(|slot| ident(&slot.name)).collect();
    // An object without properties does not use the value.
    let value = if slots.is_empty() {
        quote! { _value }
    } else {
        quote! { value }
    };
    Ok(match trait_name(block).as_deref() {
        None => {
            let setters = slots.iter().map(Slot::setter);
            let build: ImplItemFn = if partial {
                parse_quote! {
                    pub fn build(self) -> ::std::result::Result<super::#builder, ::compute_kfp_runtime::BuildError> {
                        ::std::convert::TryInto::try_into(self)
                    }
                }
            } else {
                parse_quote! {
                    pub fn build(self) -> super::#builder {
                        ::std::convert::Into::into(self)
                    }
                }
            };
            Some(parse_quote! { impl #builder { #(#setters)* #build } })
        }
        Some("TryFrom") => {
            let values = slots.iter().map(|slot| slot.value(&name));
            if partial {
                Some(parse_quote! {
                    impl ::std::convert::TryFrom<#builder> for super::#builder {
                        type Error = ::compute_kfp_runtime::BuildError;

                        fn try_from(
                            value: #builder,
                        ) -> ::std::result::Result<Self, ::compute_kfp_runtime::BuildError> {
                            ::std::result::Result::Ok(Self { #(#names: #values),* })
                        }
                    }
                })
            } else {
                Some(parse_quote! {
                    impl ::std::convert::From<#builder> for super::#builder {
                        fn from(#value: #builder) -> Self {
                            Self { #(#names: #values),* }
                        }
                    }
                })
            }
        }
        Some("From") => {
            let values = slots.iter().map(|slot| {
                let name = ident(&slot.name);
                if slot.is_required() {
                    quote! { ::std::option::Option::Some(value.#name) }
                } else {
                    quote! { value.#name }
                }
            });
            Some(parse_quote! {
                impl ::std::convert::From<super::#builder> for #builder {
                    fn from(#value: super::#builder) -> Self {
                        Self { #(#names: #values),* }
                    }
                }
            })
        }
        _ => None,
    })
}

impl Slot<'_> {
    fn presence(&self) -> Option<Presence> {
        self.property.map(|(_, property)| Presence::of(property))
    }

    fn is_required(&self) -> bool {
        self.presence() == Some(Presence::Required)
    }

    /// Returns the value of the field, taken from a builder called `value`.
    fn value(&self, owner: &str) -> proc_macro2::TokenStream {
        let name = ident(&self.name);
        match self.property {
            Some((wire, _)) if self.is_required() => quote! {
                value.#name.ok_or(::compute_kfp_runtime::BuildError::missing(#owner, #wire))?
            },
            _ => quote! { value.#name },
        }
    }

    fn setter(&self) -> ImplItemFn {
        let field = ident(&self.name);
        let setter = if self.name == "build" {
            format_ident!("build_")
        } else {
            field.clone()
        };
        let value = ident("value");
        let ty = match self.presence() {
            Some(Presence::Required) | None => &self.ty,
            Some(Presence::Optional) => generic(&self.ty, "Option").unwrap_or(&self.ty),
            Some(Presence::Null | Presence::Nullable) => {
                let ty = &self.ty;
                return parse_quote! {
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
