//! Message types and the kinds of their fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::object::Object;

/// A message type: the fields of its JSON.
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether zero differs from absence. If not, a zero is never sent.
    pub(super) zero_counts: bool,
}

pub(super) enum Kind {
    Text,
    Boolean,
    Int32,
    Int64,
    Double,
    Time,
    Enum(Enum),
    /// The name of a message type.
    Message(&'static str),
    List(Box<Kind>),
    /// A map from strings to values of one kind.
    Map(Box<Kind>),
    /// A JSON object with any content.
    Struct,
    /// A message that names its type in `@type`.
    AnyMessage,
    AnyValue,
}

impl Field {
    /// Returns the value of this field in an object, explicit or implied.
    pub(super) fn value_in(&self, object: &Object) -> Option<Value> {
        let value = object.get(self.name).cloned();
        value.or_else(|| self.kind.zero().filter(|_| !self.zero_counts))
    }
}

impl Message {
    pub(super) fn field(&'static self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(super) fn enum_of(&'static self, field: &str) -> Option<&'static Enum> {
        match &self.field(field)?.kind {
            Kind::Enum(known) => Some(known),
            _ => None,
        }
    }

    /// Returns the field with this name, or with this name in camel case.
    pub(super) fn field_as_sent(&'static self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name == name || camel_case(field.name) == name)
    }
}

impl Kind {
    /// Returns the value that an absent field of this kind implies, if any.
    fn zero(&self) -> Option<Value> {
        match self {
            Self::Text => Some(json!("")),
            Self::Boolean => Some(json!(false)),
            Self::Int32 => Some(json!(0)),
            Self::Int64 => Some(json!("0")),
            Self::Double => Some(json!(0.0)),
            Self::Enum(known) => known.name_of(0).map(Value::from),
            Self::List(_) => Some(json!([])),
            Self::Map(_) => Some(json!({})),
            Self::Time | Self::Message(_) | Self::Struct | Self::AnyMessage | Self::AnyValue => {
                None
            }
        }
    }

    pub(super) fn is_zero(&self, value: &Value) -> bool {
        match self {
            Self::Double => value.as_f64() == Some(0.0),
            _ => self.zero().as_ref() == Some(value),
        }
    }
}

/// Numbers that an enum skips. The spec does not say so.
const LEFT_OUT: &[(&str, i32)] = &[("EQUALS", 4)];

/// The values of an enum by number. 0 is never sent.
#[derive(Clone)]
pub(super) struct Enum(BTreeMap<i32, &'static str>);

impl Enum {
    pub(super) fn of(schema: &'static Value) -> Option<Self> {
        let names = schema.get("enum")?.as_array()?;
        let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        let zero = names
            .iter()
            .find(|name| name.ends_with("UNSPECIFIED"))
            .copied();
        let zero = zero.or_else(|| schema.get("default")?.as_str());
        names.sort_by_key(|name| Some(*name) != zero);
        let left_out = LEFT_OUT.iter().find(|(name, _)| names.contains(name));
        let numbers =
            (0..).filter(|number| left_out.is_none_or(|(_, left_out)| number != left_out));
        Some(Self(numbers.zip(names).collect()))
    }

    pub(super) fn number_of(&self, name: &str) -> Option<i32> {
        let mut numbers = self.0.iter();
        numbers.find_map(|(number, known)| (*known == name).then_some(*number))
    }

    pub(super) fn name_of(&self, number: i32) -> Option<&'static str> {
        self.0.get(&number).copied()
    }

    /// Parses a name or a number. A number without a name stays a number.
    pub(super) fn read(&self, value: &Value) -> Option<Value> {
        let Some(name) = value.as_str() else {
            let number = i32::try_from(value.as_i64()?).ok()?;
            let name = self.name_of(number);
            return Some(name.map_or(json!(number), Value::from));
        };
        self.number_of(name).map(|_| json!(name))
    }
}

pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}
