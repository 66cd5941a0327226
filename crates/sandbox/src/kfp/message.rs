//! The message types of the API, from its spec.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::object::Object;
use crate::specification::{KFP, reference};

/// A message type: the fields of its JSON.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) name: &'static str,
    properties: &'static Object,
}

#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether zero differs from absence. If not, a zero is never sent.
    pub(super) zero_counts: bool,
}

#[derive(Clone, Copy)]
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
    /// The schema of the elements.
    List(&'static Value),
    /// The schema of the values.
    Map(&'static Value),
    /// A JSON object with any content.
    Struct,
    /// A message that names its type in `@type`.
    AnyMessage,
    AnyValue,
}

/// Fields for which zero and absence differ. The spec does not say so.
const WITH_PRESENCE: &[(&str, &[&str])] = &[
    ("v2beta1Artifact", &["number_value"]),
    ("v2beta1CreateArtifactRequest", &["iteration_index"]),
    ("v2beta1IOProducer", &["iteration"]),
    (
        "PipelineTaskTypeAttributes",
        &["iteration_index", "iteration_count"],
    ),
    (
        "v2beta1Predicate",
        &[
            "int_value",
            "long_value",
            "string_value",
            "timestamp_value",
            "int_values",
            "long_values",
            "string_values",
        ],
    ),
];

/// Fields of which a message can have at most one. The spec does not say so.
const ALTERNATIVES: &[(&[&str], &[&str])] = &[
    (
        &["v2beta1Run", "v2beta1RecurringRun"],
        &[
            "pipeline_version_id",
            "pipeline_spec",
            "pipeline_version_reference",
        ],
    ),
    (&["v2beta1Trigger"], &["cron_schedule", "periodic_schedule"]),
];

/// Enums of the spec that represent another one on the wire. The draft of 2025 named two values of its
/// own, which no server has.
const SAME_AS: &[(&str, &str)] = &[("v2beta1ArtifactTaskType", "v2beta1IOType")];

impl Message {
    /// Returns the message type with this name. An unknown one has no fields.
    pub(super) fn named(name: &'static str) -> Self {
        static NONE: LazyLock<Object> = LazyLock::new(Object::new);
        let properties = schema_of(name).and_then(|schema| schema.get("properties")?.as_object());
        Self {
            name,
            properties: properties.unwrap_or(&NONE),
        }
    }

    pub(super) fn field(self, name: &str) -> Option<Field> {
        self.find(|known| known == name)
    }

    /// Returns the field with this name, or with this name in camel case.
    pub(super) fn field_as_sent(self, name: &str) -> Option<Field> {
        self.find(|known| known == name || camel_case(known) == name)
    }

    fn find(self, is_meant: impl Fn(&str) -> bool) -> Option<Field> {
        let mut properties = self.properties.iter();
        let (name, schema) = properties.find(|(name, _)| is_meant(name))?;
        let is_present = |(message, fields): &(&str, &[&str])| {
            *message == self.name && fields.contains(&name.as_str())
        };
        Some(Field {
            name,
            kind: Kind::of(schema),
            zero_counts: WITH_PRESENCE.iter().any(is_present),
        })
    }

    /// Returns the other fields that the message cannot have together with this one.
    pub(super) fn alternatives(self, field: &str) -> &'static [&'static str] {
        let mut alternatives = ALTERNATIVES.iter();
        let known = alternatives
            .find(|(messages, fields)| messages.contains(&self.name) && fields.contains(&field));
        known.map_or(&[], |(_, fields)| fields)
    }
}

impl Field {
    /// Returns the value of this field in an object, explicit or implied.
    pub(super) fn value_in(&self, object: &Object) -> Option<Value> {
        let value = object.get(self.name).cloned();
        value.or_else(|| self.kind.zero().filter(|_| !self.zero_counts))
    }
}

