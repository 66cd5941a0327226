//! `oneOf` and `anyOf`: alternatives that a tag or the JSON type distinguishes become an enum.
//! Others stay free-form, because trying them in order would drop properties that the first match
//! does not know.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::all_of::{is_plain, object_of};
use super::node::Node;
use super::written::{is_null, members, properties};
use super::{Reader, any};
use crate::model::{Kind, Object, Property, Schema, Tagged, TaggedVariant};
use crate::names::{pascal, variant_name};
use crate::pointer::Pointer;

/// Keywords that are constraints but can declare properties.
const CONDITIONS: [&str; 3] = ["then", "else", "dependentSchemas"];

/// The tag of a union: a property, and its values in each alternative.
pub(super) struct Tags {
    tag: String,
    /// The values per alternative; empty for null.
    values: Vec<Vec<String>>,
}

impl<'a> Reader<'a> {
    pub(super) fn shape(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        let mut schema = self.common(node, hint);
        for keyword in ["oneOf", "anyOf"] {
            let members = self.members_of(node, keyword);
            if !members.is_empty() && self.spend(members.len(), &node.at) {
                schema = self.alternatives(schema, node, keyword, &members, hint);
            }
        }
        self.keep_conditional(&mut schema, node);
        schema
    }

    /// Reads a schema that has alternatives and shared properties.
    fn alternatives(
        &mut self,
        common: Schema,
        node: &Node<'a>,
        keyword: &str,
        members: &[Node<'a>],
        hint: &str,
    ) -> Schema {
        let at = node.at.at(keyword);
        let opened = self.opened(&common.kind).and_then(object_of);
        let tags = self.tags(node.value, keyword);
        let tagged = tags.map(|tags| self.tagged(tags, members, hint));
        let Some(shared) = opened.filter(|_| !is_plain(&common.kind)) else {
            let union = tagged.unwrap_or_else(|| self.one_of(members, hint));
            // Overlays add alternatives beside a `type` that contradicts them.
            if is_plain(&common.kind) || matches!(union.kind, Kind::Union(_)) {
                return union;
            }
            return self.merge(common, union, &at, hint);
        };
        let kind = match tagged.map(|it| it.kind) {
            Some(Kind::Tagged(mut tagged)) => {
                for variant in &mut tagged.variants {
                    self.add_common(variant, &shared, hint);
                }
                Kind::Tagged(tagged)
            }
            _ => Kind::Object(self.spread(shared, members, &at, hint)),
        };
        Schema { kind, ..common }
    }

    /// Returns an object with the properties of all alternatives, optional unless all require them.
    fn spread(
        &mut self,
        mut common: Object,
        members: &[Node<'a>],
        at: &Pointer,
        hint: &str,
    ) -> Object {
        let mut alternatives: Vec<Object> = Vec::new();
        for member in members.iter().filter(|it| !is_null(it.value)) {
            let schema = self.bare_schema(member, hint);
            match self.opened(&schema.kind) {
                Some(kind) if is_plain(&kind) && !self.keeps_more(member.value) => {
                    alternatives.push(Object::default());
                }
                None | Some(Kind::Any | Kind::Tagged(_)) => alternatives.push(Object::open(any())),
                // An object cannot have the shape of a scalar or a list.
                Some(kind) => alternatives.extend(object_of(kind)),
            }
        }
        if let [_] = alternatives[..]
            && let Some(only) = alternatives.pop()
        {
            return self.merge_objects(common, only, at, hint);
        }
        let mut found: IndexMap<String, Property> = IndexMap::new();
        for alternative in &alternatives {
            if let Some(additional) = alternative.additional.clone() {
                let same = common
                    .additional
                    .as_ref()
                    .is_none_or(|it| *it == additional);
                common.additional = Some(if same { additional } else { Box::new(any()) });
            }
            for (name, property) in &alternative.properties {
                match found.get_mut(name) {
                    Some(known) if known.schema.kind != property.schema.kind => {
                        known.schema.kind = Kind::Any;
                    }
                    Some(known) => known.schema.nullable |= property.schema.nullable,
                    None => _ = found.insert(name.clone(), property.clone()),
                }
            }
        }
        for (name, mut property) in found {
            let mut same = alternatives.iter().map(|it| it.properties.get(&name));
            property.required = same.all(|it| it.is_some_and(|it| it.required));
            match common.properties.get_mut(&name) {
                Some(known) => known.required |= property.required,
                None => _ = common.properties.insert(name, property),
            }
        }
        common
    }

    fn one_of(&mut self, members: &[Node<'a>], hint: &str) -> Schema {
        let mut nullable = false;
        let mut alternatives: Vec<Schema> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if is_null(member.value) {
                nullable = true;
                continue;
            }
            let mut schema = if members.len() == 1 {
                self.bare_schema(member, hint)
            } else {
                let hint = match member.str("type") {
                    Some(kind) => pascal(&format!("{hint} {kind}")),
                    None => format!("{hint}Variant{index}"),
                };
                self.schema(member, &hint)
            };
            nullable |= std::mem::take(&mut schema.nullable);
            if !alternatives.contains(&schema) {
                alternatives.push(schema);
            }
        }
        if alternatives.len() < 2 {
            let only = alternatives.pop().unwrap_or_else(any);
            return Schema { nullable, ..only };
        }
        let alternatives: Vec<Schema> = alternatives
            .into_iter()
            .map(Schema::without_integer_text)
            .collect();
        let types: Vec<&str> = alternatives
            .iter()
            .map(|schema| self.json_type_of(&schema.kind))
            .collect();
        let distinct: BTreeSet<&str> = types.iter().copied().collect();
        let kind = if distinct.len() == 1 && distinct.contains("string") {
            Kind::String
        } else if distinct.len() == 1 && distinct.contains("number") {
            Kind::Number
        } else if distinct.len() == types.len() && !distinct.contains("any") {
            Kind::Union(alternatives)
        } else {
            Kind::Any
        };
        Schema {
            nullable,
            ..Schema::of(kind)
        }
    }

    /// Returns the tag of the alternatives if they are objects that one property distinguishes: the
    /// `discriminator`, or a property with a different constant in each.
    pub(super) fn tags(&mut self, schema: &'a Value, keyword: &str) -> Option<Tags> {
        let all = members(schema, keyword);
        let kept: Vec<&'a Value> = all.iter().filter(|member| !is_null(member)).collect();
        let discriminator = schema.get("discriminator");
        let named = discriminator.and_then(|it| match it {
            Value::String(name) => Some(name.as_str()),
            it => it.get("propertyName")?.as_str(),
        });
        let all_objects = |reader: &mut Self| kept.iter().all(|it| reader.written(it).object);
        if kept.is_empty() || kept.len() < 2 && named.is_none() || !all_objects(self) {
            return None;
        }
        let candidates: Vec<&str> = match named {
            Some(name) => vec![name],
            None => self.property_names(kept[0]).into_iter().collect(),
        };
        candidates.into_iter().find_map(|tag| {
            let mut seen = HashSet::new();
            let mut values = Vec::new();
            for member in all {
                let own = match is_null(member) {
                    true => Vec::new(),
                    false if named.is_some() => self.discriminating(member, tag, discriminator)?,
                    false => self.tag_values(member, tag)?,
                };
                if !own.iter().all(|value| seen.insert(value.clone())) {
                    return None;
                }
                values.push(own);
            }
            let tag = tag.to_owned();
            Some(Tags { tag, values })
        })
    }

    /// Returns the values of a discriminator that select an alternative.
    fn discriminating(
        &self,
        member: &'a Value,
        tag: &str,
        discriminator: Option<&'a Value>,
    ) -> Option<Vec<String>> {
        let upstream = self.component_of(member);
        let mapping = discriminator
            .and_then(|it| it.get("mapping")?.as_object())
            .into_iter()
            .flatten();
        let leads_here = |target: &Value| {
            let name = target.as_str().and_then(|it| it.rsplit('/').next());
            name.is_some() && name == upstream
        };
        let mapped: Vec<String> = mapping
            .filter(|(_, target)| leads_here(target))
            .map(|(value, _)| value.clone())
            .collect();
        if !mapped.is_empty() {
            return Some(mapped);
        }
        let upstream = || upstream.map(|it| vec![it.to_owned()]);
        self.tag_values(member, tag).or_else(upstream)
    }

    fn tagged(&mut self, tags: Tags, members: &[Node<'a>], hint: &str) -> Schema {
        let mut nullable = false;
        let mut variants = Vec::new();
        for (member, values) in members.iter().zip(tags.values) {
            let Some(value) = values.first() else {
                nullable = true;
                continue;
            };
            let named = self.component_of(member.value);
            let named = named.and_then(|it| self.component_names.get(it));
            let ident = variant_name(named.unwrap_or(value));
            let mut schema = self.schema(member, &pascal(&format!("{hint} {value}")));
            nullable |= std::mem::take(&mut schema.nullable);
            variants.push(TaggedVariant {
                ident,
                values,
                schema: schema.without_integer_text(),
                place: (&member.at).into(),
            });
        }
        let tag = tags.tag;
        Schema {
            nullable,
            ..Schema::of(Kind::Tagged(Tagged { tag, variants }))
        }
    }

    /// Keeps undeclared properties if the schema declares some only under a condition.
    fn keep_conditional(&mut self, schema: &mut Schema, node: &Node<'a>) {
        let conditions = CONDITIONS.into_iter();
        let conditions: Vec<_> = conditions
            .filter_map(|keyword| Some((keyword, node.get(keyword)?)))
            .collect();
        if conditions.is_empty() {
            return;
        }
        let Some(Kind::Object(mut opened)) = self.opened(&schema.kind) else {
            return;
        };
        for (keyword, condition) in conditions {
            let parts: Vec<&Value> = match condition.value.as_object() {
                Some(map) if keyword == "dependentSchemas" => map.values().collect(),
                _ => vec![condition.value],
            };
            let names = parts.into_iter().filter_map(properties);
            let mut names = names.flat_map(Map::keys);
            let unknown = names.find(|name| !opened.properties.contains_key(*name));
            if let Some(name) = unknown.filter(|_| opened.additional.is_none()) {
                self.problems.warn(
                    &condition.at,
                    format!("the property `{name}` is declared only under a condition"),
                    "it is kept among the undeclared properties",
                );
                opened.additional = Some(Box::new(any()));
                schema.kind = Kind::Object(opened.clone());
            }
        }
    }
}
