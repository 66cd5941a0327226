//! Enums that accept unknown values.
//!
//! Why: progenitor's enums only have the values of the document, so that one new value from a newer
//! server fails the whole response. The variants are kept; the rest is written by the runtime's
//! macro `open_enum`, which adds `Unknown`.

use proc_macro2::Ident;
use quote::quote;
use syn::{Item, parse_quote};

use crate::docs::{doc_attributes, type_docs};
use crate::model::{Api, EnumValue};
use crate::prose::rustdoc;
use crate::tree::ident;

/// Returns an enum with discriminants, which `layout` writes as a call of the macro.
pub(super) fn written(api: &Api, name: &Ident, values: &[EnumValue]) -> Item {
    let text = name.to_string();
    let docs = type_docs(api, &text);
    let schema = api.schemas.get(&text).map(|it| &it.schema);
    let description = schema.and_then(|it| it.description.as_deref());
    let variants = values.iter().map(|it| {
        let (variant, value) = (ident(&it.variant), &it.value);
        let said = said_of(description.unwrap_or_default(), value);
        let docs = doc_attributes(&said.unwrap_or_default());
        quote! { #(#docs)* #variant = #value }
    });
    parse_quote! { #(#docs)* pub enum #name { #(#variants),* } }
}

/// Returns what a description says of one value, in a list item that starts with its name.
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
    let first = letters.next()?.to_uppercase();
    Some(rustdoc(&first.chain(letters).collect::<String>()))
}
