//! Schemas: every schema becomes one of the shapes of [`Kind`].
//!
//! Constraints on length, range and pattern are ignored on purpose: a client must read what the
//! server sends, even if it violates its own spec.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::naming::Wanted;
use super::written::members;
use super::{Reader, any, flag, prose, text};
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
    value: &'a Value,
    pub at: Pointer,
}

impl Component<'_> {
    /// Returns whether others extend the component, so that its values can have undeclared
    /// properties.
    pub(super) fn is_base(&self) -> bool {
        self.value.get("discriminator").is_some()
            && ["additionalProperties", "oneOf", "anyOf"]
                .iter()
                .all(|it| self.value.get(it).is_none())
    }
}

impl<'a> Reader<'a> {
    /// Gives every component its Rust name.
    pub(super) fn name_components(&mut self) {
        let components = self.components;
        let given = |schema: &'a Value| schema.get(NAME_OVERRIDE).and_then(Value::as_str);
        let mut names: Vec<String> = (components.iter())
            .map(|(upstream, schema)| given(schema).map_or_else(|| type_name(upstream), pascal))
            .collect();
        let wanted = components.iter().zip(&mut names);
        let wanted = wanted.map(|((upstream, schema), name)| Wanted {
            place: component(upstream).into(),
            name,
            given: given(schema).is_some(),
            others: vec![pascal(upstream)],
        });
        self.settle(&mut wanted.collect::<Vec<_>>());
        for ((upstream, value), name) in components.iter().zip(names) {
            let at = component(upstream);
            self.component_names.insert(upstream, name.clone());
            let upstream = Some(upstream.as_str());
            let component = Component {
                upstream,
                value,
                at,
            };
            self.by_name.insert(name, component);
        }
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
        let at = &component.at;
        if self.stack.len() > MAX_DEPTH {
            self.problem(
                at,
                format!("references lead through more than {MAX_DEPTH} schemas"),
                "shorten the chain",
            );
            return any();
        }
        self.stack.push((name.to_owned(), false));
        let mut schema = self.bare_schema(component.value, at, name);
        self.stack.pop();
        if schema.depth() > MAX_NESTING {
            self.problem(
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
    pub(super) fn schema(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Schema {
        if is_in_component(at)
            && let Some(known) = self.by_place.get(at.as_str())
        {
            return known.clone();
        }
        if !self.stack.is_empty() && is_composed_of_others(value) && self.written(value).own_type {
            return self.later(value, at, hint);
        }
        let schema = self.bare_schema(value, at, hint);
        self.in_place(schema, at, hint)
    }

    /// Makes an object a component, to be read when nothing else is being read.
    fn later(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Schema {
        let name = self.free_name(hint);
        let mut schema = Schema::of(Kind::Reference(name.clone()));
        if let Some(object) = value.as_object() {
            annotate(&mut schema, object);
        }
        self.by_place.insert(at.into(), schema.clone());
        let component = Component {
            upstream: None,
            value,
            at: at.clone(),
        };
        self.by_name.insert(name, component);
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
        if is_in_component(at)
            && let Some(known) = self.by_place.get(at.as_str())
        {
            return known.clone();
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

    pub(super) fn bare_schema(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Schema {
        if !self.spend(1, at) {
            return any();
        }
        let object = match value {
            Value::Bool(_) => return any(),
            value => match self.object(value, at, "the schema") {
                Some(object) => object,
                None => return any(),
            },
        };
        let mut schema = match object.get("$ref") {
            Some(target) => self.reference(value, target, at),
            None => self.shape(object, at, hint),
        };
        if object.contains_key(TYPE_LIST) {
            self.warn(
                at,
                "`type` is a list, which only OpenAPI 3.1 supports",
                "the list is read as in OpenAPI 3.1",
            );
        }
        if matches!(schema.kind, Kind::String | Kind::Number) {
            schema.format = text(object, "format").or(schema.format);
        }
        annotate(&mut schema, object);
        schema
    }

    fn reference(&mut self, value: &'a Value, target: &'a Value, at: &Pointer) -> Schema {
        let Some(upstream) = self.component_of(value) else {
            self.problem(
                &at.at("$ref"),
                format!("the reference {target} does not lead to a schema of this document"),
                "define that schema or correct the reference",
            );
            return any();
        };
        let name = self.component_names[upstream].clone();
        let own_type = Schema {
            nullable: is_true(&self.components[upstream], "nullable"),
            ..Schema::of(Kind::Reference(name.clone()))
        };
        if let Some(position) = self.stack.iter().position(|(open, _)| *open == name) {
            let through_a_value = self.stack[position..].iter().any(|(_, guarded)| *guarded);
            if !through_a_value {
                self.problem(
                    &at.at("$ref"),
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
    pub(super) fn own_shape(
        &mut self,
        object: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Schema {
        match object.get("enum") {
            Some(values) => self.enumeration(object, values, at, hint),
            None => Schema::of(self.kind(object, at, hint)),
        }
    }

    /// Returns the members of a composition.
    pub(super) fn members_of(
        &mut self,
        object: &'a Map<String, Value>,
        keyword: &str,
        at: &Pointer,
    ) -> &'a [Value] {
        if object.get(keyword).is_some_and(|it| !it.is_array()) {
            self.problem(
                &at.at(keyword),
                format!("`{keyword}` is not a list"),
                "use a list of schemas",
            );
        }
        members(object, keyword)
    }

    fn kind(&mut self, object: &'a Map<String, Value>, at: &Pointer, hint: &str) -> Kind {
        let format = object.get("format").and_then(Value::as_str).unwrap_or("");
        let kind = match object.get("type") {
            None if ["properties", "additionalProperties", "patternProperties"]
                .iter()
                .any(|keyword| object.contains_key(*keyword)) =>
            {
                "object"
            }
            None if object.contains_key("items") => "array",
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
                let items = object.get("items").map(|items| {
                    self.below(|reader| {
                        reader.schema(items, &at.at("items"), &format!("{hint}Item"))
                    })
                });
                Kind::Array(Box::new(items.unwrap_or_else(any)))
            }
            "object" => self.object_kind(object, at, hint),
            _ => {
                let given = object.get("type").cloned().unwrap_or_default();
                self.warn(
                    &at.at("type"),
                    format!("the type {given} does not exist"),
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

    fn object_kind(&mut self, object: &'a Map<String, Value>, at: &Pointer, hint: &str) -> Kind {
        let additional = self.additional(object, at, hint);
        let properties = match object.get("properties") {
            None => None,
            Some(properties) => self
                .object(properties, &at.at("properties"), "the list of properties")
                .filter(|map| !map.is_empty()),
        };
        let Some(properties) = properties else {
            return Kind::Map(additional.unwrap_or_else(|| Box::new(any())));
        };
        if !self.spend(properties.len(), at) {
            return Kind::Any;
        }
        // protobuf's JSON mapping omits zero values, even of required fields.
        let zero_values_are_sent = !self.protobuf;
        let required: Vec<&str> = object
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|_| zero_values_are_sent)
            .collect();
        let mut read = IndexMap::new();
        for (name, value) in properties {
            let at = at.at("properties").at(name);
            let hint = pascal(&format!("{hint} {name}"));
            let schema = self.below(|reader| reader.schema(value, &at, &hint));
            let required = required.contains(&name.as_str());
            let place = String::from(&at);
            let given = value.get(NAME_OVERRIDE).and_then(Value::as_str);
            read.insert(
                name.clone(),
                Property {
                    ident: snake(given.unwrap_or(name)),
                    given: given.is_some(),
                    required,
                    required_on_creation: is_true(value, REQUIRED_ON_CREATION),
                    read_only: is_true(value, "readOnly"),
                    schema,
                    place,
                },
            );
        }
        Kind::Object(Object {
            properties: read,
            additional,
        })
    }

    /// Returns the schema of undeclared properties.
    fn additional(
        &mut self,
        object: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Option<Box<Schema>> {
        let mut found: Vec<(&'a Value, Pointer)> = Vec::new();
        let additional = object.get("additionalProperties");
        if let Some(value) = additional.filter(|it| **it != Value::Bool(false)) {
            found.push((value, at.at("additionalProperties")));
        }
        if let Some(patterns) = object.get("patternProperties").and_then(Value::as_object) {
            let at = at.at("patternProperties");
            found.extend(patterns.iter().map(|(name, value)| (value, at.at(name))));
        }
        let hint = format!("{hint}Value");
        let mut schemas = found
            .into_iter()
            .map(|(value, at)| self.below(|reader| reader.schema(value, &at, &hint)));
        let first = schemas.next()?;
        // Different patterns allow values of any of their schemas.
        let same = schemas.fold(true, |same, other| same & (other == first));
        Some(Box::new(if same { first } else { any() }))
    }

    fn enumeration(
        &mut self,
        object: &'a Map<String, Value>,
        values: &'a Value,
        at: &Pointer,
        hint: &str,
    ) -> Schema {
        let Some(given) = values.as_array() else {
            self.problem(
                &at.at("enum"),
                "`enum` is not a list",
                "use a list of values",
            );
            return any();
        };
        let nullable = given.iter().any(Value::is_null);
        let values: Vec<&Value> = given.iter().filter(|value| !value.is_null()).collect();
        let all = |is: fn(&Value) -> bool| values.iter().all(|value| is(value));
        let declared = object.get("type").and_then(Value::as_str);
        let kind = if values.is_empty() {
            self.kind(object, at, hint)
        } else if all(Value::is_string) && declared.is_none_or(|it| it == "string") {
            Kind::Enum(self.enum_values(object, given, at))
        } else if all(Value::is_number)
            && declared.is_none_or(|it| ["integer", "number"].contains(&it))
        {
            let whole = all(|value| value.is_i64() || value.is_u64());
            let format = object.get("format").and_then(Value::as_str).unwrap_or("");
            match declared.unwrap_or(if whole { "integer" } else { "number" }) {
                "integer" => Kind::Integer(integer_type(format)),
                _ => Kind::Number,
            }
        } else if all(Value::is_boolean) && declared.is_none_or(|it| it == "boolean") {
            Kind::Boolean
        } else {
            let fits = |value: &&Value| match declared {
                Some("string") => value.is_string(),
                Some("integer" | "number") => value.is_number(),
                Some("boolean") => value.is_boolean(),
                _ => true,
            };
            if !values.iter().all(fits) {
                self.warn(
                    &at.at("enum"),
                    "values of `enum` are not of the declared `type`",
                    "the value is free-form JSON",
                );
            }
            Kind::Any
        };
        Schema {
            nullable,
            ..Schema::of(kind)
        }
    }

    fn enum_values(
        &mut self,
        object: &'a Map<String, Value>,
        given: &'a [Value],
        at: &Pointer,
    ) -> Vec<EnumValue> {
        let names = object.get(VARIANT_NAMES).and_then(Value::as_array);
        if names.is_some_and(|names| names.len() != given.len()) {
            self.warn(
                &at.at(VARIANT_NAMES),
                format!("`{VARIANT_NAMES}` does not have one name for each value of `enum`"),
                "values without a name are named after their strings",
            );
        }
        let mut values: IndexMap<&str, EnumValue> = IndexMap::new();
        for (index, value) in given.iter().enumerate() {
            let Some(value) = value.as_str() else {
                continue;
            };
            let name = names.and_then(|names| names.get(index)?.as_str());
            values.entry(value).or_insert_with(|| EnumValue {
                value: value.to_owned(),
                variant: variant_name(name.unwrap_or(value)),
                given: name.is_some(),
                place: at.at("enum").at(index).into(),
            });
        }
        if self.spend(values.len(), at) {
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
        let component = self.by_name.get(name).map(|it| it.value);
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
fn is_composed_of_others(schema: &Value) -> bool {
    let has = |keyword: &str| schema.get(keyword).is_some();
    has("allOf") || has("properties") && (has("oneOf") || has("anyOf"))
}

pub(super) fn component(upstream: &str) -> Pointer {
    Pointer::root().at("components").at("schemas").at(upstream)
}

fn is_composed(schema: &Value) -> bool {
    ["allOf", "oneOf", "anyOf", "$ref"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
}

/// Returns whether a place can be read more than once, always with the same result.
fn is_in_component(at: &Pointer) -> bool {
    at.as_str().starts_with("/components/schemas/")
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

fn json_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Any | Kind::Reference(_) | Kind::Union(_) => "any",
        Kind::Boolean => "boolean",
        Kind::Integer(_) | Kind::Number => "number",
        Kind::String
        | Kind::Timestamp
        | Kind::IntegerText { .. }
        | Kind::Binary
        | Kind::Enum(_) => "string",
        Kind::Array(_) => "array",
        Kind::Map(_) | Kind::Object(_) | Kind::Tagged(_) => "object",
    }
}

fn is_true(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool) == Some(true)
}

/// Adds what a schema says besides its shape.
fn annotate(schema: &mut Schema, object: &Map<String, Value>) {
    schema.nullable |= flag(object, "nullable");
    schema.deprecated |= flag(object, "deprecated");
    schema.description = prose(object, "description").or(schema.description.take());
    if let Some(default) = object.get("default") {
        schema.default = Some(default.clone());
    }
}
