//! The API's resources with their rules, and the operations that they share.

use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

use crate::collection::Rank;
use crate::kfp::message::{Field, Kind, Message};
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::shown::View;
use crate::kfp::{KfpError, KfpStore, messages, pipelines, recurring_runs, runs, time};
use crate::operation::{Call, Handle};
use crate::reply::Reply;
use crate::store::{Object, Store};

/// A kind of object: its paths, and its keys for sorting and filtering.
pub(super) struct Resource {
    /// Name of a single object, for people.
    pub(super) name: &'static str,
    /// Name of a list of objects, for example in data files.
    pub(super) kind: &'static str,
    /// Path of the list.
    list_path: &'static str,
    /// Field of a page that has the objects.
    pub(super) list_field: &'static str,
    /// Fields that identify an object. The first one is also the path parameter.
    pub(super) key_fields: &'static [&'static str],
    pub(super) message: &'static str,
    /// Default field to sort a list by.
    pub(super) created: &'static str,
    /// Keys for sorting and filtering, and their fields if these have other names.
    columns: &'static str,
    /// Fields that the server sorts by, but does not support in a next page.
    pub(super) uncut: &'static [&'static str],
    /// Whether enums are sorted by number, not by name.
    enums_by_number: bool,
    /// Whether an object has its own namespace.
    pub(super) has_namespace: bool,
    /// Maximum length of a name.
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

/// Parameters that select objects of a list: the field that must have one of their values, and the
/// resource that the values must name.
static RESTRICTIONS: &[(&str, &str, Option<&Resource>)] = &[
    ("run_id", "run_id", None),
    ("pipeline_id", "pipeline_id", Some(&PIPELINE)),
    ("experiment_id", "experiment_id", Some(&EXPERIMENT)),
    ("parent_id", "parent_task_id", Some(&TASK)),
    ("task_ids", "task_id", Some(&TASK)),
    ("run_ids", "run_id", None),
    ("artifact_ids", "artifact_id", Some(&ARTIFACT)),
    ("type", "type", None),
];

/// Column of metrics to sort runs by. Runs of this API have none.
const METRIC_OF_RUN: &str = "metric:";

/// A column to sort or filter a list by.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) field: &'static str,
    /// `None` for a field that the server stores but does not show.
    described: Option<&'static Field>,
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
        let rank = match self.described.map(|field| &field.kind) {
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

    fn described(&self) -> &'static Message {
        messages::named(self.message)
    }

    pub(super) fn has_tags(&self) -> bool {
        self.described().field("tags").is_some()
    }

    /// Returns the column of a key for sorting or filtering.
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

    pub(super) fn all<'a>(&self, store: &'a KfpStore) -> impl Iterator<Item = &'a Object> {
        store.of(self).iter()
    }

    /// Returns the objects whose field has this value.
    pub(super) fn all_with<'a>(
        &self,
        store: &'a KfpStore,
        field: &'static str,
        value: &str,
    ) -> impl Iterator<Item = &'a Object> {
        self.all(store)
            .filter(move |object| text(object, field) == value)
    }

    pub(super) fn put(&self, store: &mut Store, object: Object) {
        store.kfp.of_mut(self).put(object);
    }

    pub(super) fn find<'a>(&self, store: &'a Store, id: &str) -> Option<&'a Object> {
        store.kfp.of(self).get(&[id])
    }

    pub(super) fn existing<'a>(&self, store: &'a Store, id: &str) -> Result<&'a Object, KfpError> {
        self.find(store, id)
            .ok_or_else(|| KfpError::not_found(self.name, id))
    }

    /// Returns the object in the path. A task must also belong to the run in the path.
    pub(super) fn in_path(&self, store: &Store, call: &Call<'_>) -> Result<Object, KfpError> {
        let object = self.existing(store, &path_text(call, self.key())?)?;
        if self.name == TASK.name && text(object, "run_id") != path_text(call, "run_id")? {
            return Err(KfpError::invalid_input("the task is not one of this run"));
        }
        Ok(object.clone())
    }

    pub(super) fn remove_all_of(&self, store: &mut Store, field: &str, id: &str) {
        let collection = store.kfp.of_mut(self);
        collection.retain(|object| text(object, field) != id);
    }

    /// Sets the id and the creation time of a new object, and stores it.
    pub(super) fn add(&self, store: &mut Store, mut object: Object) -> Object {
        if text(&object, self.key()).is_empty() {
            set(&mut object, self.key(), store.uuids.next());
        }
        if !self.created.ends_with("id") && !object.contains_key(self.created) {
            set(
                &mut object,
                self.created,
                time::created_at(store.clock.now()),
            );
        }
        self.put(store, object.clone());
        object
    }

    /// Parses the body of a request, without the fields that only the server sets.
    pub(super) fn read(&self, call: &Call<'_>, by_the_server: &[&str]) -> Result<Object, KfpError> {
        let mut object = self.described().read_body(call.body)?;
        object.retain(|field, _| !by_the_server.contains(&field.as_str()));
        Ok(object)
    }

    pub(super) fn read_changes(
        &self,
        call: &Call<'_>,
    ) -> Result<super::message::Changes, KfpError> {
        self.described().read_changes(call.body)
    }

    /// Checks the length of a name.
    pub(super) fn check_name(&self, name: &str) -> Result<(), KfpError> {
        if name.is_empty() {
            return Err(KfpError::invalid_input(format!(
                "the {} has no name",
                self.name
            )));
        }
        if name.chars().count() > self.longest_name {
            let longest = self.longest_name;
            let refusal = format!("the name is longer than {longest} characters");
            return Err(KfpError::invalid_input(refusal));
        }
        Ok(())
    }

    fn attempt(&self, verb: &str) -> String {
        format!("Failed to {verb} {}", self.name)
    }
}

