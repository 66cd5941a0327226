//! The API's resources with their rules.

use compute_kfp_runtime::operation::Operation;
use serde_json::Value;

use crate::collection::Rank;
use crate::kfp::message::{Field, Kind, Message};
use crate::kfp::time;
use crate::object::Object;

/// A kind of object: its paths, and its keys for sorting and filtering.
pub(super) struct Resource {
    /// Name of a single object, for people.
    pub(super) name: &'static str,
    /// Name of a list of objects, for example in data files.
    pub(super) kind: &'static str,
    pub(super) list_path: &'static str,
    /// Field of a page that has the objects.
    pub(super) list_field: &'static str,
    /// Fields that identify an object. The first one is also the path parameter.
    pub(super) key_fields: &'static [&'static str],
    pub(super) message: &'static str,
    /// Default field to sort a list by.
    pub(super) created: &'static str,
    /// Keys for sorting and filtering, and their fields if these have other names.
    columns: &'static str,
    /// Fields that only the server sets.
    pub(super) by_the_server: &'static str,
    /// Fields that the server sorts by, but does not support in a next page.
    pub(super) uncut: &'static [&'static str],
    /// Whether enums are sorted by number, not by name.
    enums_by_number: bool,
    /// Whether an object has its own namespace.
    pub(super) has_namespace: bool,
    pub(super) longest_name: usize,
}

/// Rules of most resources.
const BASE: Resource = Resource {
    name: "",
    kind: "",
    list_path: "",
    list_field: "",
    key_fields: &[],
    message: "",
    created: "created_at",
    columns: "",
    by_the_server: "",
    uncut: &[],
    enums_by_number: false,
    has_namespace: false,
    longest_name: usize::MAX,
};

pub(super) static EXPERIMENT: Resource = Resource {
    name: "Experiment",
    kind: "experiments",
    list_path: "/apis/v2beta1/experiments",
    list_field: "experiments",
    key_fields: &["experiment_id"],
    message: "v2beta1Experiment",
    columns: "id=experiment_id experiment_id name=display_name display_name created_at \
        last_run_created_at description namespace storage_state",
    has_namespace: true,
    longest_name: 128,
    by_the_server: "experiment_id created_at storage_state last_run_created_at",
    ..BASE
};

pub(super) static PIPELINE: Resource = Resource {
    name: "Pipeline",
    kind: "pipelines",
    list_path: "/apis/v2beta1/pipelines",
    list_field: "pipelines",
    key_fields: &["pipeline_id"],
    message: "v2beta1Pipeline",
    columns: "id=pipeline_id pipeline_id name display_name created_at description namespace",
    has_namespace: true,
    longest_name: 128,
    by_the_server: "pipeline_id created_at error",
    ..BASE
};

pub(super) static PIPELINE_VERSION: Resource = Resource {
    name: "PipelineVersion",
    kind: "pipeline_versions",
    list_path: "/apis/v2beta1/pipelines/{pipeline_id}/versions",
    list_field: "pipeline_versions",
    key_fields: &["pipeline_version_id"],
    message: "v2beta1PipelineVersion",
    columns: "id=pipeline_version_id pipeline_version_id name display_name created_at status \
        description pipeline_spec",
    longest_name: 127,
    by_the_server: "pipeline_id pipeline_version_id created_at error pipeline_spec",
    ..BASE
};

pub(super) static RUN: Resource = Resource {
    name: "Run",
    kind: "runs",
    list_path: "/apis/v2beta1/runs",
    list_field: "runs",
    key_fields: &["run_id"],
    message: "v2beta1Run",
    columns: "id=run_id run_id name=display_name display_name created_at finished_at \
        scheduled_at description storage_state status namespace experiment_id state \
        state_history runtime_details recurring_run_id pipeline_id",
    uncut: &[
        "experiment_id",
        "recurring_run_id",
        "state_history",
        METRIC_OF_RUN,
    ],
    by_the_server: "storage_state created_at scheduled_at finished_at state error run_details \
        recurring_run_id state_history pipeline_reference task_count tasks",
    ..BASE
};

pub(super) static RECURRING_RUN: Resource = Resource {
    name: "RecurringRun",
    kind: "recurring_runs",
    list_path: "/apis/v2beta1/recurringruns",
    list_field: "recurringRuns",
    key_fields: &["recurring_run_id"],
    message: "v2beta1RecurringRun",
    columns: "id=recurring_run_id recurring_run_id name=display_name display_name created_at \
        updated_at description pipeline_name pipeline_version_id pipeline_id",
    uncut: &["pipeline_name", "pipeline_version_id"],
    by_the_server: "recurring_run_id created_at updated_at status error namespace",
    ..BASE
};

