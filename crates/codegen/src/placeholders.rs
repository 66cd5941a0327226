//! Placeholders for the names of types and properties in the document that progenitor reads.
//!
//! progenitor derives Rust names from the names in the document. They can collide, and differ from
//! those that this generator chooses. So the document has numbers in place of names, and the pass
//! `names` puts the names in place. The numbers have the order of the names, by which progenitor
//! sorts.

use indexmap::{IndexMap, IndexSet};

use crate::model::{Api, Kind};

const TYPE: &str = "XType";
const PROPERTY: &str = "x_property_";

/// The names that placeholders replace.
pub(crate) struct Placeholders<'a> {
    types: IndexSet<&'a str>,
    /// Rust names of properties, by their type and their name in the document.
    properties: IndexMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Placeholders<'a> {
    pub fn of(api: &'a Api) -> Self {
        let mut types: IndexSet<&str> = api.schemas.keys().map(String::as_str).collect();
        let mut properties = IndexMap::new();
        for (name, named) in &api.schemas {
            if let Kind::Object(object) = &named.schema.kind {
                let own = object.properties.iter();
                properties.extend(own.map(|(wire, it)| ((&**name, &**wire), &*it.ident)));
            }
        }
        types.sort_unstable();
        properties.sort_unstable_keys();
        Self { types, properties }
    }

    pub fn type_name(&self, name: &str) -> Option<String> {
        let index = self.types.get_index_of(name)?;
        Some(format!("{TYPE}{index:05}"))
    }

    pub fn property(&self, owner: &str, wire: &str) -> Option<String> {
        let index = self.properties.get_index_of(&(owner, wire))?;
        Some(format!("{PROPERTY}{index:05}"))
    }

    /// Returns the Rust name that a placeholder replaces.
    pub fn restored(&self, placeholder: &str) -> Option<&'a str> {
        if let Some(index) = placeholder.strip_prefix(TYPE) {
            return self.types.get_index(index.parse().ok()?).copied();
        }
        let index = placeholder.strip_prefix(PROPERTY)?;
        let (_, name) = self.properties.get_index(index.parse().ok()?)?;
        Some(name)
    }
}
