//! Setters for uploads, other media types and other parameters.
//!
//! Why: progenitor refuses `multipart/form-data`, all but four media types, a second media type,
//! cookies, parameters that are objects and unusual styles. The prepared document has them under
//! `x-content` and `x-parameters`; this pass adds their setters to the builders.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItem, Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::argument::arguments;
use crate::document::{is_expressible, is_known_body};
use crate::model::{BodyContent, Kind, Schema};
use crate::tree::{Tree, functions, ident, insert_before_send};

pub(super) const PASS: Pass = Pass {
    name: "bodies",
    changes: &[(Change::Adds, Part::Setter)],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    for operation in &context.api.operations {
        let mut add = |name: &str, ty: Type| {
            let key = (operation.builder.clone(), name.to_owned());
            tree.arguments.insert(key, ty);
        };
        for parameter in &operation.parameters {
            if !is_expressible(context.api, parameter) {
                let ty = rust_type(&parameter.schema);
                add(&parameter.ident, parse_quote! { #ty });
            }
        }
        let bodies = operation.body.iter().flat_map(|body| body.contents());
        for (name, media, content) in bodies {
            match content {
                BodyContent::Raw => add(name, parse_quote! { ::compute_kfp_runtime::Content }),
                BodyContent::Multipart(parts) => {
                    for part in parts {
                        let ty = part_type(&part.schema);
                        add(&part.ident, parse_quote! { #ty });
                    }
                }
                BodyContent::Json(schema) | BodyContent::Form(schema, _) => {
                    if name != "body" || !is_known_body(content, media) {
                        let ty = rust_type(schema);
                        add(name, parse_quote! { #ty });
                    }
                }
            }
        }
        let arguments = arguments(context.api, &tree.arguments, operation)?;
        let block = tree.builder(&operation.builder)?;
        let known: Vec<String> = functions(block)
            .map(|it| it.sig.ident.to_string())
            .collect();
        let missing = arguments
            .iter()
            .filter(|argument| !known.iter().any(|name| ident(argument.name) == name));
        let setters = missing.map(|it| ImplItem::Fn(it.setter())).collect();
        insert_before_send(block, setters);
    }
    Ok(())
}

/// Returns the type of a part; files are `Content`.
fn part_type(schema: &Schema) -> TokenStream {
    match &schema.kind {
        Kind::Binary => quote! { ::compute_kfp_runtime::Content },
        Kind::Array(items) if items.kind == Kind::Binary => {
            quote! { ::std::vec::Vec<::compute_kfp_runtime::Content> }
        }
        _ => rust_type(schema),
    }
}

/// Returns the type of a schema that progenitor did not see.
fn rust_type(schema: &Schema) -> TokenStream {
    match &schema.kind {
        Kind::Any | Kind::Enum(_) | Kind::Object(_) | Kind::Union(_) | Kind::Tagged(_) => {
            quote! { ::serde_json::Value }
        }
        Kind::Boolean => quote! { bool },
        Kind::Integer(name) => {
            let name = ident(name);
            quote! { #name }
        }
        Kind::Number => quote! { f64 },
        Kind::String | Kind::Binary => quote! { ::std::string::String },
        Kind::Timestamp => quote! { ::compute_kfp_runtime::Timestamp },
        Kind::IntegerText { signed: true } => quote! { i64 },
        Kind::IntegerText { signed: false } => quote! { u64 },
        Kind::Array(items) => {
            let items = optional(items);
            quote! { ::std::vec::Vec<#items> }
        }
        Kind::Map(values) if values.kind == Kind::Any => {
            quote! { ::serde_json::Map<::std::string::String, ::serde_json::Value> }
        }
        Kind::Map(values) => {
            let values = optional(values);
            quote! { ::std::collections::BTreeMap<::std::string::String, #values> }
        }
        Kind::Reference(name) => {
            let name = ident(name);
            quote! { types::#name }
        }
    }
}

/// Returns the type of an item, which may be null.
fn optional(schema: &Schema) -> TokenStream {
    let ty = rust_type(schema);
    if schema.nullable && schema.kind != Kind::Any {
        quote! { ::std::option::Option<#ty> }
    } else {
        ty
    }
}
