//! Schemas: every schema becomes one of the shapes of [`Kind`].
//!
//! Constraints on length, range and pattern are ignored on purpose: a client must read what the
//! server sends, even if it violates its own spec.

use indexmap::IndexMap;
use serde_json::Value;

use super::naming::Wanted;
use super::node::Node;
use super::{Reader, any};
use crate::lift::TYPE_LIST;
use crate::model::{EnumValue, Kind, NamedSchema, Object, Property, Schema};
use crate::names::{NAME_OVERRIDE, VARIANT_NAMES, pascal, snake, type_name, variant_name};
use crate::pointer::Pointer;

/// Maximum length of a chain of references through schemas without a type of their own.
const MAX_DEPTH: usize = 100;
/// Maximum nesting of lists and maps.
const MAX_NESTING: usize = 64;

/// Extension of a property that the generator's README describes.
const REQUIRED_ON_CREATION: &str = "x-required-on-creation";

/// A schema that is read once, and that others refer to by its Rust name.
#[derive(Clone)]
pub(super) struct Component<'a> {
    /// Its name in the document; an object that was found inside of another schema has none.
    upstream: Option<&'a str>,
    pub node: Node<'a>,
}

impl Component<'_> {
    /// Returns whether others extend the component, so that its values can have undeclared
    /// properties.
    pub(super) fn is_base(&self) -> bool {
        let closing = ["additionalProperties", "oneOf", "anyOf"];
        self.node.has("discriminator") && !closing.iter().any(|it| self.node.has(it))
    }
}

impl<'a> Reader<'a> {
    /// Gives every component its Rust name.
    pub(super) fn name_components(&mut self) {
        let names = self.components.keys();
        let components: Vec<(&'a String, Node<'a>)> = names
            .filter_map(|upstream| Some((upstream, self.component(upstream)?)))
            .collect();
        let mut names: Vec<String> = (components.iter())
            .map(|(upstream, node)| {
                let given = node.str(NAME_OVERRIDE);
                given.map_or_else(|| type_name(upstream), pascal)
            })
            .collect();
        let wanted = components.iter().zip(&mut names);
        let wanted = wanted.map(|((upstream, node), name)| {
            let given = node.str(NAME_OVERRIDE).is_some();
            let name = Wanted::new(&node.at, name).given(given);
            name.or(pascal(upstream))
        });
        self.settle(&mut wanted.collect::<Vec<_>>());
        for ((upstream, node), name) in components.into_iter().zip(names) {
            self.component_names.insert(upstream, name.clone());
            let upstream = Some(upstream.as_str());
            self.by_name.insert(name, Component { upstream, node });
        }
    }

