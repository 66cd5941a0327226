//! Methods of the client, grouped by tag.
//!
//! Why: progenitor writes all methods into one block, where one of 80 is hard to find. Here each
//! tag has its own block, with a heading and a sentence.

use std::collections::HashMap;

use heck::ToSnakeCase as _;
use quote::ToTokens as _;
use syn::{ImplItem, Item, ItemImpl, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::passes::docs::doc_attributes;
use crate::prose::{code, one_line, rustdoc};
use crate::tree::{Tree, functions};

pub(super) const PASS: Pass = Pass {
    name: "groups",
    changes: &[(Change::Adds, Part::Docs)],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    let tags: HashMap<String, Option<&str>> = api
        .operations
        .iter()
        .map(|it| (it.name.clone(), it.tags.first().map(String::as_str)))
        .collect();
    let position = tree.client.iter_mut().position(|item| match item {
        Item::Impl(block) => functions(block).any(|it| {
            it.sig
                .output
                .to_token_stream()
                .to_string()
                .contains("builder")
        }),
        _ => false,
    });
    let Some(position) = position else {
        return Ok(());
    };
    let Item::Impl(block) = tree.client.remove(position) else {
        return Ok(());
    };
    let mut rest = block.items;
    let mut blocks = Vec::new();
    for (tag, description) in &api.tags {
        let is_in = |item: &mut ImplItem| match item {
            ImplItem::Fn(function) => {
                let name = function.sig.ident.to_string();
                tags.get(&name).copied().flatten() == Some(tag)
            }
            _ => false,
        };
        let methods: Vec<ImplItem> = rest.extract_if(.., is_in).collect();
        let sentence = description.as_deref().map(rustdoc);
        let sentence =
            sentence.unwrap_or_else(|| format!("Operations with the tag {}.", code(tag)));
        let text = format!("# {}\n\n{sentence}", heading(tag));
        blocks.extend(self::block(methods, &text));
    }
    blocks.extend(self::block(rest, ""));
    let blocks = blocks.into_iter().map(Item::Impl);
    tree.client.splice(position..position, blocks);
    Ok(())
}

fn block(methods: Vec<ImplItem>, text: &str) -> Option<ItemImpl> {
    let doc = doc_attributes(text);
    (!methods.is_empty()).then(|| {
        parse_quote! {
            #(#doc)*
            impl Client {
                #(#methods)*
            }
        }
    })
}

/// Returns `Recurring run` for `RecurringRunService`, which is how grpc-gateway names a service.
fn heading(tag: &str) -> String {
    let mut text = one_line(tag);
    if let Some(service) = text.strip_suffix("Service").filter(|it| !it.is_empty()) {
        let words = service.to_snake_case().replace('_', " ");
        let mut letters = words.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        text = first.chain(letters).collect();
    }
    if rustdoc(&text) == text {
        text
    } else {
        code(&text)
    }
}
