//! The message types of the API, from its spec.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::kfp::message::{Enum, Field, Kind, Message};
use crate::specification::{KFP, reference};

static MESSAGES: LazyLock<BTreeMap<&'static str, Message>> = LazyLock::new(|| {
    KFP.schemas()
        .map(|(name, schema)| (name, message(name, schema)))
        .collect()
});

static UNKNOWN: Message = Message {
    name: "an unknown message",
    fields: Vec::new(),
};

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

/// Returns the other fields that a message cannot have together with this one.
pub(super) fn alternatives(message: &str, field: &str) -> &'static [&'static str] {
    let known = ALTERNATIVES
        .iter()
        .find(|(messages, fields)| messages.contains(&message) && fields.contains(&field));
    known.map_or(&[], |(_, fields)| fields)
}

/// Enums of the spec that represent another one on the wire. The draft of 2025 named two values of its
/// own, which no server has.
const SAME_AS: &[(&str, &str)] = &[("v2beta1ArtifactTaskType", "v2beta1IOType")];

/// Returns the enum with exactly these values, for example for a query parameter.
pub(super) fn enum_with(values: &[&str]) -> Option<Enum> {
    if values.is_empty() {
        return None;
    }
    let named = KFP.schemas().find(|(_, schema)| {
        let names = schema.get("enum").and_then(Value::as_array);
        names.is_some_and(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .eq(values.iter().copied())
        })
    });
    named.and_then(|(name, schema)| Enum::of(schema_of(name).unwrap_or(schema)))
}

pub(super) fn named(name: &str) -> &'static Message {
    MESSAGES.get(name).unwrap_or(&UNKNOWN)
}

fn message(name: &'static str, schema: &'static Value) -> Message {
    let present = WITH_PRESENCE
        .iter()
        .find(|(message, _)| *message == name)
        .map_or(&[][..], |(_, fields)| *fields);
    let properties = schema.get("properties").and_then(Value::as_object);
    let fields = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| Field {
            name,
            kind: kind(schema),
            zero_counts: present.contains(&name.as_str()),
        });
    Message {
        name,
        fields: fields.collect(),
    }
}

fn schema_of(name: &str) -> Option<&'static Value> {
    let same = SAME_AS.iter().find(|(known, _)| *known == name);
    KFP.schema(same.map_or(name, |(_, same)| same))
}

fn kind(schema: &'static Value) -> Kind {
    let text = |schema: &'static Value, name| schema.get(name).and_then(Value::as_str);
    if let Some(name) = reference(schema) {
        return match schema_of(name) {
            Some(named) if named.get("enum").is_some() => kind(named),
            Some(_) if name == "protobufAny" => Kind::AnyMessage,
            Some(named) if named.get("properties").is_some() => Kind::Message(name),
            _ => Kind::AnyValue,
        };
    }
    match (text(schema, "type"), text(schema, "format")) {
        (Some("string"), Some("date-time")) => Kind::Time,
        (Some("string" | "integer"), Some("int64" | "uint64")) => Kind::Int64,
        (Some("string"), _) => Enum::of(schema).map_or(Kind::Text, Kind::Enum),
        (Some("boolean"), _) => Kind::Boolean,
        (Some("integer"), _) => Kind::Int32,
        (Some("number"), _) => Kind::Double,
        (Some("array"), _) => {
            let items = schema.get("items").map_or(Kind::AnyValue, kind);
            Kind::List(Box::new(items))
        }
        (Some("object"), _) => match schema.get("additionalProperties") {
            Some(values) => Kind::Map(Box::new(kind(values))),
            None => Kind::Struct,
        },
        _ => Kind::AnyValue,
    }
}
