//! The public surface of generated code: operations, their arguments and settings, and types.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use quote::ToTokens;
use syn::{Fields, FnArg, ImplItem, ImplItemFn, ItemEnum, ItemImpl, ReturnType, Type, Visibility};

use crate::output::Generated;

/// All public items, with their declarations.
pub(super) struct Surface {
    pub items: BTreeMap<Item, String>,
}

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

    pub fn is_field(&self) -> bool {
        matches!(self, Self::Field(..))
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

impl Surface {
    pub fn of(generated: &Generated) -> Result<Self, String> {
        let mut surface = Self {
            items: BTreeMap::new(),
        };
        let builders = surface.operations(&parsed(generated, "client.rs")?);
        surface.settings(&parsed(generated, "builder.rs")?, &builders);
        surface.types(&parsed(generated, "types.rs")?)?;
        Ok(surface)
    }

    /// Adds the operations, and returns their names by the names of their builders.
    fn operations(&mut self, file: &syn::File) -> HashMap<String, String> {
        let mut builders = HashMap::new();
        for method in implemented(file).flat_map(|(_, block)| methods(block)) {
            let ReturnType::Type(_, returned) = &method.sig.output else {
                continue;
            };
            let Type::Path(returned) = &**returned else {
                continue;
            };
            let [module, builder] = &returned.path.segments.iter().collect::<Vec<_>>()[..] else {
                continue;
            };
            if module.ident == "builder" {
                let name = method.sig.ident.to_string();
                builders.insert(builder.ident.to_string(), name.clone());
                self.items.insert(Item::Operation(name), arguments(method));
            }
        }
        builders
    }

    fn settings(&mut self, file: &syn::File, builders: &HashMap<String, String>) {
        for (builder, block) in implemented(file) {
            let Some(operation) = builders.get(&builder) else {
                continue;
            };
            for method in methods(block).filter(|method| method.sig.ident != "new") {
                let name = method.sig.ident.to_string();
                let mut declared = arguments(method);
                // All other methods return the builder itself.
                if let ("send", ReturnType::Type(_, returned)) = (name.as_str(), &method.sig.output)
                {
                    declared = format!("{declared} -> {}", text(returned));
                }
                self.items
                    .insert(Item::Setting(operation.clone(), name), declared);
            }
        }
    }

    fn types(&mut self, file: &syn::File) -> Result<(), String> {
        for item in &file.items {
            match item {
                syn::Item::Struct(item) if is_public(&item.vis) => {
                    let name = item.ident.to_string();
                    if let Fields::Named(fields) = &item.fields {
                        for field in fields.named.iter().filter(|field| is_public(&field.vis)) {
                            let field_name = field.ident.as_ref().map(ToString::to_string);
                            let key = Item::Field(name.clone(), field_name.unwrap_or_default());
                            self.items.insert(key, text(&field.ty));
                        }
                    }
                    self.items.insert(Item::Type(name), "struct".to_owned());
                }
                syn::Item::Enum(item) if is_public(&item.vis) => self.variants(item, "union"),
                // Open enums.
                syn::Item::Macro(item)
                    if item
                        .mac
                        .path
                        .segments
                        .last()
                        .is_some_and(|last| last.ident == "open_enum") =>
                {
                    let item: ItemEnum = syn::parse2(item.mac.tokens.clone())
                        .map_err(|error| format!("an enum in types.rs cannot be read: {error}"))?;
                    self.variants(&item, "enum");
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn variants(&mut self, item: &ItemEnum, kind: &str) {
        let name = item.ident.to_string();
        for variant in &item.variants {
            let key = Item::Value(name.clone(), variant.ident.to_string());
            let declared = match (&variant.discriminant, &variant.fields) {
                (Some((_, value)), _) => text(value),
                (None, fields) => text(fields),
            };
            self.items.insert(key, declared);
        }
        self.items.insert(Item::Type(name), kind.to_owned());
    }
}

fn parsed(generated: &Generated, file: &str) -> Result<syn::File, String> {
    let text = generated.file(file).unwrap_or_default();
    syn::parse_file(text).map_err(|error| format!("{file} cannot be read: {error}"))
}

/// Returns inherent implementations, with the names of their types.
fn implemented(file: &syn::File) -> impl Iterator<Item = (String, &ItemImpl)> {
    file.items.iter().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => match &*block.self_ty {
            Type::Path(ty) => Some((ty.path.segments.last()?.ident.to_string(), block)),
            _ => None,
        },
        _ => None,
    })
}

fn methods(block: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) if is_public(&method.vis) => Some(method),
        _ => None,
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