    /// Returns the component with a name in the document.
    pub(super) fn component(&self, upstream: &str) -> Option<Node<'a>> {
        let at = Pointer::root().at("components").at("schemas").at(upstream);
        Some(Node::new(self.components.get(upstream)?, at))
    }

    pub(super) fn read_components(&mut self) {
        let mut index = 0;
        // Reading finds more of them.
        while let Some((name, _)) = self.by_name.get_index(index) {
            let name = name.clone();
            self.read_component(&name);
            index += 1;
        }
    }

    /// Reads a component once. Objects, enums and unions get a type of their own.
    pub(super) fn read_component(&mut self, name: &str) -> Schema {
        if let Some(schema) = self.read.get(name) {
            return schema.clone();
        }
        let Some(component) = self.by_name.get(name).cloned() else {
            return any();
        };
        let at = &component.node.at;
        if self.stack.len() > MAX_DEPTH {
            self.problems.add(
                at,
                format!("references lead through more than {MAX_DEPTH} schemas"),
                "shorten the chain",
            );
            return any();
        }
        self.stack.push((name.to_owned(), false));
        let mut schema = self.bare_schema(&component.node, name);
        self.stack.pop();
        if schema.depth() > MAX_NESTING {
            self.problems.add(
                at,
                format!("more than {MAX_NESTING} nested lists and maps"),
                "reduce the nesting",
            );
            schema = any();
        }
        if let Kind::Object(object) = &mut schema.kind
            && component.is_base()
        {
            object.additional.get_or_insert_with(|| Box::new(any()));
        }
        let schema = self.named(schema, name.to_owned(), component.upstream);
        self.read.insert(name.to_owned(), schema.clone());
        schema
    }

    /// Registers an object, enum or union under a name, and returns a reference to it.
    fn named(&mut self, schema: Schema, name: String, upstream: Option<&str>) -> Schema {
        if !is_named(&schema.kind) {
            return schema;
        }
        let reference = Schema {
            kind: Kind::Reference(name.clone()),
            ..schema.clone()
        };
        self.named.insert(
            name,
            NamedSchema {
                upstream: upstream.map(str::to_owned),
                schema,
            },
        );
        reference
    }

    /// Reads a schema in place. If it needs a type of its own, the type is named after the place.
    pub(super) fn schema(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        if let Some(known) = self.known_at(&node.at) {
            return known;
        }
        let must_wait = !self.stack.is_empty() && is_composed_of_others(node);
        if must_wait && self.written(node.value).own_type {
            return self.later(node, hint);
        }
        let schema = self.bare_schema(node, hint);
        self.in_place(schema, &node.at, hint)
    }

    /// Returns a schema that was read at a place. Only a place in a component always has the same
    /// result.
    fn known_at(&self, at: &Pointer) -> Option<Schema> {
        let is_in_component = at.as_str().starts_with("/components/schemas/");
        let known = self.by_place.get(at.as_str());
        known.filter(|_| is_in_component).cloned()
    }

    /// Makes an object a component, to be read when nothing else is being read.
    fn later(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        let name = self.free_name(hint);
        let mut schema = Schema::of(Kind::Reference(name.clone()));
        annotate(&mut schema, node);
        self.by_place.insert((&node.at).into(), schema.clone());
        let node = node.clone();
        let upstream = None;
        self.by_name.insert(name, Component { upstream, node });
        schema
    }

    /// Gives a schema a name if it needs one.
    pub(super) fn in_place(&mut self, schema: Schema, at: &Pointer, hint: &str) -> Schema {
        if let Kind::Enum(values) = &schema.kind
            && let Some(name) = self.enum_component(values)
        {
            return Schema {
                kind: Kind::Reference(name),
                ..schema
            };
        }
        if !is_named(&schema.kind) {
            return schema;
        }
        if let Some(known) = self.known_at(at) {
            return known;
        }
        let name = self.free_name(hint);
        let schema = self.named(schema, name, None);
        self.by_place.insert(at.into(), schema.clone());
        schema
    }

    fn free_name(&self, hint: &str) -> String {
        let mut name = hint.to_owned();
        let mut count = 1;
        while self.by_name.contains_key(&name) || self.named.contains_key(&name) {
            count += 1;
            name = format!("{hint}{count}");
        }
        name
    }

    /// Returns the only component with these values, because documents repeat enums in parameters.
    fn enum_component(&self, values: &[EnumValue]) -> Option<String> {
        let mut same = self.components.iter().filter(|(_, schema)| {
            !is_composed(schema)
                && (schema.get("enum").and_then(Value::as_array)).is_some_and(|list| {
                    let known = values.iter().map(|it| Some(it.value.as_str()));
                    list.iter().map(Value::as_str).eq(known)
                })
        });
        match (same.next(), same.next()) {
            (Some((upstream, _)), None) => self.component_names.get(upstream.as_str()).cloned(),
            _ => None,
        }
    }

    pub(super) fn bare_schema(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        if !self.spend(1, &node.at)
            || node.value.is_boolean()
            || self.object(node, "the schema").is_none()
        {
            return any();
        }
        let mut schema = match node.get("$ref") {
            Some(target) => self.reference(node, &target),
            None => self.shape(node, hint),
        };
        if node.has(TYPE_LIST) {
            self.problems.warn(
                &node.at,
                "`type` is a list, which only OpenAPI 3.1 supports",
                "the list is read as in OpenAPI 3.1",
            );
        }
        if matches!(schema.kind, Kind::String | Kind::Number) {
            schema.format = node.text("format").or(schema.format);
        }
        annotate(&mut schema, node);
        schema
    }

    fn reference(&mut self, node: &Node<'a>, target: &Node<'a>) -> Schema {
        let Some(upstream) = self.component_of(node.value) else {
            let target_name = target.value;
            self.problems.add(
                &target.at,
                format!("the reference {target_name} does not lead to a schema of this document"),
                "define that schema or correct the reference",
            );
            return any();
        };
        let name = self.component_names[upstream].clone();
        let own_type = Schema {
            nullable: self.components[upstream].get("nullable") == Some(&Value::Bool(true)),
            ..Schema::of(Kind::Reference(name.clone()))
        };
        if let Some(position) = self.stack.iter().position(|(open, _)| *open == name) {
            let through_a_value = self.stack[position..].iter().any(|(_, guarded)| *guarded);
            if !through_a_value {
                self.problems.add(
                    &target.at,
                    format!("the schema `{upstream}` consists of itself"),
                    "break the cycle: a schema may contain itself in a property or a list, but not be itself",
                );
                return any();
            }
            return own_type;
        }
        if self.written_component(upstream).own_type {
            return own_type;
        }
        let mut schema = self.read_component(&name);
        // The description of a named type is at the type.
        if matches!(schema.kind, Kind::Reference(_)) {
            schema.description = None;
        }
        schema.default = None;
        schema
    }

    /// Reads the schema's own keywords, without its composition.
    pub(super) fn own_shape(&mut self, node: &Node<'a>, hint: &str) -> Schema {
        match node.get("enum") {
            Some(values) => self.enumeration(node, &values, hint),
            None => Schema::of(self.kind(node, hint)),
        }
    }

    /// Returns the members of a composition.
    pub(super) fn members_of(&mut self, node: &Node<'a>, keyword: &str) -> Vec<Node<'a>> {
        let members = node.child(keyword);
        if node.has(keyword) && !members.value.is_array() {
            self.problems.add(
                &members.at,
                format!("`{keyword}` is not a list"),
                "use a list of schemas",
            );
        }
        members.items().collect()
    }

    fn kind(&mut self, node: &Node<'a>, hint: &str) -> Kind {
        let format = node.str("format").unwrap_or("");
        let of_objects = ["properties", "additionalProperties", "patternProperties"];
        let kind = match node.value.get("type") {
            None if of_objects.iter().any(|keyword| node.has(keyword)) => "object",
            None if node.has("items") => "array",
            None => return Kind::Any,
            Some(kind) => kind.as_str().unwrap_or(""),
        };
        match kind {
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer(integer_type(format)),
            "number" => Kind::Number,
            "string" => match format {
                "date-time" => Kind::Timestamp,
                "int64" => Kind::IntegerText { signed: true },
                "uint64" => Kind::IntegerText { signed: false },
                "binary" => Kind::Binary,
                _ => Kind::String,
            },
            "array" => {
                let hint = format!("{hint}Item");
                let items = node.get("items");
                let items = items.map(|it| self.below(|reader| reader.schema(&it, &hint)));
                Kind::Array(Box::new(items.unwrap_or_else(any)))
            }
            "object" => self.object_kind(node, hint),
            _ => {
                let given = node.child("type");
                self.problems.warn(
                    &given.at,
                    format!("the type {} does not exist", given.value),
                    "the value is free-form JSON",
                );
                Kind::Any
            }
        }
    }

    /// Reads the content of a value; from here on, a schema may contain itself.
    fn below<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self
            .stack
            .last_mut()
            .map(|top| std::mem::replace(&mut top.1, true));
        let result = read(self);
        if let (Some(before), Some(top)) = (before, self.stack.last_mut()) {
            top.1 = before;
        }
        result
    }

    fn object_kind(&mut self, node: &Node<'a>, hint: &str) -> Kind {
        let additional = self.additional(node, hint);
        let properties = node.get("properties");
        let map = (properties.as_ref())
            .and_then(|it| self.object(it, "the list of properties"))
            .filter(|map| !map.is_empty());
        let (Some(properties), Some(map)) = (properties, map) else {
            return Kind::Map(additional.unwrap_or_else(|| Box::new(any())));
        };
        if !self.spend(map.len(), &node.at) {
            return Kind::Any;
        }
        // protobuf's JSON mapping omits zero values, even of required fields.
        let required = match self.protobuf {
            true => Vec::new(),
            false => node.strings("required"),
        };
        let mut read = IndexMap::new();
        for (name, property) in properties.entries() {
            let hint = pascal(&format!("{hint} {name}"));
            let schema = self.below(|reader| reader.schema(&property, &hint));
            let given = property.str(NAME_OVERRIDE);
            read.insert(
                name.clone(),
                Property {
                    ident: snake(given.unwrap_or(name)),
                    given: given.is_some(),
                    required: required.contains(name),
                    required_on_creation: property.flag(REQUIRED_ON_CREATION),
                    read_only: property.flag("readOnly"),
                    schema,
                    place: property.at.into(),
                },
            );
        }
        Kind::Object(Object {
            properties: read,
            additional,
        })
    }

    /// Returns the schema of undeclared properties.
    fn additional(&mut self, node: &Node<'a>, hint: &str) -> Option<Box<Schema>> {
        let additional = node.get("additionalProperties");
        let additional = additional.filter(|it| *it.value != Value::Bool(false));
        let patterns = node.child("patternProperties").entries();
        let found = additional.into_iter().chain(patterns.map(|(_, it)| it));
        let hint = format!("{hint}Value");
        let mut schemas = found.map(|it| self.below(|reader| reader.schema(&it, &hint)));
        let first = schemas.next()?;
        // Different patterns allow values of any of their schemas.
        let same = schemas.fold(true, |same, other| same & (other == first));
        Some(Box::new(if same { first } else { any() }))
    }

    fn enumeration(&mut self, node: &Node<'a>, values: &Node<'a>, hint: &str) -> Schema {
        let Some(given) = values.value.as_array() else {
            self.problems
                .add(&values.at, "`enum` is not a list", "use a list of values");
            return any();
        };
        let nullable = given.iter().any(Value::is_null);
        let present: Vec<&Value> = given.iter().filter(|value| !value.is_null()).collect();
        let all = |is: fn(&Value) -> bool| present.iter().all(|value| is(value));
        let inferred = if all(Value::is_string) {
            "string"
        } else if all(|value| value.is_i64() || value.is_u64()) {
            "integer"
        } else if all(Value::is_number) {
            "number"
        } else if all(Value::is_boolean) {
            "boolean"
        } else {
            ""
        };
        let format = node.str("format").unwrap_or("");
        let kind = match (node.str("type").unwrap_or(inferred), inferred) {
            _ if present.is_empty() => self.kind(node, hint),
            ("string", "string") => Kind::Enum(self.enum_values(node, values)),
            ("integer", "integer" | "number") => Kind::Integer(integer_type(format)),
            ("number", "integer" | "number") => Kind::Number,
            ("boolean", "boolean") => Kind::Boolean,
            (declared, _) => {
                if ["string", "integer", "number", "boolean"].contains(&declared) {
                    self.problems.warn(
                        &values.at,
                        "values of `enum` are not of the declared `type`",
                        "the value is free-form JSON",
                    );
                }
                Kind::Any
            }
        };
        Schema {
            nullable,
            ..Schema::of(kind)
        }
    }

    fn enum_values(&mut self, node: &Node<'a>, given: &Node<'a>) -> Vec<EnumValue> {
        let names = node.child(VARIANT_NAMES);
        let list = names.value.as_array();
        if list.is_some_and(|list| list.len() != given.items().count()) {
            self.problems.warn(
                &names.at,
                format!("`{VARIANT_NAMES}` does not have one name for each value of `enum`"),
                "values without a name are named after their strings",
            );
        }
        let mut values: IndexMap<&str, EnumValue> = IndexMap::new();
        for (index, Node { value, at }) in given.items().enumerate() {
            let Some(value) = value.as_str() else {
                continue;
            };
            let name = list.and_then(|list| list.get(index)?.as_str());
            values.entry(value).or_insert_with(|| EnumValue {
                value: value.to_owned(),
                variant: variant_name(name.unwrap_or(value)),
                given: name.is_some(),
                place: at.into(),
            });
        }
        if self.spend(values.len(), &node.at) {
            values.into_values().collect()
        } else {
            Vec::new()
        }
    }

    pub(super) fn json_type_of(&mut self, kind: &Kind) -> &'static str {
        let Kind::Reference(name) = kind else {
            return json_type(kind);
        };
        if let Some(named) = self.named.get(name) {
            return json_type(&named.schema.kind);
        }
        let component = self.by_name.get(name).map(|it| it.node.value);
        match component.is_some_and(|it| self.written(it).own_type) {
            true => "object",
            false => "any",
        }
    }
}