/// Returns the operation of a resource that a path and a method suggest.
pub(super) fn suggested(operation: &Operation) -> Option<Handle<KfpError>> {
    let resource = of(operation)?;
    let single = operation.path.strip_prefix(resource.list_path)?;
    let verb = single.split_once('}').map(|(_, verb)| verb);
    Some(match (operation.method, verb) {
        ("GET", Some("")) => get,
        ("DELETE", Some("")) => delete,
        ("POST", Some(":archive")) => archive,
        ("POST", Some(":unarchive")) => unarchive,
        ("GET", None) if operation.paging.is_some() => list,
        _ => return None,
    })
}

/// Returns the resource of an operation, for a single object or a list.
fn of(operation: &Operation) -> Option<&'static Resource> {
    let fits = |resource: &&&Resource| {
        let rest = operation.path.strip_prefix(resource.list_path);
        rest.is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with("/{") && !rest[1..].contains('/'))
        })
    };
    RESOURCES.iter().find(fits).copied()
}

fn resource(call: &Call<'_>) -> Result<&'static Resource, KfpError> {
    of(call.described).ok_or_else(|| KfpError::invalid_input("there is no such resource"))
}

fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(store, call)?);
    let object = resource
        .in_path(store, call)
        .map_err(|error| error.while_attempting(&resource.attempt("get")))?;
    let view = View::of(store, query.text("view")? == "FULL");
    Ok(Reply::ok(view.of_object(resource, &object)))
}

fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(store, call)?);
    page(store, call, resource, &query)
        .map_err(|error| error.while_attempting(&resource.attempt("list")))
}

fn page(
    store: &Store,
    call: &Call<'_>,
    resource: &'static Resource,
    query: &QueryParameters,
) -> Result<Reply, KfpError> {
    let wanted = wanted(store, call, resource, query)?;
    let view = View::of(store, query.text("view")? == "FULL");
    let is_wanted = |object: &Object| {
        wanted.iter().all(|(field, values)| {
            values
                .iter()
                .any(|value| has(&store.kfp, object, field, value))
        })
    };
    let restricted = (!wanted.is_empty()).then_some(&is_wanted as &dyn Fn(&Object) -> bool);
    resource.page(&store.kfp, query, restricted, |object| {
        view.of_object(resource, object)
    })
}

/// Returns the fields that path and query parameters restrict, and the allowed values.
fn wanted(
    store: &Store,
    call: &Call<'_>,
    resource: &Resource,
    query: &QueryParameters,
) -> Result<Vec<(&'static str, Vec<String>)>, KfpError> {
    let mut wanted = Vec::new();
    for (parameter, field, named) in RESTRICTIONS {
        let mut values: Vec<String> = query
            .texts(parameter)
            .into_iter()
            .map(str::to_owned)
            .collect();
        if call.path_values.iter().any(|(name, _)| name == parameter) {
            values = vec![path_text(call, parameter)?];
        }
        values.retain(|value| !value.is_empty() && value != "UNSPECIFIED");
        for id in &values {
            if let Some(named) = named.filter(|_| resource.kind != METRIC.kind) {
                named.existing(store, id)?;
            }
        }
        if !values.is_empty() {
            wanted.push((*field, values));
        }
    }
    if resource.kind == ARTIFACT_TASK.kind && wanted.iter().all(|(field, _)| *field == "type") {
        let missing = "at least one of task_ids, run_ids and artifact_ids is required";
        return Err(KfpError::invalid_input(missing));
    }
    if let Some((_, parents)) = wanted.iter().find(|(field, _)| *field == "parent_task_id") {
        let run_id = path_text(call, "run_id")?;
        let mut parents = parents.iter().filter_map(|id| TASK.find(store, id));
        if parents.any(|parent| text(parent, "run_id") != run_id) {
            return Err(KfpError::invalid_input(
                "the parent task is not one of this run",
            ));
        }
    }
    if store.kfp.multi_user && call.described.parameter("namespace").is_some() {
        let namespace = query.text("namespace")?.to_owned();
        let has_shared = resource.kind == PIPELINE.kind;
        let is_settled = wanted.iter().any(|(field, _)| *field == "experiment_id");
        if !namespace.is_empty() || has_shared {
            wanted.push(("namespace", vec![namespace]));
        } else if !is_settled {
            return Err(namespace_required());
        }
    }
    Ok(wanted)
}

