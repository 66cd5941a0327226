//! `allOf`: merges all members. If they differ, the narrower shape is used.

use std::collections::HashSet;

use serde_json::Value;

use super::node::Node;
use super::schemas::Component;
use super::written::members;
use super::{Reader, any};
use crate::model::{Kind, Object, Property, Schema, TaggedVariant};
use crate::names::pascal;
use crate::pointer::Pointer;

impl<'a> Reader<'a> {
    /// Reads a schema without its alternatives: the members of `allOf`, and its own keywords.
    pub(super) fn common(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        let members = self.members_of(node, "allOf");
        if members.is_empty() {
            return self.own_shape(node, hint);
        }
        let mut merged = None;
        for member in members {
            let schema = self.member(&member, hint);
            merged = Some(match merged {
                None => schema,
                Some(merged) => self.merge(merged, schema, &member.at, hint),
            });
        }
        let own = self.own_shape(node, hint);
        let mut merged = self.merge(merged.unwrap_or_else(any), own, &node.at, hint);
        self.require(&mut merged, node.value);
        if let Kind::Object(object) = &merged.kind
            && object.properties.is_empty()
        {
            let additional = object.additional.clone();
            merged.kind = Kind::Map(additional.unwrap_or_else(|| Box::new(any())));
        }
        merged
    }

    fn member(&mut self, member: &Node<'a>, hint: &str) -> Schema {
        if let Some(base) = self.base(member.value) {
            return base;
        }
        let mut schema = self.bare_schema(member, hint);
        if is_plain(&schema.kind) && self.keeps_more(member.value) {
            schema.kind = Kind::Object(Object::open(any()));
        }
        schema
    }

    /// Reads what a schema shares with its alternatives while one of them is being read; the other
    /// alternatives do not matter for it.
    fn base(&mut self, member: &'a Value) -> Option<Schema> {
        let upstream = self.component_of(member)?;
        let node = self.component(upstream)?;
        let says = ["properties", "allOf", "discriminator"];
        if !says.iter().any(|keyword| node.has(keyword))
            || !self.has_alternative_in_reading(node.value)
        {
            return None;
        }
        let name = self.component_names.get(upstream)?.clone();
        if let Some(known) = self.commons.get(&name) {
            return Some(known.clone());
        }
        // Once while the component is being read, but not again inside of that.
        if self.stack.iter().filter(|(open, _)| *open == name).count() > 1 {
            return None;
        }
        self.stack.push((name.clone(), false));
        let common = self.common(&node, &name);
        self.stack.pop();
        self.commons.insert(name, common.clone());
        Some(common)
    }

