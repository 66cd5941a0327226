//! Documentation that rustdoc renders as intended.
//!
//! Why: progenitor copies descriptions verbatim, so that code in them becomes a test and a bracket
//! a broken link. Setters, variants and fields without a description have no documentation. Here
//! every public item has a summary, descriptions are escaped, and upstream names and deprecation
//! are marked.

use std::collections::HashMap;

use quote::ToTokens as _;
use syn::visit_mut::VisitMut;
use syn::{Attribute, ImplItemFn, Item, ItemEnum, ItemStruct, parse_quote};

use super::presence::property_of;
use super::{Change, Context, Part, Pass};
use crate::model::{Api, Kind, NamedSchema, Schema};
use crate::prose::{code, rustdoc};
use crate::tree::{Tree, doc_text, fields, functions, implementations, structs};

pub(super) const PASS: Pass = Pass {
    name: "docs",
    changes: &[(Change::Changes, Part::Docs)],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    for item in &mut tree.types {
        match item {
            Item::Struct(item) => document_struct(api, item),
            Item::Enum(item) => document_enum(api, item),
            Item::Impl(block) => functions(block)
                .filter(|function| function.sig.ident == "builder")
                .for_each(|function| {
                    document(&mut function.attrs, "Creates an empty builder.");
                }),
            _ => {}
        }
    }
    document_type_builders(api, tree);
    for items in tree.modules_mut() {
        items.iter_mut().for_each(|item| Lines.visit_item_mut(item));
    }
    Ok(())
}

fn document_struct(api: &Api, item: &mut ItemStruct) {
    let name = item.ident.to_string();
    let Some(schema) = api.schemas.get(&name) else {
        return;
    };
    document_type(&mut item.attrs, &name, schema);
    let Kind::Object(object) = &schema.schema.kind else {
        return;
    };
    for (name, field) in fields(item) {
        let text = match property_of(object, &name) {
            None => "Properties that the spec does not declare.".to_owned(),
            Some((wire, property)) => {
                let fallback = format!("Property {}.", code(wire));
                described(
                    &property.schema,
                    property.schema.description.as_deref(),
                    &fallback,
                )
            }
        };
        document(&mut field.attrs, &text);
    }
}

fn document_enum(api: &Api, item: &mut ItemEnum) {
    let name = item.ident.to_string();
    let Some(schema) = api.schemas.get(&name) else {
        return;
    };
    document_type(&mut item.attrs, &name, schema);
    let description = schema.schema.description.as_deref().unwrap_or("");
    let values = match &schema.schema.kind {
        Kind::Enum(values) => values.as_slice(),
        _ => &[],
    };
    let said: HashMap<String, String> = values
        .iter()
        .filter_map(|it| Some((it.variant.clone(), said_of(description, &it.value)?)))
        .collect();
    if let Kind::Tagged(tagged) = &schema.schema.kind {
        let tag = code(&tagged.tag);
        for variant in &mut item.variants {
            let found = tagged.variants.iter().find(|it| variant.ident == it.ident);
            let text = match found {
                Some(found) => {
                    let values: Vec<String> = found.values.iter().map(|it| code(it)).collect();
                    format!("An object whose {tag} is {}.", values.join(" or "))
                }
                None => format!("A value whose {tag} is not in the spec, unchanged."),
            };
            document(&mut variant.attrs, &text);
        }
        return;
    }
    for variant in &mut item.variants {
        let name = variant.ident.to_string();
        if variant.discriminant.is_some() {
            document(
                &mut variant.attrs,
                said.get(&name).map_or("", String::as_str),
            );
        } else if name == "Other" {
            document(
                &mut variant.attrs,
                "A value that matches no type in the spec.",
            );
        } else {
            let text = format!("A value that is {}.", article(&name));
            document(&mut variant.attrs, &text);
        }
    }
}

fn article(variant: &str) -> &'static str {
    match variant {
        "Boolean" => "a boolean",
        "Integer" => "an integer",
        "Number" => "a number",
        "Text" => "a string",
        "List" => "a list",
        _ => "an object",
    }
}

