//! Placeholders for names that progenitor would change.
//!
//! progenitor derives Rust names from the names in the document. Most equal the names that this
//! generator chooses. The others (names that collide, that progenitor's code uses itself, or that
//! are shortened) are replaced by placeholders before progenitor runs; the pass `names` restores
//! them.

use std::collections::{HashMap, HashSet};

use heck::{ToPascalCase as _, ToSnakeCase as _};

use crate::model::{Api, EnumValue, Kind, Object};
use crate::names::is_identifier;

const PREFIX: &str = "x_escaped_";
const TYPE_PREFIX: &str = "XEscaped";
const DIGITS: usize = 5;

/// The placeholders, by the names they replace.
#[derive(Debug, Default)]
pub(crate) struct Escapes {
    types: HashMap<String, usize>,
    properties: HashMap<(String, String), usize>,
    enums: HashSet<String>,
    names: Vec<Escaped>,
}

/// The names that a placeholder replaces.
#[derive(Debug)]
pub(crate) struct Escaped {
    /// Rust identifier in snake case; `type_name` is that of a type or a builder.
    pub ident: String,
    pub type_name: String,
    /// Name in the document.
    pub wire: String,
}

impl Escapes {
    pub fn of(api: &Api) -> Self {
        let mut escapes = Self::default();
        for (name, named) in &api.schemas {
            if left(name, Case::Pascal).as_ref() != Some(name) {
                let index = escapes.add(name, name, name);
                escapes.types.insert(name.clone(), index);
            }
            match &named.schema.kind {
                Kind::Object(object) => escapes.object(name, object),
                Kind::Enum(values) => {
                    let variants: HashSet<_> = values
                        .iter()
                        .filter_map(|it| left(&it.value, Case::Pascal))
                        .collect();
                    if variants.len() < values.len() {
                        escapes.enums.insert(name.clone());
                    }
                }
                _ => {}
            }
        }
        escapes
    }

    fn object(&mut self, owner: &str, object: &Object) {
        for (wire, property) in &object.properties {
            let flattened = property.ident == "extra" && object.additional.is_some();
            if flattened || left(wire, Case::Snake).as_ref() != Some(&property.ident) {
                let index = self.add(&property.ident, "", wire);
                self.properties
                    .insert((owner.to_owned(), wire.clone()), index);
            }
        }
    }

    fn add(&mut self, ident: &str, type_name: &str, wire: &str) -> usize {
        self.names.push(Escaped {
            ident: ident.to_owned(),
            type_name: type_name.to_owned(),
            wire: wire.to_owned(),
        });
        self.names.len() - 1
    }

    pub fn type_name(&self, name: &str) -> String {
        let index = self.types.get(name);
        index.map_or_else(
            || name.to_owned(),
            |index| format!("{TYPE_PREFIX}{index:0DIGITS$}"),
        )
    }

    pub fn property(&self, owner: &str, wire: &str) -> String {
        placeholder(
            self.properties.get(&(owner.to_owned(), wire.to_owned())),
            wire,
        )
    }

    /// Returns the values of an enum, or stand-ins; the pass `open_enums` writes the real ones.
    pub fn enum_values(&self, name: &str, values: &[EnumValue]) -> Vec<String> {
        if !self.enums.contains(name) {
            return values.iter().map(|it| it.value.clone()).collect();
        }
        (0..values.len())
            .map(|index| format!("value{index}"))
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Splits a string into the names of a snake-case placeholder at its start, and the rest.
    pub fn restored<'t>(&self, text: &'t str) -> Option<(&Escaped, &'t str)> {
        self.after(text, PREFIX)
    }

    /// Splits a string into the names of a camel-case placeholder at its start, and the rest.
    pub fn restored_type<'t>(&self, text: &'t str) -> Option<(&Escaped, &'t str)> {
        self.after(text, TYPE_PREFIX)
    }

    fn after<'t>(&self, text: &'t str, prefix: &str) -> Option<(&Escaped, &'t str)> {
        let (digits, rest) = text.strip_prefix(prefix)?.split_at_checked(DIGITS)?;
        Some((self.names.get(digits.parse::<usize>().ok()?)?, rest))
    }

    /// Replaces every placeholder in a string by the Rust name; `None` if there is none.
    pub fn replaced(&self, text: &str) -> Option<String> {
        let mut result = String::new();
        let mut rest = text;
        let next = |rest: &str| {
            let places = [rest.find(PREFIX), rest.find(TYPE_PREFIX)];
            places.into_iter().flatten().min()
        };
        while let Some(at) = next(rest) {
            result.push_str(&rest[..at]);
            let here = &rest[at..];
            let (name, after) = match (self.restored(here), self.restored_type(here)) {
                (Some((escaped, after)), _) => (escaped.ident.as_str(), after),
                (_, Some((escaped, after))) => (escaped.type_name.as_str(), after),
                _ => here.split_at(1),
            };
            result.push_str(name);
            rest = after;
        }
        (!result.is_empty()).then(|| result + rest)
    }
}

enum Case {
    Pascal,
    Snake,
}

/// Predicts the name that progenitor chooses; `None` if it is not certain, because progenitor's
/// rules for unusual names have exceptions that differ between types and methods.
fn left(text: &str, case: Case) -> Option<String> {
    let plain = text.is_ascii() && !text.starts_with(PREFIX) && !text.starts_with(TYPE_PREFIX);
    let words = text.replace('\'', "");
    let words = words.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let mut name = match case {
        Case::Pascal => words.to_pascal_case(),
        Case::Snake => words.to_snake_case(),
    };
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    if !is_identifier(&name) {
        name.push('_');
    }
    Some(name)
}

fn placeholder(index: Option<&usize>, name: &str) -> String {
    index.map_or_else(
        || name.to_owned(),
        |index| format!("{PREFIX}{index:0DIGITS$}"),
    )
}
