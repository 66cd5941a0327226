//! Enums that accept unknown values.
//!
//! Why: progenitor's enums only have the values of the document, so that one new value from a newer
//! server fails the whole response. The variants are kept; the rest is written by the runtime's
//! macro `open_enum`, which adds `Unknown`.

use syn::{Item, parse_quote};

use super::Context;
use crate::docs::{doc_attributes, type_docs};
use crate::model::Kind;
use crate::prose::rustdoc;
use crate::tree::{Tree, ident, last_name};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for (name, schema) in &context.api.schemas {
        let Kind::Enum(values) = &schema.schema.kind else {
            continue;
        };
        tree.types.retain(|item| {
            !matches!(item, Item::Impl(block) if last_name(&block.self_ty).as_ref() == Some(name))
        });
        let found = tree.types.iter_mut().find_map(|item| match item {
            Item::Enum(item) if item.ident == name => Some(item),
            _ => None,
        });
        let found = found.ok_or_else(|| format!("progenitor generated no enum `{name}`"))?;
        // Enums with discriminants become calls of the macro, see `layout`.
        found.attrs = type_docs(context.api, name);
        let description = schema.schema.description.as_deref().unwrap_or("");
        found.variants = values
            .iter()
            .map(|it| -> syn::Variant {
                let (variant, value) = (ident(&it.variant), &it.value);
                let docs = doc_attributes(&said_of(description, value).unwrap_or_default());
                parse_quote! { #(#docs)* #variant = #value }
            })
            .collect();
    }
    Ok(())
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
