//! The messages of the `ArtifactService`. An enum's first name is the default in the specification.

use kfp_api_client::types;

use crate::kfp::message::{Field, Kind, Message};

pub(super) static ARTIFACT: Message = Message {
    name: "v2beta1Artifact",
    fields: &[
        Field::new("artifact_id", Kind::Text),
        Field::new("name", Kind::Text),
        Field::new("description", Kind::Text),
        Field::new("type", Kind::Enum(types::ArtifactArtifactType::KNOWN)),
        Field::new("uri", Kind::Text),
        Field::new("metadata", Kind::Map),
        Field::with_presence("number_value", Kind::Double),
        Field::new("created_at", Kind::Time),
        Field::new("namespace", Kind::Text),
    ],
};

pub(super) static CREATE_ARTIFACT_REQUEST: Message = Message {
    name: "v2beta1CreateArtifactRequest",
    fields: &[
        Field::new("artifact", Kind::Message(&ARTIFACT)),
        Field::new("run_id", Kind::Text),
        Field::new("task_id", Kind::Text),
        Field::new("producer_key", Kind::Text),
        Field::with_presence("iteration_index", Kind::Int64),
        Field::new("reuse_if_exists", Kind::Boolean),
    ],
};

pub(super) static CREATE_ARTIFACTS_BULK_REQUEST: Message = Message {
    name: "v2beta1CreateArtifactsBulkRequest",
    fields: &[Field::new(
        "artifacts",
        Kind::List(&Kind::Message(&CREATE_ARTIFACT_REQUEST)),
    )],
};

pub(super) static IO_PRODUCER: Message = Message {
    name: "v2beta1IOProducer",
    fields: &[
        Field::new("task_name", Kind::Text),
        Field::with_presence("iteration", Kind::Int64),
    ],
};

pub(super) static ARTIFACT_TASK: Message = Message {
    name: "v2beta1ArtifactTask",
    fields: &[
        Field::new("id", Kind::Text),
        Field::new("artifact_id", Kind::Text),
        Field::new("run_id", Kind::Text),
        Field::new("task_id", Kind::Text),
        Field::new("type", Kind::Enum(types::ArtifactTaskType::KNOWN)),
        Field::new("producer", Kind::Message(&IO_PRODUCER)),
        Field::new("key", Kind::Text),
        Field::new("created_at", Kind::Time),
    ],
};

pub(super) static CREATE_ARTIFACT_TASK_REQUEST: Message = Message {
    name: "v2beta1CreateArtifactTaskRequest",
    fields: &[Field::new("artifact_task", Kind::Message(&ARTIFACT_TASK))],
};

pub(super) static CREATE_ARTIFACT_TASKS_BULK_REQUEST: Message = Message {
    name: "v2beta1CreateArtifactTasksBulkRequest",
    fields: &[Field::new(
        "artifact_tasks",
        Kind::List(&Kind::Message(&ARTIFACT_TASK)),
    )],
};

pub(super) static METRIC: Message = Message {
    name: "v2beta1Metric",
    fields: &[
        Field::new("task_id", Kind::Text),
        Field::new("name", Kind::Text),
        Field::new("schema", Kind::Enum(types::MetricSchema::KNOWN)),
        Field::new("value", Kind::AnyValue),
        Field::new("created_at", Kind::Time),
        Field::new("type", Kind::Enum(types::MetricType::KNOWN)),
    ],
};

pub(super) static LOG_METRIC_REQUEST: Message = Message {
    name: "v2beta1LogMetricRequest",
    fields: &[Field::new("metric", Kind::Message(&METRIC))],
};

pub(super) static FILTER: Message = Message {
    name: "v2beta1Filter",
    fields: &[Field::new(
        "predicates",
        Kind::List(&Kind::Message(&PREDICATE)),
    )],
};

static PREDICATE: Message = Message {
    name: "v2beta1Predicate",
    fields: &[
        Field::new("operation", Kind::Enum(types::PredicateOperation::KNOWN)),
        Field::new("key", Kind::Text),
        Field::with_presence("int_value", Kind::Int32),
        Field::with_presence("long_value", Kind::Int64),
        Field::with_presence("string_value", Kind::Text),
        Field::with_presence("timestamp_value", Kind::Time),
        Field::with_presence("int_values", Kind::Message(&INT_VALUES)),
        Field::with_presence("long_values", Kind::Message(&LONG_VALUES)),
        Field::with_presence("string_values", Kind::Message(&STRING_VALUES)),
    ],
};

static INT_VALUES: Message = Message {
    name: "IntValues",
    fields: &[Field::new("values", Kind::List(&Kind::Int32))],
};

static LONG_VALUES: Message = Message {
    name: "LongValues",
    fields: &[Field::new("values", Kind::List(&Kind::Int64))],
};

static STRING_VALUES: Message = Message {
    name: "StringValues",
    fields: &[Field::new("values", Kind::List(&Kind::Text))],
};
