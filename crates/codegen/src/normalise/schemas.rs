//! Schemas: whatever a document says becomes one of the shapes of [`Kind`].
//!
//! Constraints on length, range and pattern are left out on purpose: a client must read what the
//! server sends, also where it breaks its own description.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::naming::Wanted;
use super::{Reader, flag, prose, text};
use crate::model::{EnumValue, Kind, NamedSchema, Object, Property, Schema};
use crate::names::{NAME_OVERRIDE, VARIANT_NAMES, pascal, snake, type_name, variant_name};
use crate::pointer::Pointer;
use crate::read::Dialect;

/// References that lead through more schemas than this without a type of their own are refused.
const MAX_DEPTH: usize = 100;
/// So many lists and maps in each other are an accident.
const MAX_NESTING: usize = 64;

impl<'a> Reader<'a> {
    /// Gives every component its Rust name.
    pub(super) fn name_components(&mut self) {
        let components = self.components;
        let wanted: Vec<Wanted> = components
            .iter()
            .map(|(upstream, schema)| {
                let given = schema.get(NAME_OVERRIDE).and_then(Value::as_str);
                Wanted {
                    place: component(upstream).into(),
                    plain: given.map_or_else(|| type_name(upstream), pascal),
                    given: given.is_some(),
                    others: vec![pascal(upstream)],
                }
            })
            .collect();
        let names = self.settle(&wanted);
        for ((upstream, wanted), name) in components.keys().zip(wanted).zip(names) {
            self.taken.insert(name.clone(), wanted.place);
            self.component_names.insert(upstream, name);
        }
    }

    pub(super) fn read_components(&mut self) {
        let names: Vec<&'a str> = self.component_names.keys().copied().collect();
        for upstream in names {
            self.read_component(upstream);
        }
    }

    /// Reads a component once; those that are objects, enums or unions get a type of their own.
    fn read_component(&mut self, upstream: &'a str) -> Schema {
        if let Some(schema) = self.read.get(upstream) {
            return schema.clone();
        }
        let at = component(upstream);
        let Some(name) = self.component_names.get(upstream).cloned() else {
            return Schema::of(Kind::Any);
        };
        if self.stack.len() > MAX_DEPTH {
            self.problem(
                &at,
                format!("references lead through more than {MAX_DEPTH} schemas"),
                "shorten the chain",
            );
            return Schema::of(Kind::Any);
        }
        self.stack.push((upstream, false));
        let schema = self.bare_schema(&self.components[upstream], &at, &name);
        self.stack.pop();
        let schema = if schema.depth() > MAX_NESTING {
            self.problem(
                &at,
                format!("more than {MAX_NESTING} lists and maps are in each other"),
                "end the nesting",
            );
            Schema::of(Kind::Any)
        } else {
            schema
        };
        let schema = self.named(schema, name, Some(upstream));
        self.read.insert(upstream, schema.clone());
        schema
    }

