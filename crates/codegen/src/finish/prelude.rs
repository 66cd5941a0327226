//! Names of Rust's prelude in the output.
//!
//! A description may have a schema `Result` or an operation `option`. The code is therefore written
//! with `__Result` for the prelude's, and here each becomes the plain name, or the whole path where
//! the plain one is taken.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

use crate::model::Api;

/// Every name of the prelude that the output uses, with its path.
const PRELUDE: [(&str, &str); 12] = [
    ("Box", "::std::boxed::Box"),
    ("From", "::std::convert::From"),
    ("Into", "::std::convert::Into"),
    ("IntoIterator", "::std::iter::IntoIterator"),
    ("Ok", "::std::result::Result::Ok"),
    ("Option", "::std::option::Option"),
    ("Result", "::std::result::Result"),
    ("Some", "::std::option::Option::Some"),
    ("String", "::std::string::String"),
    ("TryFrom", "::std::convert::TryFrom"),
    ("TryInto", "::std::convert::TryInto"),
    ("Vec", "::std::vec::Vec"),
];

/// How the output writes a name of the prelude.
pub(super) fn name(api: &Api, name: &'static str) -> &'static str {
    let path = PRELUDE
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(name, |(_, path)| path);
    if taken(api, name) { path } else { name }
}

pub(super) fn taken(api: &Api, name: &str) -> bool {
    api.schemas.contains_key(name) || api.builders.contains(name)
}

pub(super) fn resolve(api: &Api, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) => {
                named(api, &ident).unwrap_or_else(|| TokenTree::Ident(ident).into())
            }
            TokenTree::Group(group) => {
                let mut resolved = Group::new(group.delimiter(), resolve(api, group.stream()));
                resolved.set_span(group.span());
                TokenTree::Group(resolved).into()
            }
            other => other.into(),
        })
        .collect()
}

fn named(api: &Api, ident: &Ident) -> Option<TokenStream> {
    let text = ident.to_string();
    let wanted = text.strip_prefix("__")?;
    let (known, _) = PRELUDE.iter().find(|(known, _)| *known == wanted)?;
    name(api, known).parse().ok()
}