/// Returns whether a shape gets a type of its own.
fn is_named(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Object(_) | Kind::Enum(_) | Kind::Union(_) | Kind::Tagged(_)
    )
}

/// Returns whether a schema is composed of others, which must be read first.
fn is_composed_of_others(node: &Node<'_>) -> bool {
    let has_alternatives = node.has("oneOf") || node.has("anyOf");
    node.has("allOf") || node.has("properties") && has_alternatives
}

fn is_composed(schema: &Value) -> bool {
    ["allOf", "oneOf", "anyOf", "$ref"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
}

fn integer_type(format: &str) -> &'static str {
    match format {
        "int8" => "i8",
        "uint8" => "u8",
        "int16" => "i16",
        "uint16" => "u16",
        "int32" => "i32",
        "uint32" => "u32",
        "uint64" => "u64",
        _ => "i64",
    }
}

/// Returns the JSON type by which alternatives are told apart: an integer is a number.
fn json_type(kind: &Kind) -> &'static str {
    match kind.json_type() {
        "integer" => "number",
        json_type => json_type,
    }
}

/// Adds what a schema says besides its shape.
fn annotate(schema: &mut Schema, node: &Node<'_>) {
    schema.nullable |= node.flag("nullable");
    schema.deprecated |= node.flag("deprecated");
    schema.description = node.prose("description").or(schema.description.take());
    if let Some(default) = node.value.get("default") {
        schema.default = Some(default.clone());
    }
}