    /// Returns whether an alternative, or one of its components, is being read.
    fn has_alternative_in_reading(&self, schema: &'a Value) -> bool {
        let referred = |schema: &'a Value, keyword: &str| {
            let members = members(schema, keyword).iter();
            members.filter_map(|it| self.component_of(it))
        };
        let alternatives = ["oneOf", "anyOf"].into_iter();
        let mut open: Vec<&str> = alternatives.flat_map(|it| referred(schema, it)).collect();
        let mut seen = HashSet::new();
        while let Some(upstream) = open.pop() {
            let name = self.component_names.get(upstream);
            if name.is_some_and(|name| self.is_open(name)) {
                return true;
            }
            if seen.insert(upstream) {
                for keyword in ["oneOf", "anyOf", "allOf"] {
                    open.extend(referred(&self.components[upstream], keyword));
                }
            }
        }
        false
    }

    /// Marks as required what any member requires, wherever the property is declared.
    fn require(&mut self, schema: &mut Schema, value: &'a Value) {
        let members = members(value, "allOf");
        let is_alias = members.len() == 1 && value.get("required").is_none();
        if self.protobuf || is_alias && matches!(schema.kind, Kind::Reference(_)) {
            return;
        }
        let Some(Kind::Object(known)) = self.opened(&schema.kind) else {
            return;
        };
        let keywords = members.iter().flat_map(|it| self.all_keywords(it));
        let lists = keywords
            .chain([value])
            .filter_map(|it| it.get("required")?.as_array());
        let required: HashSet<&str> = lists.flatten().filter_map(Value::as_str).collect();
        let mut changed = known.clone();
        for (name, property) in &mut changed.properties {
            property.required |= required.contains(name.as_str());
        }
        if changed != known {
            schema.kind = Kind::Object(changed);
        }
    }

    /// Returns the shape that satisfies two schemas, or the later one if they are contradictory.
    pub(super) fn merge(
        &mut self,
        left: Schema,
        right: Schema,
        at: &Pointer,
        hint: &str,
    ) -> Schema {
        // A member without a shape (a description, a bare `type: object`) changes nothing.
        if is_plain(&right.kind) {
            return left;
        }
        if is_plain(&left.kind) {
            return right;
        }
        let nullable = left.nullable && right.nullable;
        let Some(kind) = self.narrower(&left.kind, &right.kind, at, hint) else {
            let types = [
                self.json_type_of(&left.kind),
                self.json_type_of(&right.kind),
            ];
            self.problems.warn(
                at,
                format!(
                    "the members of `allOf` contradict each other: {}",
                    types.join(" and ")
                ),
                "the later member is used",
            );
            return right;
        };
        let like = match &kind {
            Kind::Object(_) | Kind::Tagged(_) => any(),
            kind if *kind == left.kind => left,
            _ => right,
        };
        Schema {
            kind,
            nullable,
            ..like
        }
    }

    fn narrower(&mut self, left: &Kind, right: &Kind, at: &Pointer, hint: &str) -> Option<Kind> {
        if left == right {
            return Some(left.clone());
        }
        match (left, right) {
            (Kind::Integer(a), Kind::Integer(b)) => {
                let bits = |name: &str| name[1..].parse::<u8>().unwrap_or(64);
                let narrower = if bits(a) < bits(b) { a } else { b };
                return Some(Kind::Integer(narrower));
            }
            (Kind::Integer(_), Kind::Number) => return Some(left.clone()),
            (Kind::Number, Kind::Integer(_)) => return Some(right.clone()),
            (Kind::Array(a), Kind::Array(b)) => {
                let items = self.merge_within(a, b, &at.at("items"), &format!("{hint}Item"));
                return Some(Kind::Array(Box::new(items)));
            }
            (Kind::Map(a), Kind::Map(b)) => {
                let at = at.at("additionalProperties");
                let values = self.merge_within(a, b, &at, &format!("{hint}Value"));
                return Some(Kind::Map(Box::new(values)));
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (self.values_of_enum(left), self.values_of_enum(right)) {
            return if a.iter().all(|value| b.contains(value)) {
                Some(left.clone())
            } else if a.iter().any(|value| b.contains(value)) {
                Some(right.clone())
            } else {
                None
            };
        }
        let types = [self.json_type_of(left), self.json_type_of(right)];
        if types == ["string", "string"] {
            let wider = *right == Kind::String || self.values_of_enum(left).is_some();
            return Some(if wider { left.clone() } else { right.clone() });
        }
        match (self.opened(left)?, self.opened(right)?) {
            (Kind::Tagged(mut tagged), Kind::Object(object))
            | (Kind::Object(object), Kind::Tagged(mut tagged)) => {
                for variant in &mut tagged.variants {
                    self.add_common(variant, &object, hint);
                }
                Some(Kind::Tagged(tagged))
            }
            (Kind::Union(members), other) | (other, Kind::Union(members)) => {
                let wanted = self.json_type_of(&other);
                let mut same = members.into_iter().map(|member| member.kind);
                let same = same.find(|kind| self.json_type_of(kind) == wanted)?;
                self.narrower(&same, &other, at, hint)
            }
            (a, b) => {
                let merged = self.merge_objects(object_of(a)?, object_of(b)?, at, hint);
                Some(Kind::Object(merged))
            }
        }
    }

    fn merge_within(&mut self, left: &Schema, right: &Schema, at: &Pointer, hint: &str) -> Schema {
        let merged = self.merge(left.clone(), right.clone(), at, hint);
        self.in_place(merged, &at.at("allOf"), hint)
    }

    fn values_of_enum(&self, kind: &Kind) -> Option<Vec<String>> {
        match self.known_kind(kind)? {
            Kind::Enum(values) => Some(values.iter().map(|it| it.value.clone()).collect()),
            _ => None,
        }
    }

    /// Merges the properties of two objects; shared ones get the narrower shape.
    pub(super) fn merge_objects(
        &mut self,
        mut left: Object,
        right: Object,
        at: &Pointer,
        hint: &str,
    ) -> Object {
        if !self.spend(left.properties.len() + right.properties.len(), at) {
            return left;
        }
        for (name, mut property) in right.properties {
            if let Some(known) = left.properties.get(&name) {
                let place = at.at("properties").at(&name);
                let hint = pascal(&format!("{hint} {name}"));
                let mut schema = self.merge_within(&known.schema, &property.schema, &place, &hint);
                schema.description = property
                    .schema
                    .description
                    .or(known.schema.description.clone());
                schema.default = property.schema.default.or(known.schema.default.clone());
                schema.deprecated = property.schema.deprecated || known.schema.deprecated;
                property = Property {
                    schema,
                    required: property.required || known.required,
                    ..property
                };
            }
            left.properties.insert(name, property);
        }
        left.additional = left.additional.or(right.additional);
        left
    }

    /// Adds the shared properties to an alternative, unless it has them.
    pub(super) fn add_common(&mut self, variant: &mut TaggedVariant, common: &Object, hint: &str) {
        let Some(Kind::Object(own)) = self.opened(&variant.schema.kind) else {
            return;
        };
        let at = Pointer::parse(&variant.place);
        let hint = pascal(&format!("{hint} {}", variant.ident));
        let merged = self.merge_objects(common.clone(), own.clone(), &at, &hint);
        let same = |(name, property): (&String, &Property)| {
            let known = own.properties.get(name);
            known.is_some_and(|it| it.schema == property.schema && it.required == property.required)
        };
        if !merged.properties.iter().all(same) || merged.additional != own.additional {
            let schema = Schema::of(Kind::Object(merged));
            let at = at.at("allOf");
            variant.schema = self.in_place(schema, &at, &hint);
        }
    }

    /// Returns the shape of a reference, or `None` while the schema is being read.
    pub(super) fn opened(&mut self, kind: &Kind) -> Option<Kind> {
        let Kind::Reference(name) = kind else {
            return Some(kind.clone());
        };
        if !self.is_open(name) {
            self.read_component(name);
        }
        let mut kind = self.named.get(name)?.schema.kind.clone();
        if let Kind::Object(object) = &mut kind
            && self.by_name.get(name).is_some_and(Component::is_base)
        {
            object.additional = None;
        }
        Some(kind)
    }

    /// Returns whether a component is being read.
    fn is_open(&self, name: &str) -> bool {
        self.stack.iter().any(|(open, _)| open == name)
    }
}

/// Returns an object, or a map as an object without declared properties.
pub(super) fn object_of(kind: Kind) -> Option<Object> {
    match kind {
        Kind::Object(object) => Some(object),
        Kind::Map(values) => Some(Object::open(*values)),
        _ => None,
    }
}

/// Returns whether a shape says nothing, or only that the value is an object.
pub(super) fn is_plain(kind: &Kind) -> bool {
    *kind == Kind::Any || matches!(kind, Kind::Map(value) if value.kind == Kind::Any)
}
