//! The message types of the API, as its description has them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::kfp::message::{Field, Kind, Message};
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

/// Fields whose zero is not the same as their absence, which the description does not say.
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

fn kind(schema: &'static Value) -> Kind {
    let text = |schema: &'static Value, name| schema.get(name).and_then(Value::as_str);
    if let Some(name) = reference(schema) {
        return match KFP.schema(name) {
            Some(named) if named.get("enum").is_some() => kind(named),
            Some(_) if name == "protobufAny" => Kind::AnyMessage,
            Some(named) if named.get("properties").is_some() => Kind::Message(name),
            _ => Kind::AnyValue,
        };
    }
    match (text(schema, "type"), text(schema, "format")) {
        (Some("string"), Some("date-time")) => Kind::Time,
        (Some("string"), Some("int64" | "uint64")) => Kind::Int64,
        (Some("string"), _) => names(schema).map_or(Kind::Text, Kind::Enum),
        (Some("boolean"), _) => Kind::Boolean,
        (Some("integer"), Some("int64" | "uint64")) => Kind::Int64,
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

/// The default is the zero value.
fn names(schema: &'static Value) -> Option<Vec<&'static str>> {
    let names = schema.get("enum")?.as_array()?;
    let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    let zero = schema.get("default").and_then(Value::as_str);
    names.sort_by_key(|name| Some(*name) != zero && zero.is_some());
    Some(names)
}