impl Kind {
    pub(super) fn of(schema: &'static Value) -> Self {
        let text = |name| schema.get(name).and_then(Value::as_str);
        if let Some(name) = reference(schema) {
            return match schema_of(name) {
                Some(named) if named.get("enum").is_some() => Self::of(named),
                Some(_) if name == "protobufAny" => Self::AnyMessage,
                Some(named) if named.get("properties").is_some() => Self::Message(name),
                _ => Self::AnyValue,
            };
        }
        match (text("type"), text("format")) {
            (Some("string"), Some("date-time")) => Self::Time,
            (Some("string" | "integer"), Some("int64" | "uint64")) => Self::Int64,
            (Some("string"), _) => Enum::of(schema).map_or(Self::Text, Self::Enum),
            (Some("boolean"), _) => Self::Boolean,
            (Some("integer"), _) => Self::Int32,
            (Some("number"), _) => Self::Double,
            (Some("array"), _) => schema.get("items").map_or(Self::AnyValue, Self::List),
            (Some("object"), _) => schema
                .get("additionalProperties")
                .map_or(Self::Struct, Self::Map),
            _ => Self::AnyValue,
        }
    }

    /// Returns the value that an absent field of this kind implies, if any.
    fn zero(self) -> Option<Value> {
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

    pub(super) fn is_zero(self, value: &Value) -> bool {
        match self {
            Self::Double => value.as_f64() == Some(0.0),
            _ => self.zero().as_ref() == Some(value),
        }
    }
}

/// Numbers that an enum skips. The spec does not say so.
const LEFT_OUT: &[(&str, i32)] = &[("EQUALS", 4)];

/// The values of an enum. The zero value is never sent.
#[derive(Clone, Copy)]
pub(super) struct Enum {
    names: &'static [Value],
    zero: Option<&'static str>,
}

impl Enum {
    fn of(schema: &'static Value) -> Option<Self> {
        let names = schema.get("enum")?.as_array()?;
        let mut zero = names.iter().filter_map(Value::as_str);
        let zero = zero.find(|name| name.ends_with("UNSPECIFIED"));
        Some(Self {
            names,
            zero: zero.or_else(|| schema.get("default")?.as_str()),
        })
    }

    /// Returns the enum with exactly these values, for example for a query parameter.
    pub(super) fn with_values(values: &[&str]) -> Option<Self> {
        let has_values = |known: Self| known.names.iter().eq(values);
        let mut schemas = KFP.schemas();
        let (name, _) = schemas.find(|(_, schema)| Self::of(schema).is_some_and(has_values))?;
        Self::of(schema_of(name)?)
    }

    /// Returns the values with their numbers: the zero value, then the others in the order of the spec.
    fn values(self) -> impl Iterator<Item = (i32, &'static str)> {
        let names = self.names.iter().filter_map(Value::as_str);
        let others = names.filter(move |name| Some(*name) != self.zero);
        let mut left_out = LEFT_OUT.iter();
        let left_out = left_out.find(|(name, _)| self.names.iter().any(|known| known == name));
        let numbers =
            (0..).filter(move |number| left_out.is_none_or(|(_, left_out)| number != left_out));
        numbers.zip(self.zero.into_iter().chain(others))
    }

    pub(super) fn number_of(self, name: &str) -> Option<i32> {
        let found = self.values().find(|(_, known)| *known == name);
        found.map(|(number, _)| number)
    }

    pub(super) fn name_of(self, number: i32) -> Option<&'static str> {
        let found = self.values().find(|(known, _)| *known == number);
        found.map(|(_, name)| name)
    }

    /// Parses a name or a number. A number without a name stays a number.
    pub(super) fn read(self, value: &Value) -> Option<Value> {
        let Some(name) = value.as_str() else {
            let number = i32::try_from(value.as_i64()?).ok()?;
            let name = self.name_of(number);
            return Some(name.map_or(json!(number), Value::from));
        };
        self.number_of(name).map(|_| json!(name))
    }
}

fn schema_of(name: &str) -> Option<&'static Value> {
    let same = SAME_AS.iter().find(|(known, _)| *known == name);
    KFP.schema(same.map_or(name, |(_, same)| same))
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