    /// Registers an object, enum or union under a name and refers to it; others stay as they are.
    fn named(&mut self, schema: Schema, name: String, upstream: Option<&str>) -> Schema {
        if !matches!(
            schema.kind,
            Kind::Object(_) | Kind::Enum(_) | Kind::Union(_)
        ) {
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

    /// A schema in its place: what needs a type of its own gets one, named after the place.
    pub(super) fn schema(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Schema {
        let schema = self.bare_schema(value, at, hint);
        if let Kind::Enum(values) = &schema.kind
            && let Some(name) = self.enum_component(values)
        {
            return Schema {
                kind: Kind::Reference(name),
                ..schema
            };
        }
        if !matches!(
            schema.kind,
            Kind::Object(_) | Kind::Enum(_) | Kind::Union(_)
        ) {
            return schema;
        }
        let place = String::from(at);
        let mut name = hint.to_owned();
        let mut count = 1;
        while self.taken.contains_key(&name) {
            count += 1;
            name = format!("{hint}{count}");
        }
        self.taken.insert(name.clone(), place);
        self.named(schema, name, None)
    }

    /// The one component with just these values: documents repeat enums in their parameters.
    fn enum_component(&self, values: &[EnumValue]) -> Option<String> {
        let mut same = self.components.iter().filter(|(_, schema)| {
            !is_composed(schema)
                && schema
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(|list| {
                        list.len() == values.len()
                            && list
                                .iter()
                                .zip(values)
                                .all(|(a, b)| a.as_str() == Some(&b.value))
                    })
        });
        match (same.next(), same.next()) {
            (Some((upstream, _)), None) => self.component_names.get(upstream.as_str()).cloned(),
            _ => None,
        }
    }

    pub(super) fn bare_schema(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Schema {
        if !self.spend(1, at) {
            return Schema::of(Kind::Any);
        }
        let object = match value {
            Value::Bool(_) => return Schema::of(Kind::Any),
            value => match self.object(value, at, "the schema") {
                Some(object) => object,
                None => return Schema::of(Kind::Any),
            },
        };
        let mut schema = match object.get("$ref") {
            Some(target) => self.reference(target, at),
            None => self.shape(object, at, hint),
        };
        schema.nullable |= flag(object, "nullable");
        if matches!(schema.kind, Kind::String | Kind::Number) {
            schema.format = text(object, "format").or(schema.format);
        }
        schema.deprecated |= flag(object, "deprecated");
        schema.description = prose(object, "description").or(schema.description);
        if let Some(default) = object.get("default") {
            schema.default = Some(default.clone());
        }
        schema
    }

    fn reference(&mut self, target: &'a Value, at: &Pointer) -> Schema {
        let upstream = target
            .as_str()
            .and_then(|target| target.strip_prefix("#/components/schemas/"))
            .map(|name| name.replace("~1", "/").replace("~0", "~"));
        let known = upstream.and_then(|name| self.components.get_key_value(name.as_str()));
        let Some((upstream, component)) = known else {
            self.problem(
                &at.at("$ref"),
                format!("the reference {target} leads to no schema of this document"),
                "define that schema in this document (references to other documents are not followed)",
            );
            return Schema::of(Kind::Any);
        };
        if let Some(position) = self
            .stack
            .iter()
            .position(|(open, _)| *open == upstream.as_str())
        {
            let through_a_value = self.stack[position..].iter().any(|(_, guarded)| *guarded);
            if !through_a_value {
                self.problem(
                    &at.at("$ref"),
                    format!("the schema `{upstream}` consists of itself"),
                    "end the cycle: a schema may contain itself in a property or a list, not be itself",
                );
                return Schema::of(Kind::Any);
            }
            return self.own_type(upstream, component);
        }
        if has_properties(component) {
            return self.own_type(upstream, component);
        }
        let mut schema = self.read_component(upstream);
        // What is said of a named type stands at the type.
        if matches!(schema.kind, Kind::Reference(_)) {
            schema.description = None;
        }
        schema.default = None;
        schema
    }

    /// The named type that a schema refers to, if it does.
    pub(super) fn named_type(&self, value: &Value) -> Option<Schema> {
        let target = value.get("$ref")?.as_str()?;
        let name = Pointer::parse(target.strip_prefix("#/components/schemas")?);
        let upstream = name.keys().next()?;
        let name = self.component_names.get(upstream.as_str())?;
        Some(Schema::of(Kind::Reference(name.clone())))
    }

    /// A reference to a component that has, or is going to have, a type of its own.
    fn own_type(&self, upstream: &str, component: &Value) -> Schema {
        let kind = self
            .component_names
            .get(upstream)
            .map_or(Kind::Any, |name| Kind::Reference(name.clone()));
        let nullable = component.get("nullable") == Some(&Value::Bool(true));
        Schema {
            nullable,
            ..Schema::of(kind)
        }
    }

    fn shape(&mut self, object: &'a Map<String, Value>, at: &Pointer, hint: &str) -> Schema {
        for keyword in ["allOf", "oneOf", "anyOf"] {
            match object.get(keyword) {
                None => {}
                Some(Value::Array(members)) if members.is_empty() => {}
                Some(Value::Array(members)) if keyword == "allOf" => {
                    return self.all_of(object, members, at, hint);
                }
                Some(Value::Array(members)) => return self.one_of(members, &at.at(keyword), hint),
                Some(_) => {
                    self.problem(
                        &at.at(keyword),
                        format!("`{keyword}` is not a list"),
                        "write a list of schemas",
                    );
                    return Schema::of(Kind::Any);
                }
            }
        }
        if let Some(values) = object.get("enum") {
            return self.enumeration(object, values, at);
        }
        Schema::of(self.kind(object, at, hint))
    }

    fn kind(&mut self, object: &'a Map<String, Value>, at: &Pointer, hint: &str) -> Kind {
        let format = object.get("format").and_then(Value::as_str).unwrap_or("");
        let kind = match object.get("type") {
            None if object.contains_key("properties")
                || object.contains_key("additionalProperties") =>
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
                Kind::Array(Box::new(items.unwrap_or_else(|| Schema::of(Kind::Any))))
            }
            "object" => self.object_kind(object, at, hint),
            _ => {
                let given = object.get("type").cloned().unwrap_or_default();
                self.problem(
                    &at.at("type"),
                    format!("the type {given} does not exist"),
                    "use string, integer, number, boolean, array or object",
                );
                Kind::Any
            }
        }
    }

    /// Reads what a value holds: from here on, a schema may lead back to itself.
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
        let additional = match object.get("additionalProperties") {
            None | Some(Value::Bool(false)) => None,
            Some(value) => Some(Box::new(self.below(|reader| {
                reader.schema(
                    value,
                    &at.at("additionalProperties"),
                    &format!("{hint}Value"),
                )
            }))),
        };
        let properties = match object.get("properties") {
            None => None,
            Some(properties) => self
                .object(properties, &at.at("properties"), "the list of properties")
                .filter(|map| !map.is_empty()),
        };
        let Some(properties) = properties else {
            return Kind::Map(additional.unwrap_or_else(|| Box::new(Schema::of(Kind::Any))));
        };
        if !self.spend(properties.len(), at) {
            return Kind::Any;
        }
        // protobuf's JSON mapping leaves zero values out, also where a field is marked required.
        let zero_values_are_sent = self.places.dialect != Dialect::Swagger20;
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

    fn enumeration(
        &mut self,
        object: &'a Map<String, Value>,
        values: &'a Value,
        at: &Pointer,
    ) -> Schema {
        let Some(given) = values.as_array() else {
            self.problem(
                &at.at("enum"),
                "`enum` is not a list",
                "write a list of values",
            );
            return Schema::of(Kind::Any);
        };
        let nullable = given.iter().any(Value::is_null);
        let values: Vec<&Value> = given.iter().filter(|value| !value.is_null()).collect();
        let all =
            |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(|value| is(value));
        let kind = if all(Value::is_string) {
            Kind::Enum(self.enum_values(object, given, at))
        } else if all(|value| value.is_i64() || value.is_u64()) {
            Kind::Integer(integer_type(
                object.get("format").and_then(Value::as_str).unwrap_or(""),
            ))
        } else if all(Value::is_number) {
            Kind::Number
        } else if all(Value::is_boolean) {
            Kind::Boolean
        } else {
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
                format!("`{VARIANT_NAMES}` has not one name for each value of `enum`"),
                "the values without one are named after their texts",
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
                variant: variant_name(value),
                given: name.map(str::to_owned),
                place: at.at("enum").at(index).into(),
            });
        }
        if self.spend(values.len(), at) {
            values.into_values().collect()
        } else {
            Vec::new()
        }
    }

    /// Everything the members say together: objects are merged, a single reference is followed.
    fn all_of(
        &mut self,
        object: &'a Map<String, Value>,
        members: &'a [Value],
        at: &Pointer,
        hint: &str,
    ) -> Schema {
        let mut merged: Option<Schema> = None;
        for (index, member) in members.iter().enumerate() {
            let at = at.at("allOf").at(index);
            let schema = self.bare_schema(member, &at, hint);
            merged = Some(match merged {
                None => schema,
                Some(before) => self.merge(before, schema, &at),
            });
        }
        let own = object.contains_key("properties") || object.contains_key("additionalProperties");
        let merged = merged.unwrap_or_else(|| Schema::of(Kind::Any));
        if own {
            let own = Schema::of(self.object_kind(object, at, hint));
            return self.merge(merged, own, at);
        }
        merged
    }

    fn merge(&mut self, mut left: Schema, mut right: Schema, at: &Pointer) -> Schema {
        // A member that adds no shape (a description, a bare `type: object`) changes nothing.
        let plain = |kind: &Kind| {
            *kind == Kind::Any || matches!(kind, Kind::Map(value) if value.kind == Kind::Any)
        };
        if left.kind == right.kind || plain(&right.kind) {
            return left;
        }
        if plain(&left.kind) {
            return right;
        }
        if let Some(narrower) = self.narrower(&left.kind, &right.kind) {
            return if narrower == Side::Left { left } else { right };
        }
        self.open_reference(&mut left, at);
        self.open_reference(&mut right, at);
        match (left.kind, right.kind) {
            (Kind::Object(mut left), Kind::Object(right)) => {
                if !self.spend(left.properties.len() + right.properties.len(), at) {
                    return Schema::of(Kind::Any);
                }
                for (name, property) in right.properties {
                    let known = left.properties.get(&name);
                    if let Some(known) = known.filter(|known| known.schema != property.schema) {
                        let message = format!(
                            "the property `{name}` has another shape here than at `{}`",
                            known.place
                        );
                        self.problem(at, message, "give it one shape in all members of `allOf`");
                        continue;
                    }
                    let required = property.required || known.is_some_and(|known| known.required);
                    left.properties.insert(
                        name,
                        Property {
                            required,
                            ..property
                        },
                    );
                }
                left.additional = left.additional.or(right.additional);
                Schema::of(Kind::Object(left))
            }
            (left, right) => {
                let described = format!("{} and {}", json_type(&left), json_type(&right));
                self.problem(
                    at,
                    format!("no value has both shapes of this `allOf`: {described}"),
                    "use `oneOf` for alternatives",
                );
                Schema::of(Kind::Any)
            }
        }
    }

    /// Which of two shapes of one JSON type says more: any text or number is less than a certain one.
    fn narrower(&self, left: &Kind, right: &Kind) -> Option<Side> {
        if self.json_type_of(left) != self.json_type_of(right) {
            return None;
        }
        match (left, right) {
            (Kind::String | Kind::Number, _) => Some(Side::Right),
            (_, Kind::String | Kind::Number) => Some(Side::Left),
            _ => None,
        }
    }

    /// Puts the object a reference leads to in its place, so that it can be merged.
    fn open_reference(&mut self, schema: &mut Schema, at: &Pointer) {
        let Kind::Reference(name) = &schema.kind else {
            return;
        };
        let upstream = self
            .component_names
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(upstream, _)| *upstream);
        if let Some(upstream) = upstream {
            if self.stack.iter().any(|(open, _)| *open == upstream) {
                self.problem(
                    at,
                    format!("the schema `{upstream}` consists of itself"),
                    "end the cycle in `allOf`",
                );
                schema.kind = Kind::Any;
                return;
            }
            self.read_component(upstream);
        }
        if let Some(named) = self.named.get(name) {
            schema.kind = named.schema.kind.clone();
        }
    }