/// Returns the error of a multi-user installation for a request without a namespace.
pub(super) fn namespace_required() -> KfpError {
    KfpError::invalid_input("a namespace is required in multi-user mode")
}

/// Returns whether a field has a value. Fields of the object's task, run or experiment are included.
pub(super) fn has(store: &KfpStore, object: &Object, name: &str, value: &str) -> bool {
    let owners = [&TASK, &RUN, &EXPERIMENT];
    let owner = owners.iter().find_map(|owner| {
        let id = text(object, owner.key());
        store.of(owner).get(&[id]).filter(|owner| *owner != object)
    });
    match owner.filter(|_| !object.contains_key(name) && matches!(name, "run_id" | "namespace")) {
        Some(owner) => has(store, owner, name, value),
        None => text(object, name) == value,
    }
}

fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let resource = resource(call)?;
    let query = QueryParameters::read(store, call)?;
    let names: Vec<String> = call
        .path_values
        .iter()
        .map(|(name, _)| path_text(call, name))
        .collect::<Result<_, _>>()?;
    let attempt = format!("{} {}", resource.attempt("delete"), names.join("/"));
    let refuse = |error: KfpError| error.while_attempting(&attempt);
    let object = resource.in_path(store, call).map_err(refuse)?;
    let id = path_text(call, resource.key())?;
    if resource.kind == PIPELINE.kind {
        let cascade = query.boolean("cascade")?;
        pipelines::delete_versions(store, cascade, &id).map_err(refuse)?;
    }
    if resource.kind == EXPERIMENT.kind
        && text(&object, "display_name") == super::DEFAULT_EXPERIMENT
    {
        let refusal = KfpError::invalid_input("it is the default experiment");
        return Err(refusal.conflict(format!("experiment {id} cannot be deleted")));
    }
    if resource.kind == RUN.kind {
        TASK.remove_all_of(store, "run_id", &id);
        ARTIFACT_TASK.remove_all_of(store, "run_id", &id);
    }
    store.kfp.of_mut(resource).remove(&[&id]);
    if resource.kind == RECURRING_RUN.kind {
        recurring_runs::forget(store, &id);
    } else if resource.kind == RUN.kind {
        let now = store.clock.reading();
        recurring_runs::go_on(store, text(&object, "recurring_run_id"), now);
    }
    Ok(Reply::ok(json!({})))
}

fn archive(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    keep(store, call, "ARCHIVED")
}

fn unarchive(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    keep(store, call, "AVAILABLE")
}

/// Sets the storage state. The server does not check whether an experiment exists.
fn keep(store: &mut Store, call: &Call<'_>, state: &str) -> Result<Reply, KfpError> {
    let resource = resource(call)?;
    let is_experiment = resource.kind == EXPERIMENT.kind;
    let mut object = match resource.in_path(store, call) {
        Err(_) if is_experiment => return Ok(Reply::ok(json!({}))),
        found => found.map_err(|error| error.while_attempting(&resource.attempt("keep")))?,
    };
    let experiment_id = text(&object, "experiment_id").to_owned();
    if is_experiment && state == "ARCHIVED" {
        runs::archive_all_of(store, &experiment_id);
        recurring_runs::disable_all_of(store, &experiment_id);
    } else if !is_experiment && state == "AVAILABLE" {
        let experiment = EXPERIMENT.find(store, &experiment_id);
        if experiment.is_some_and(|held| text(held, "storage_state") == "ARCHIVED") {
            let refusal = format!("experiment {experiment_id} is archived: restore it first");
            return Err(KfpError::failed_precondition(refusal));
        }
    }
    set(&mut object, "storage_state", state);
    resource.put(store, object);
    Ok(Reply::ok(json!({})))
}

pub(super) fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns a string of the request that must not be empty.
pub(super) fn required<'a>(object: &'a Object, field: &str) -> Result<&'a str, KfpError> {
    match text(object, field) {
        "" => Err(KfpError::invalid_input(format!("{field} is required"))),
        text => Ok(text),
    }
}

pub(super) fn set(object: &mut Object, field: &str, value: impl Into<Value>) {
    object.insert(field.to_owned(), value.into());
}
