//! Predictions about schemas from their keywords, so that a schema that is only referred to need
//! not be read, and may be one that is being read.

use std::collections::HashSet;

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::Reader;
use crate::pointer::Pointer;

/// Maximum number of schemas to inspect: nested alternatives can double at each level.
const MAX_LOOKS: usize = 1_000;

/// Facts about a schema that are known without reading it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// Whether all values are objects.
    pub object: bool,
    /// Whether it declares properties.
    pub properties: bool,
    /// Whether it certainly gets a type of its own, for objects.
    pub own_type: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn written_component(&mut self, upstream: &'a str) -> Written {
        if let Some(known) = self.written.get(upstream) {
            return *known;
        }
        let Some(component) = self.components.get(upstream) else {
            return Written::default();
        };
        // A cycle back to the component adds nothing to its own keywords.
        self.written.insert(upstream, own_keywords(component));
        let written = self.written(component);
        self.written.insert(upstream, written);
        written
    }

    pub(super) fn written(&mut self, schema: &'a Value) -> Written {
        if schema.get("$ref").is_some() {
            let upstream = self.component_of(schema);
            let written = upstream.map(|it| self.written_component(it));
            return Written {
                own_type: false,
                ..written.unwrap_or_default()
            };
        }
        let mut written = own_keywords(schema);
        if !may_be_object(schema) {
            return written;
        }
        let mut inline = written.properties;
        let mut sources: IndexSet<&str> = IndexSet::new();
        for member in members(schema, "allOf") {
            let part = self.written(member);
            written.object |= part.object;
            written.properties |= part.properties;
            match self.component_of(member) {
                Some(upstream) if part.properties => _ = sources.insert(upstream),
                _ => inline |= part.properties,
            }
        }
        let composed = inline || sources.len() > 1;
        for keyword in ["oneOf", "anyOf"] {
            let alternatives = members(schema, keyword).iter();
            let mut alternatives = alternatives.filter(|it| !is_null(it)).peekable();
            if alternatives.peek().is_none() {
                continue;
            }
            written.object |= alternatives.all(|it| self.written(it).object);
            written.own_type |= written.properties || self.tags(schema, keyword).is_some();
        }
        written.own_type |= composed;
        written
    }

    /// Returns the component that a reference leads to.
    pub(super) fn component_of(&self, schema: &Value) -> Option<&'a str> {
        let target = schema.get("$ref")?.as_str()?;
        let below = Pointer::parse(target.strip_prefix("#/components/schemas")?);
        let [name] = &below.keys().collect::<Vec<_>>()[..] else {
            return None;
        };
        let (name, _) = self.components.get_key_value(name)?;
        Some(name)
    }

    /// Returns the keywords of a schema and of all members of its `allOf`, itself first.
    pub(super) fn all_keywords(&self, schema: &'a Value) -> Vec<&'a Value> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![schema];
        while let Some(schema) = open.pop() {
            match self.component_of(schema) {
                Some(upstream) if seen.insert(upstream) => open.push(&self.components[upstream]),
                Some(_) => {}
                None => {
                    found.push(schema);
                    open.extend(members(schema, "allOf").iter().rev());
                }
            }
        }
        found
    }

    /// Returns the strings that an enum property of an object allows.
    pub(super) fn tag_values(&self, schema: &'a Value, tag: &str) -> Option<Vec<String>> {
        self.values_of(schema, tag, &mut { MAX_LOOKS })
    }

    fn values_of(&self, schema: &'a Value, tag: &str, looks: &mut usize) -> Option<Vec<String>> {
        *looks = looks.checked_sub(1)?;
        let keywords = self.all_keywords(schema);
        let own = keywords.iter().find_map(|it| properties(it)?.get(tag));
        if let Some(property) = own {
            return self.strings_of(property);
        }
        let lists = keywords.iter();
        let mut lists = lists.flat_map(|it| [members(it, "oneOf"), members(it, "anyOf")]);
        let alternatives = lists.find(|members| !members.is_empty())?;
        let values = alternatives.iter().map(|it| self.values_of(it, tag, looks));
        Some(values.collect::<Option<Vec<_>>>()?.concat())
    }

    fn strings_of(&self, schema: &'a Value) -> Option<Vec<String>> {
        let keywords = self.all_keywords(schema);
        let values = keywords.iter().find_map(|it| it.get("enum")?.as_array())?;
        let texts = values.iter().map(|it| it.as_str().map(str::to_owned));
        let texts: Option<Vec<_>> = texts.collect();
        texts.filter(|it| !it.is_empty())
    }

    /// Returns the names of all properties of an object.
    pub(super) fn property_names(&self, schema: &'a Value) -> IndexSet<&'a str> {
        let keywords = self.all_keywords(schema).into_iter();
        let names = keywords.filter_map(properties).flat_map(Map::keys);
        names.map(String::as_str).collect()
    }

    /// Returns whether an object keeps undeclared properties.
    pub(super) fn keeps_more(&mut self, schema: &'a Value) -> bool {
        self.all_keywords(schema).into_iter().any(|schema| {
            let mut alternatives = members(schema, "oneOf")
                .iter()
                .chain(members(schema, "anyOf"));
            keeps_others(schema) || alternatives.any(|it| self.written(it).object)
        })
    }
}

fn may_be_object(schema: &Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str);
    schema.is_object() && kind.is_none_or(|it| it == "object") && schema.get("enum").is_none()
}

/// Returns the facts from a schema's own keywords, without its composition.
fn own_keywords(schema: &Value) -> Written {
    if !may_be_object(schema) {
        return Written::default();
    }
    let properties = properties(schema).is_some();
    let is_object = schema.get("type").is_some_and(Value::is_string);
    Written {
        object: is_object || properties || keeps_others(schema),
        properties,
        own_type: false,
    }
}

/// Returns the members of a composition.
pub(super) fn members<'a>(schema: &'a Value, keyword: &str) -> &'a [Value] {
    let members = schema.get(keyword).and_then(Value::as_array);
    members.map_or(&[], Vec::as_slice)
}

/// Returns the declared properties of an object.
pub(super) fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.filter(|map| !map.is_empty())
}

/// Returns whether an object declares a schema for additional properties.
fn keeps_others(schema: &Value) -> bool {
    let additional = schema.get("additionalProperties");
    additional.is_some_and(|it| *it != Value::Bool(false))
        || schema.get("patternProperties").is_some()
}

/// Returns whether a schema allows only null.
pub(super) fn is_null(schema: &Value) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
}