pub(super) static TASK: Resource = Resource {
    name: "Task",
    kind: "tasks",
    list_path: "/apis/v2beta1/runs/{run_id}/tasks",
    list_field: "tasks",
    key_fields: &["task_id"],
    message: "v2beta1PipelineTask",
    created: "create_time",
    columns: "id=task_id task_id run_id name display_name create_time created_at=create_time \
        end_time finished_at=end_time state parent_task_id cache_fingerprint \
        fingerprint=cache_fingerprint type namespace",
    enums_by_number: true,
    by_the_server: "task_id state_history child_tasks",
    ..BASE
};

pub(super) static ARTIFACT: Resource = Resource {
    name: "Artifact",
    kind: "artifacts",
    list_path: "/apis/v2beta1/artifacts",
    list_field: "artifacts",
    key_fields: &["artifact_id"],
    message: "v2beta1Artifact",
    columns: "id=artifact_id artifact_id name type uri description created_at \
        last_update=created_at metadata number_value namespace",
    enums_by_number: true,
    has_namespace: true,
    ..BASE
};

pub(super) static ARTIFACT_TASK: Resource = Resource {
    name: "ArtifactTask",
    kind: "artifact_tasks",
    list_path: "/apis/v2beta1/artifact_tasks",
    list_field: "artifact_tasks",
    key_fields: &["id"],
    message: "v2beta1ArtifactTask",
    created: "id",
    columns: "id artifact_id task_id run_id type key producer",
    enums_by_number: true,
    ..BASE
};

pub(super) static METRIC: Resource = Resource {
    name: "Metric",
    kind: "metrics",
    list_path: "/apis/v2beta1/metrics",
    list_field: "metrics",
    key_fields: &["task_id", "name"],
    message: "v2beta1Metric",
    columns: "task_id name schema type created_at",
    ..BASE
};

pub(super) static RESOURCES: [&Resource; 9] = [
    &ARTIFACT,
    &ARTIFACT_TASK,
    &METRIC,
    &EXPERIMENT,
    &PIPELINE,
    &PIPELINE_VERSION,
    &RUN,
    &RECURRING_RUN,
    &TASK,
];

/// Column of metrics to sort runs by. Runs of this API have none.
const METRIC_OF_RUN: &str = "metric:";

/// A column to sort or filter a list by.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) field: &'static str,
    /// `None` for a field that the server stores but does not show.
    described: Option<Field>,
    enums_by_number: bool,
}

impl Column {
    pub(super) fn value(&self, object: &Object) -> Value {
        let value = self.described.and_then(|field| field.value_in(object));
        value.unwrap_or_default()
    }

    pub(super) fn rank(&self, object: &Object) -> Rank {
        self.rank_of(&self.value(object))
    }

    pub(super) fn rank_of(&self, value: &Value) -> Rank {
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let rank = match self.described.map(|field| field.kind) {
            Some(Kind::Enum(known)) if self.enums_by_number => {
                let known = value.as_str().and_then(|name| known.number_of(name));
                let unnamed = || i32::try_from(value.as_i64()?).ok();
                known.or_else(unnamed).map(f64::from).map(Rank::number)
            }
            Some(Kind::Text | Kind::Enum(_)) => {
                value.as_str().map(|text| Rank::Text(text.to_owned()))
            }
            Some(Kind::Boolean) => value.as_bool().map(Rank::Boolean),
            Some(Kind::Time) => value.as_str().and_then(time::seconds).map(Rank::number),
            Some(Kind::Int32 | Kind::Int64 | Kind::Double) => number(value).map(Rank::number),
            Some(_) if !value.is_null() => Some(Rank::Text(value.to_string())),
            _ => None,
        };
        rank.unwrap_or(Rank::Absent)
    }
}

impl Resource {
    pub(super) fn key(&self) -> &'static str {
        self.key_fields.first().copied().unwrap_or_default()
    }

    pub(super) fn described(&self) -> Message {
        Message::named(self.message)
    }

    pub(super) fn has_tags(&self) -> bool {
        self.described().field("tags").is_some()
    }

    pub(super) fn column(&self, key: &str) -> Option<Column> {
        let is_metric = self.kind == RUN.kind && key.starts_with("metric:");
        let columns = self.columns.split_whitespace();
        let mut columns = columns.map(|known| known.split_once('=').unwrap_or((known, known)));
        let found = columns.find(|(known, _)| *known == key);
        let (_, field) = found.or(is_metric.then_some((METRIC_OF_RUN, METRIC_OF_RUN)))?;
        Some(Column {
            field,
            described: self.described().field(field),
            enums_by_number: self.enums_by_number,
        })
    }
}

/// Returns the resource of an operation, for a single object or a list.
pub(super) fn resource_of(operation: &Operation) -> Option<&'static Resource> {
    let fits = |resource: &&&Resource| {
        let rest = operation.path.strip_prefix(resource.list_path);
        rest.is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with("/{") && !rest[1..].contains('/'))
        })
    };
    RESOURCES.iter().find(fits).copied()
}