fn document_type(attributes: &mut Vec<Attribute>, name: &str, schema: &NamedSchema) {
    let upstream = schema.upstream.as_deref();
    let fallback = format!("Schema {}.", code(upstream.unwrap_or(name)));
    let description = schema.schema.description.as_deref().map(rustdoc);
    document(attributes, &description.unwrap_or(fallback));
    alias(attributes, upstream, name);
}

fn document_type_builders(api: &Api, tree: &mut Tree) {
    for item in structs(&mut tree.type_builders) {
        let name = item.ident.to_string();
        document(
            &mut item.attrs,
            &format!("Builder of [`{name}`](super::{name})."),
        );
    }
    for (owner, block) in implementations(&mut tree.type_builders) {
        if block.trait_.is_some() {
            continue;
        }
        for function in functions(block) {
            let name = function.sig.ident.to_string();
            let takes_value = function.sig.inputs.len() > 1;
            if !takes_value {
                let text = BUILD[usize::from(is_fallible(function))];
                document(&mut function.attrs, text);
                continue;
            }
            let field = if name == "build_" { "build" } else { &name };
            let text = format!("Sets [`{field}`](super::{owner}::{field}).");
            document(&mut function.attrs, &text);
            let property = api.object(&owner).and_then(|it| property_of(it, field));
            if property.is_some_and(|(_, property)| property.schema.deprecated) {
                function.attrs.push(deprecated());
            }
        }
    }
}

const BUILD: [&str; 2] = [
    "Returns the value.",
    "Returns the value.\n\n# Errors\n\nReturns an error if a required property \
     was not set. It names the property.",
];

fn is_fallible(function: &ImplItemFn) -> bool {
    let output = function.sig.output.to_token_stream().to_string();
    output.contains("BuildError")
}

/// Appends the default to a description that does not mention it.
pub(super) fn described(schema: &Schema, description: Option<&str>, fallback: &str) -> String {
    let description = description.unwrap_or(fallback);
    let text = rustdoc(description);
    let Some(default) = schema.default.as_ref().filter(|value| !value.is_null()) else {
        return text;
    };
    let shown = default
        .as_str()
        .map_or_else(|| default.to_string(), str::to_owned);
    let is_said = description.contains(&format!("`{shown}`"))
        || (shown.len() > 1 && description.contains(&shown));
    if is_said {
        return text;
    }
    let note = format!(
        "If omitted, the server uses {}. The client does not send this default.",
        code(&default.to_string())
    );
    format!("{text}\n\n{}", rustdoc(&note))
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

pub(super) fn deprecated() -> Attribute {
    parse_quote! { #[deprecated(note = "deprecated in the spec; see the documentation")] }
}

pub(super) fn alias(attributes: &mut Vec<Attribute>, upstream: Option<&str>, name: &str) {
    let usable = |text: &&str| {
        !text.is_empty()
            && *text != name
            && !text.contains(['"', '\''])
            && text.trim() == *text
            && !text.chars().any(char::is_whitespace)
    };
    if let Some(upstream) = upstream.filter(usable) {
        let at = attributes
            .iter()
            .filter(|it| it.path().is_ident("doc"))
            .count();
        attributes.insert(at, parse_quote! { #[doc(alias = #upstream)] });
    }
}

/// Replaces the documentation of an item.
fn document(attributes: &mut Vec<Attribute>, text: &str) {
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    attributes.splice(0..0, doc_attributes(text));
}

/// Converts documentation into attributes, one per line.
pub(crate) fn doc_attributes(text: &str) -> Vec<Attribute> {
    let line = |line: &str| -> Attribute {
        let line = if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        };
        parse_quote! { #[doc = #line] }
    };
    text.trim_end().lines().map(line).collect()
}

/// Splits multi-line documentation, which would be printed as a block comment.
struct Lines;

impl VisitMut for Lines {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let split = std::mem::take(attributes)
            .into_iter()
            .flat_map(|attribute| match doc_text(&attribute) {
                Some(text) if text.contains('\n') => doc_attributes(&text),
                _ => vec![attribute],
            });
        *attributes = split.collect();
    }
}