    /// Alternatives that JSON itself tells apart become a union; others stay free-form values,
    /// because trying one after the other would lose what the chosen one does not know.
    fn one_of(&mut self, members: &'a [Value], at: &Pointer, hint: &str) -> Schema {
        if !self.spend(members.len(), at) {
            return Schema::of(Kind::Any);
        }
        let mut nullable = false;
        let mut alternatives: Vec<Schema> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let at = at.at(index);
            let is_null = member
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null));
            if is_null {
                nullable = true;
                continue;
            }
            let mut schema = if members.len() == 1 {
                self.bare_schema(member, &at, hint)
            } else {
                let hint = match member.get("type").and_then(Value::as_str) {
                    Some(kind) => pascal(&format!("{hint} {kind}")),
                    None => format!("{hint}Variant{index}"),
                };
                self.schema(member, &at, &hint)
            };
            nullable |= std::mem::take(&mut schema.nullable);
            if !alternatives.contains(&schema) {
                alternatives.push(schema);
            }
        }
        if alternatives.len() < 2 {
            let only = alternatives.pop().unwrap_or_else(|| Schema::of(Kind::Any));
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
        let distinct: std::collections::BTreeSet<&str> = types.iter().copied().collect();
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

    fn json_type_of(&self, kind: &Kind) -> &'static str {
        let Kind::Reference(name) = kind else {
            return json_type(kind);
        };
        if let Some(named) = self.named.get(name) {
            return json_type(&named.schema.kind);
        }
        let component = self
            .component_names
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(upstream, _)| *upstream);
        component
            .and_then(|upstream| self.components.get(upstream))
            .map_or("any", |component| self.written_type(component, 4))
    }

    /// The JSON type of a component that is still being read.
    fn written_type(&self, schema: &Value, depth: usize) -> &'static str {
        if has_properties(schema) {
            return "object";
        }
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| target.strip_prefix("#/components/schemas/"));
        let referred = target.and_then(|name| self.components.get(name));
        let members = schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let is_object = depth > 0
            && referred
                .into_iter()
                .chain(members)
                .any(|member| self.written_type(member, depth - 1) == "object");
        if is_object { "object" } else { "any" }
    }
}

#[derive(PartialEq)]
enum Side {
    Left,
    Right,
}

fn component(upstream: &str) -> Pointer {
    Pointer::root().at("components").at("schemas").at(upstream)
}

fn is_composed(schema: &Value) -> bool {
    ["allOf", "oneOf", "anyOf", "$ref"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
}

/// Whether a component is going to have a type of its own, told without reading it.
fn has_properties(schema: &Value) -> bool {
    let is_object = schema.get("type").is_none_or(|kind| kind == "object");
    let properties = schema.get("properties").and_then(Value::as_object);
    is_object
        && !is_composed(schema)
        && schema.get("enum").is_none()
        && properties.is_some_and(|map| !map.is_empty())
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
        Kind::Map(_) | Kind::Object(_) => "object",
    }
}
