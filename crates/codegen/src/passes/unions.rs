//! Unions: values that JSON itself tells apart.
//!
//! Why: progenitor names the variants of a `oneOf` by their position, and fails on a value that is
//! none of them. Here a variant is named after its JSON type, and `Other` holds what the document
//! does not describe.

use quote::format_ident;
use syn::{Fields, Item, Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::model::{Api, Kind};
use crate::tree::{Tree, ident, is_implementation_for};

pub(super) const PASS: Pass = Pass {
    name: "unions",
    changes: &[
        (Change::Changes, Part::Type),
        (Change::Adds, Part::Variant),
        (Change::Removes, Part::Variant),
        (Change::Adds, Part::Implementation),
        (Change::Removes, Part::Implementation),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for (name, schema) in &context.api.schemas {
        let Kind::Union(members) = &schema.schema.kind else {
            continue;
        };
        tree.types.retain(|item| !is_implementation_for(item, name));
        let position = tree
            .types
            .iter()
            .position(|item| matches!(item, Item::Enum(item) if item.ident == name));
        let Some((position, Item::Enum(found))) =
            position.and_then(|at| Some((at, tree.types.get_mut(at)?)))
        else {
            return Err(format!("progenitor made no enum `{name}`"));
        };
        let types: Vec<Type> = found
            .variants
            .iter()
            .filter_map(|variant| match &variant.fields {
                Fields::Unnamed(fields) => Some(fields.unnamed.first()?.ty.clone()),
                _ => None,
            })
            .collect();
        if types.len() != members.len() {
            return Err(format!("progenitor's enum `{name}` has other variants"));
        }
        found.variants.clear();
        let name = ident(name);
        let mut conversions: Vec<Item> = Vec::new();
        for (member, ty) in members.iter().zip(&types) {
            let variant = format_ident!("{}", variant(context.api, &member.kind));
            found.variants.push(parse_quote! { #variant(#ty) });
            conversions.push(parse_quote! {
                impl ::std::convert::From<#ty> for #name {
                    fn from(value: #ty) -> Self {
                        Self::#variant(value)
                    }
                }
            });
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
        // serde tries them in order, and would read a list as an object.
        let (objects, others): (Vec<_>, Vec<_>) = std::mem::take(&mut found.variants)
            .into_iter()
            .partition(|variant| variant.ident == "Object");
        found.variants.extend(others.into_iter().chain(objects));
        found
            .variants
            .push(parse_quote! { Other(::serde_json::Value) });
        found.attrs.push(parse_quote! { #[non_exhaustive] });
        tree.types.splice(position + 1..position + 1, conversions);
    }
    Ok(())
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
