//! The public surface of generated code: operations, their arguments and settings, and types.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use quote::ToTokens;
use syn::{FnArg, ImplItem, ImplItemFn, ReturnType, Visibility};

use crate::model::Api;
use crate::tree::{Tree, last_name};

/// All public items, with their declarations.
pub(super) type Surface = BTreeMap<Item, String>;

/// An item that callers can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Operation(String),
    /// A method of an operation's builder.
    Setting(String, String),
    Type(String),
    Field(String, String),
    /// A known value of an enum.
    Value(String, String),
}

impl Item {
    /// Returns whether it is part of another item.
    pub fn belongs_to(&self, whole: &Self) -> bool {
        match (self, whole) {
            (Self::Setting(operation, _), Self::Operation(name)) => operation == name,
            (Self::Field(ty, _) | Self::Value(ty, _), Self::Type(name)) => ty == name,
            _ => false,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(name) => write!(f, "the operation `{name}`"),
            Self::Setting(operation, name) => write!(f, "`{name}` of the operation `{operation}`"),
            Self::Type(name) => write!(f, "the type `{name}`"),
            Self::Field(ty, name) => write!(f, "the field `{name}` of `{ty}`"),
            Self::Value(ty, name) => write!(f, "the value `{name}` of `{ty}`"),
        }
    }
}

/// Returns the surface of generated code.
pub(super) fn surface(api: &Api, tree: &Tree) -> Surface {
    let mut surface = Surface::new();
    let operations = api.operations.iter();
    let operations: HashMap<&str, &str> = operations
        .map(|it| (it.builder.as_str(), it.name.as_str()))
        .collect();
    let names: Vec<&str> = operations.values().copied().collect();
    for (_, name, method) in methods(&tree.client) {
        if names.contains(&name.as_str()) {
            surface.insert(Item::Operation(name), arguments(method));
        }
    }
    for (builder, name, method) in methods(&tree.builders) {
        let Some(operation) = operations.get(builder.as_str()).filter(|_| name != "new") else {
            continue;
        };
        let mut declared = arguments(method);
        // All other methods return the builder itself.
        if let ("send", ReturnType::Type(_, returned)) = (name.as_str(), &method.sig.output) {
            declared = format!("{declared} -> {}", text(returned));
        }
        surface.insert(Item::Setting((*operation).to_owned(), name), declared);
    }
    for item in &tree.types {
        match item {
            syn::Item::Struct(item) => {
                let name = item.ident.to_string();
                for field in item.fields.iter().filter(|field| is_public(&field.vis)) {
                    let field_name = field.ident.as_ref().map(ToString::to_string);
                    let key = Item::Field(name.clone(), field_name.unwrap_or_default());
                    surface.insert(key, text(&field.ty));
                }
                surface.insert(Item::Type(name), "struct".to_owned());
            }
            syn::Item::Enum(item) => {
                let name = item.ident.to_string();
                let mut kind = "union";
                for variant in &item.variants {
                    let declared = match &variant.discriminant {
                        Some((_, value)) => {
                            kind = "enum";
                            text(value)
                        }
                        None => text(&variant.fields),
                    };
                    let key = Item::Value(name.clone(), variant.ident.to_string());
                    surface.insert(key, declared);
                }
                surface.insert(Item::Type(name), kind.to_owned());
            }
            _ => {}
        }
    }
    surface
}

/// Returns the public methods, each with the name of its type and its own.
fn methods(items: &[syn::Item]) -> impl Iterator<Item = (String, String, &ImplItemFn)> {
    let blocks = items.iter().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => {
            Some((last_name(&block.self_ty)?, block))
        }
        _ => None,
    });
    blocks.flat_map(|(owner, block)| {
        block.items.iter().filter_map(move |item| match item {
            ImplItem::Fn(method) if is_public(&method.vis) => {
                Some((owner.clone(), method.sig.ident.to_string(), method))
            }
            _ => None,
        })
    })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Returns the arguments of a method, without `self`.
fn arguments(method: &ImplItemFn) -> String {
    let arguments = method
        .sig
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(text(argument)),
            FnArg::Receiver(_) => None,
        });
    format!("({})", arguments.collect::<Vec<_>>().join(", "))
}

/// Formats tokens the way people write them, without the paths of well-known types.
fn text(tokens: &impl ToTokens) -> String {
    let mut spaced = tokens.to_token_stream().to_string();
    for module in [
        "boxed", "convert", "iter", "option", "result", "string", "vec",
    ] {
        spaced = spaced.replace(&format!(":: std :: {module} :: "), "");
    }
    let spaced = spaced.replace(":: compute_kfp_runtime :: ", "runtime :: ");
    let mut text = String::with_capacity(spaced.len());
    let mut rest = spaced.as_str();
    while let Some((word, after)) = rest.split_once(' ') {
        text.push_str(word);
        let tight_before = after.starts_with([',', '>', '<', ':', ')', '(', ';']);
        let tight_after = word.ends_with(['<', '(', '&', '\'']) || word.ends_with("::");
        let types_follow = word.ends_with([':', ',']) && !word.ends_with("::");
        if types_follow || !(tight_before || tight_after) {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    text
}
