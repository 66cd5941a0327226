//! Pieces of code that several parts of the output need.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{GenericArgument, PathArguments, Type};

use super::items::generic;
use crate::generator::{SIGNED_TEXT, UNSIGNED_TEXT};
use crate::model::{Api, Kind, Schema};
use crate::prose::rustdoc;

pub(super) fn ident(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}

/// Documentation of an item: paragraphs of prose, each made safe for rustdoc.
pub(super) fn doc(paragraphs: &[&str]) -> TokenStream {
    let text = paragraphs
        .iter()
        .map(|paragraph| rustdoc(paragraph))
        .filter(|paragraph| !paragraph.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    doc_text(&text)
}

/// What the server does without a value, unless the description says it already.
pub(super) fn default_note(schema: &Schema, description: &str) -> String {
    let Some(default) = schema.default.as_ref().filter(|value| !value.is_null()) else {
        return String::new();
    };
    let shown = default
        .as_str()
        .map_or_else(|| default.to_string(), str::to_owned);
    if description.contains(&format!("`{shown}`"))
        || (shown.len() > 1 && description.contains(&shown))
    {
        return String::new();
    }
    format!(
        "The server takes `{default}` where it is absent; this client never sends it by itself."
    )
}

/// Documentation that is rustdoc already.
pub(super) fn doc_text(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote! { #(#[doc = #lines])* }
}

pub(super) fn alias(upstream: Option<&str>, name: &str) -> Option<TokenStream> {
    let usable = |text: &&str| {
        !text.is_empty()
            && *text != name
            && !text.contains(['"', '\''])
            && text.trim() == *text
            && !text.chars().any(char::is_whitespace)
    };
    upstream
        .filter(usable)
        .map(|upstream| quote! { #[doc(alias = #upstream)] })
}

pub(super) fn deprecated(deprecated: bool) -> Option<TokenStream> {
    deprecated.then(|| quote! { #[deprecated(note = "marked as deprecated in the API description; the documentation says why")] })
}

/// A type of progenitor's, as this crate writes it.
pub(super) fn shown(ty: &Type, api: &Api) -> Type {
    let mut ty = ty.clone();
    Shown { api }.visit_type_mut(&mut ty);
    ty
}

struct Shown<'a> {
    api: &'a Api,
}

impl VisitMut for Shown<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        for (placeholder, integer) in [(SIGNED_TEXT, "i64"), (UNSIGNED_TEXT, "u64")] {
            if is_path(ty, placeholder) {
                let name = ident(integer);
                *ty = syn::parse_quote!(#name);
                return;
            }
        }
        if let Type::Path(path) = ty
            && path.path.leading_colon.is_none()
            && let Some(last) = path.path.segments.last_mut()
            && let Some(name) = schema_of(self.api, &last.ident)
        {
            last.ident = ident(name);
            return;
        }
        if let Type::Path(path) = ty
            && path.path.leading_colon.is_some()
            && let (Some(first), Some(last)) =
                (path.path.segments.first(), path.path.segments.last())
        {
            let name = last.ident.to_string();
            let in_prelude = matches!(name.as_str(), "Option" | "Vec" | "String" | "Box");
            if first.ident == "compute_kfp_runtime" {
                path.path.leading_colon = None;
                path.path.segments[0].ident = ident("runtime");
            } else if first.ident == "std" && in_prelude && !super::prelude::taken(self.api, &name)
            {
                let last = last.clone();
                path.path = last.into();
            }
        }
        visit_type_mut(self, ty);
    }
}

/// The schema that a type of progenitor's stands for.
fn schema_of<'a>(api: &'a Api, placeholder: &Ident) -> Option<&'a str> {
    let index = placeholder.to_string().strip_prefix('T')?.parse().ok()?;
    api.schemas.get_index(index).map(|(name, _)| name.as_str())
}

/// The schema a type stands for, as this crate writes it; types of other crates have longer paths.
pub(super) fn schema<'a>(api: &'a Api, ty: &Type) -> Option<(&'a str, &'a Kind)> {
    let Type::Path(path) = ty else { return None };
    let segments = &path.path.segments;
    let own = segments.len() == 1 || (segments.len() == 2 && segments[0].ident == "types");
    let name = segments.last().filter(|_| own)?.ident.to_string();
    api.schemas
        .get_key_value(&name)
        .map(|(name, named)| (name.as_str(), &named.schema.kind))
}

pub(super) fn is_path(ty: &Type, wanted: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    let written: Vec<String> = path
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    wanted.trim_start_matches("::") == written.join("::")
}

/// Whether a type holds numbers that may travel as text.
pub(super) fn holds_number_text(api: &Api, ty: &Type) -> bool {
    let double = api.protobuf && is_path(ty, "f64");
    if double || is_path(ty, SIGNED_TEXT) || is_path(ty, UNSIGNED_TEXT) {
        return true;
    }
    let Type::Path(path) = ty else { return false };
    path.path
        .segments
        .iter()
        .any(|segment| {
            match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(|argument| {
            matches!(argument, GenericArgument::Type(ty) if holds_number_text(api, ty))
        }),
        _ => false,
    }
        })
}

/// What a setter takes for a value of a type, and the value it stores.
pub(super) struct Taken {
    pub parameter: TokenStream,
    pub value: TokenStream,
}

/// Takes whatever converts into the type: `&str` for a `String`, any iterator for a list.
///
/// The value is read from the variable `name`.
pub(super) fn taken(ty: &Type, name: &Ident) -> Taken {
    if let Some(item) = generic(ty, "Vec") {
        return Taken {
            parameter: quote! { impl __IntoIterator<Item = impl __Into<#item>> },
            value: quote! { #name.into_iter().map(__Into::into).collect() },
        };
    }
    if let Some(inner) = generic(ty, "Box") {
        return Taken {
            parameter: quote! { impl __Into<#inner> },
            value: quote! { __Box::new(#name.into()) },
        };
    }
    if let Some((key, value)) = map_of(ty) {
        return Taken {
            parameter: quote! { impl __IntoIterator<Item = (impl __Into<#key>, impl __Into<#value>)> },
            value: quote! { #name.into_iter().map(|(key, value)| (key.into(), value.into())).collect() },
        };
    }
    let plain = [
        "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f64", "bool",
    ];
    if plain.iter().any(|name| is_path(ty, name)) {
        return Taken {
            parameter: quote! { #ty },
            value: quote! { #name },
        };
    }
    Taken {
        parameter: quote! { impl __Into<#ty> },
        value: quote! { #name.into() },
    }
}

/// The call that sets a parameter of a request to a variable of this type; texts are moved.
pub(super) fn set(wire: &str, ty: &Type, name: &Ident) -> TokenStream {
    if is_path(ty, "String") {
        quote! { set_text(#wire, #name) }
    } else {
        quote! { set(#wire, &#name) }
    }
}

fn map_of(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != "BTreeMap" && last.ident != "Map" {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some((types.next()?, types.next()?))
}
