//! progenitor's output as a syntax tree, which the passes edit.

use proc_macro2::{Ident, TokenStream};
use syn::visit_mut::VisitMut;
use syn::{GenericArgument, Item, PathArguments, Type};

/// The items of progenitor's modules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Items outside of the modules: imports, the client and its methods.
    pub client: Vec<Item>,
    /// `mod types`
    pub types: Vec<Item>,
    /// `mod types::builder`
    pub type_builders: Vec<Item>,
    /// `mod builder`
    pub builders: Vec<Item>,
    /// The mocks.
    pub mocks: Vec<Item>,
}

impl Tree {
    pub fn of(code: TokenStream) -> syn::Result<Self> {
        let mut tree = Self {
            client: syn::parse2::<syn::File>(code)?.items,
            ..Self::default()
        };
        tree.types = take_module(&mut tree.client, "types");
        tree.type_builders = take_module(&mut tree.types, "builder");
        tree.builders = take_module(&mut tree.client, "builder");
        Ok(tree)
    }

    /// Visits all items.
    pub fn visit(&mut self, visitor: &mut impl VisitMut) {
        let Self {
            client,
            types,
            type_builders,
            builders,
            mocks,
        } = self;
        for item in [client, types, type_builders, builders, mocks]
            .into_iter()
            .flatten()
        {
            visitor.visit_item_mut(item);
        }
    }
}

/// Removes a module and returns its items.
fn take_module(items: &mut Vec<Item>, name: &str) -> Vec<Item> {
    let is_it = |item: &Item| matches!(item, Item::Mod(module) if module.ident == name);
    let Some(index) = items.iter().position(is_it) else {
        return Vec::new();
    };
    match items.remove(index) {
        Item::Mod(module) => module.content.map(|(_, items)| items).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Returns the last segment of a type's path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    Some(path.path.segments.last()?.ident.to_string())
}

/// Returns the first type argument of a type with a given name.
pub(crate) fn generic<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    generics(ty, name).next()
}

/// Returns the type arguments of a type with a given name.
pub(crate) fn generics<'a>(ty: &'a Type, name: &str) -> impl Iterator<Item = &'a Type> + use<'a> {
    let arguments = match ty {
        Type::Path(path) => path.path.segments.last().filter(|last| last.ident == name),
        _ => None,
    };
    let arguments = match arguments.map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    let arguments = arguments.into_iter().flatten();
    arguments.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns an identifier, raw if it is a keyword.
pub(crate) fn ident(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, proc_macro2::Span::call_site()))
}
