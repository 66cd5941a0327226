//! Names of Rust's prelude in the output.
//!
//! A description may have a schema `Result` or an operation `option`. The code is therefore written
//! with `__Result` for the prelude's, and here each becomes the plain name, or the whole path where
//! the plain one is taken.

use syn::visit_mut::{VisitMut, visit_path_mut};
use syn::{File, Ident, Path, Type};

use super::tokens::ident;
use crate::model::Api;

/// Every name of the prelude that the output uses: as the code is written with it, and its path.
const PRELUDE: [(&str, &str); 12] = [
    ("__Box", "::std::boxed::Box"),
    ("__From", "::std::convert::From"),
    ("__Into", "::std::convert::Into"),
    ("__IntoIterator", "::std::iter::IntoIterator"),
    ("__Ok", "::std::result::Result::Ok"),
    ("__Option", "::std::option::Option"),
    ("__Result", "::std::result::Result"),
    ("__Some", "::std::option::Option::Some"),
    ("__String", "::std::string::String"),
    ("__TryFrom", "::std::convert::TryFrom"),
    ("__TryInto", "::std::convert::TryInto"),
    ("__Vec", "::std::vec::Vec"),
];

/// How the output writes a name of the prelude.
pub(super) fn name(api: &Api, name: &'static str) -> &'static str {
    let path = PRELUDE
        .iter()
        .find(|(mark, _)| plain(mark) == name)
        .map_or(name, |(_, path)| path);
    if taken(api, name) { path } else { name }
}

pub(super) fn taken(api: &Api, name: &str) -> bool {
    api.schemas.contains_key(name) || api.builders.contains(name)
}

/// Puts the names of the prelude where the marks are.
pub(super) fn resolve(api: &Api, file: &mut File) {
    Resolver { api }.visit_file_mut(file);
}

/// A type, with the names of the prelude where the marks are.
pub(super) fn resolved(api: &Api, mut ty: Type) -> Type {
    Resolver { api }.visit_type_mut(&mut ty);
    ty
}

struct Resolver<'a> {
    api: &'a Api,
}

impl VisitMut for Resolver<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_path_mut(self, path);
        let Some(first) = path.segments.first_mut() else {
            return;
        };
        let Some(name) = marked(&first.ident) else {
            return;
        };
        if !taken(self.api, name) {
            first.ident = ident(name);
        } else if let Ok(mut whole) = syn::parse_str::<Path>(self::name(self.api, name)) {
            if let Some(last) = whole.segments.last_mut() {
                last.arguments = first.arguments.clone();
            }
            whole.segments.extend(path.segments.iter().skip(1).cloned());
            *path = whole;
        }
    }
}

/// The name that an identifier is a mark of.
fn marked(ident: &Ident) -> Option<&'static str> {
    let (mark, _) = PRELUDE.iter().find(|(mark, _)| ident == mark)?;
    Some(plain(mark))
}

fn plain(mark: &'static str) -> &'static str {
    mark.trim_start_matches('_')
}
