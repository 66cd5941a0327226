//! What the API's resources have in common: get, list, delete, archive and unarchive.

use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::kfp::artifacts::text;
use crate::kfp::listing::Listing;
use crate::kfp::parameters::{QueryParameters, path_text};
use crate::kfp::{KfpError, KfpStore, pipelines, recurring_runs, runs};
use crate::operation::{Call, Handle};
use crate::reply::Reply;
use crate::store::{Object, Store};

/// A kind of object that has an id of its own.
pub(super) struct Resource {
    /// What a person calls one of them.
    pub(super) name: &'static str,
    /// Its path, with the parameter that holds its id at the end.
    path: &'static str,
    pub(super) key: &'static str,
    listing: Listing,
    collection: fn(&KfpStore) -> &Collection,
    collection_mut: fn(&mut KfpStore) -> &mut Collection,
}

pub(super) static EXPERIMENT: Resource = Resource {
    name: "Experiment",
    path: "/apis/v2beta1/experiments/{experiment_id}",
    key: "experiment_id",
    listing: Listing {
        list_field: "experiments",
        message: "v2beta1Experiment",
    },
    collection: |store| &store.experiments,
    collection_mut: |store| &mut store.experiments,
};

pub(super) static PIPELINE: Resource = Resource {
    name: "Pipeline",
    path: "/apis/v2beta1/pipelines/{pipeline_id}",
    key: "pipeline_id",
    listing: Listing {
        list_field: "pipelines",
        message: "v2beta1Pipeline",
    },
    collection: |store| &store.pipelines,
    collection_mut: |store| &mut store.pipelines,
};

pub(super) static PIPELINE_VERSION: Resource = Resource {
    name: "PipelineVersion",
    path: "/apis/v2beta1/pipelines/{pipeline_id}/versions/{pipeline_version_id}",
    key: "pipeline_version_id",
    listing: Listing {
        list_field: "pipeline_versions",
        message: "v2beta1PipelineVersion",
    },
    collection: |store| &store.pipeline_versions,
    collection_mut: |store| &mut store.pipeline_versions,
};

pub(super) static RUN: Resource = Resource {
    name: "Run",
    path: "/apis/v2beta1/runs/{run_id}",
    key: "run_id",
    listing: Listing {
        list_field: "runs",
        message: "v2beta1Run",
    },
    collection: |store| &store.runs,
    collection_mut: |store| &mut store.runs,
};

pub(super) static RECURRING_RUN: Resource = Resource {
    name: "RecurringRun",
    path: "/apis/v2beta1/recurringruns/{recurring_run_id}",
    key: "recurring_run_id",
    listing: Listing {
        list_field: "recurringRuns",
        message: "v2beta1RecurringRun",
    },
    collection: |store| &store.recurring_runs,
    collection_mut: |store| &mut store.recurring_runs,
};

pub(super) static TASK: Resource = Resource {
    name: "Task",
    path: "/apis/v2beta1/runs/{run_id}/tasks/{task_id}",
    key: "task_id",
    listing: Listing {
        list_field: "tasks",
        message: "v2beta1PipelineTask",
    },
    collection: |store| &store.tasks,
    collection_mut: |store| &mut store.tasks,
};

static RESOURCES: &[&Resource] = &[
    &EXPERIMENT,
    &PIPELINE,
    &PIPELINE_VERSION,
    &RUN,
    &RECURRING_RUN,
    &TASK,
];

impl Resource {
    pub(super) fn all<'a>(&self, store: &'a KfpStore) -> impl Iterator<Item = &'a Object> {
        (self.collection)(store).iter()
    }

    pub(super) fn put(&self, store: &mut Store, object: Object) {
        (self.collection_mut)(&mut store.kfp).put(object);
    }

    pub(super) fn find<'a>(&self, store: &'a Store, id: &str) -> Option<&'a Object> {
        (self.collection)(&store.kfp).get(&[id])
    }

    pub(super) fn existing<'a>(&self, store: &'a Store, id: &str) -> Result<&'a Object, KfpError> {
        self.find(store, id)
            .ok_or_else(|| KfpError::not_found(format!("{} {id} not found", self.name)))
    }

    /// The object that a path names, which must be inside of what else the path names.
    pub(super) fn in_path(&self, store: &Store, call: &Call<'_>) -> Result<Object, KfpError> {
        let object = self.existing(store, &path_text(call, self.key)?)?;
        for (name, _) in &call.path_values {
            if object
                .get(*name)
                .is_some_and(|held| *held != json!(path_text(call, name).ok()))
            {
                let id = path_text(call, self.key)?;
                return Err(KfpError::not_found(format!("{} {id} not found", self.name)));
            }
        }
        Ok(object.clone())
    }

    pub(super) fn remove(&self, store: &mut Store, id: &str) {
        (self.collection_mut)(&mut store.kfp).remove(&[id]);
    }

    /// Removes what belongs to another object.
    pub(super) fn remove_all_of(&self, store: &mut Store, field: &str, id: &str) {
        (self.collection_mut)(&mut store.kfp).retain(|object| text(object, field) != id);
    }

    fn attempt(&self, verb: &str) -> String {
        format!("Failed to {verb} {}", self.name)
    }
}

/// What an operation does, as its path and method suggest.
pub(super) fn suggested(operation: &Operation) -> Option<Handle<KfpError>> {
    let resource = of(operation)?;
    let rest = operation.path.strip_prefix(resource.path);
    Some(match (operation.method, rest) {
        ("GET", Some("")) => get,
        ("DELETE", Some("")) => delete,
        ("POST", Some(":archive")) => archive,
        ("POST", Some(":unarchive")) => unarchive,
        ("GET", None) if operation.paging.is_some() => list,
        _ => return None,
    })
}

/// The resource that an operation is about: a single one, or its list.
fn of(operation: &Operation) -> Option<&'static Resource> {
    let is_list = |resource: &Resource| {
        resource
            .path
            .rsplit_once('/')
            .is_some_and(|(list, _)| list == operation.path)
    };
    let is_single = |resource: &Resource| {
        let rest = operation.path.strip_prefix(resource.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    RESOURCES
        .iter()
        .copied()
        .find(|resource| is_list(resource) || is_single(resource))
}

fn resource(call: &Call<'_>) -> Result<&'static Resource, KfpError> {
    of(call.described).ok_or_else(|| KfpError::unimplemented("There is no such resource"))
}

pub(super) fn get(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(call)?);
    let object = resource
        .in_path(store, call)
        .map_err(|error| error.while_attempting(&resource.attempt("get")))?;
    Ok(Reply::ok(shown(&store.kfp, &query, &object)?))
}

pub(super) fn list(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let (resource, query) = (resource(call)?, QueryParameters::read(call)?);
    let wanted = wanted(store, call, &query)
        .map_err(|error| error.while_attempting(&resource.attempt("list")))?;
    // Refused here, where an error can still be told.
    shown(&store.kfp, &query, &Object::new())?;
    let collection = (resource.collection)(&store.kfp);
    let is_wanted = |object: &Object| {
        wanted
            .iter()
            .all(|(name, value)| has(&store.kfp, object, name, value))
    };
    let restricted = (!wanted.is_empty()).then_some(&is_wanted as &dyn Fn(&Object) -> bool);
    resource
        .listing
        .page_shown(&store.kfp, &query, collection, restricted, |object| {
            shown(&store.kfp, &query, object).unwrap_or_default()
        })
        .map_err(|error| error.while_attempting(&resource.attempt("list")))
}

/// The parameters that say which objects are wanted, of path and query.
fn wanted(
    store: &Store,
    call: &Call<'_>,
    query: &QueryParameters,
) -> Result<Vec<(&'static str, String)>, KfpError> {
    let mut wanted = Vec::new();
    for (name, _) in &call.path_values {
        wanted.push((*name, path_text(call, name)?));
    }
    for name in ["namespace", "experiment_id"] {
        let asked_for = call.described.parameter(name).is_some();
        let value = query.text(name)?;
        let of_all_namespaces = call.described.path.ends_with("/pipelines");
        if asked_for && (!value.is_empty() || of_all_namespaces) {
            wanted.push((name, value.to_owned()));
        }
    }
    let parent = query.text("parent_id")?;
    if !parent.is_empty() {
        wanted.push(("parent_task_id", parent.to_owned()));
    }
    for (name, id) in &wanted {
        match *name {
            "run_id" => drop(RUN.existing(store, id)?),
            "pipeline_id" => drop(PIPELINE.existing(store, id)?),
            "parent_task_id" => {
                let of_this_run =
                    |task: &&Object| json!(path_text(call, "run_id").ok()) == task["run_id"];
                TASK.find(store, id).filter(of_this_run).ok_or_else(|| {
                    KfpError::invalid_input(format!("parent task {id} is not a task of this run"))
                })?;
            }
            _ => {}
        }
    }
    Ok(wanted)
}

/// A run is in the namespace of its experiment.
pub(super) fn has(store: &KfpStore, object: &Object, name: &str, value: &str) -> bool {
    if name == "namespace" && object.contains_key("run_id") {
        let experiment = store.experiments.get(&[text(object, "experiment_id")]);
        return experiment.is_some_and(|experiment| text(experiment, name) == value);
    }
    text(object, name) == value
}

/// With `view=FULL` a run shows its tasks.
fn shown(store: &KfpStore, query: &QueryParameters, object: &Object) -> Result<Object, KfpError> {
    let view = query.one_of("view", &["DEFAULT", "FULL"])?;
    let mut object = object.clone();
    if view == Some("FULL") {
        let id = text(&object, "run_id").to_owned();
        let tasks = TASK.all(store).filter(|task| text(task, "run_id") == id);
        let tasks: Vec<&Object> = tasks.collect();
        if !tasks.is_empty() {
            object.insert("tasks".to_owned(), json!(tasks));
        }
    }
    Ok(object)
}

fn delete(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    let resource = resource(call)?;
    QueryParameters::read(call)?;
    let refuse = |error: KfpError| error.while_attempting(&resource.attempt("delete"));
    let object = resource.in_path(store, call).map_err(refuse)?;
    let id = path_text(call, resource.key)?;
    match resource.key {
        "pipeline_id" => pipelines::delete_versions(store, call, &id).map_err(refuse)?,
        "run_id" => TASK.remove_all_of(store, "run_id", &id),
        "experiment_id" => runs::archive_all_of(store, &id),
        _ => {}
    }
    resource.remove(store, &id);
    match resource.key {
        "recurring_run_id" => recurring_runs::forget(store, &id),
        "run_id" => {
            let now = store.clock.reading();
            recurring_runs::go_on(store, text(&object, "recurring_run_id"), now);
        }
        _ => {}
    }
    Ok(Reply::ok(json!({})))
}

fn archive(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    keep(store, call, "ARCHIVED")
}

fn unarchive(store: &mut Store, call: &Call<'_>) -> Result<Reply, KfpError> {
    keep(store, call, "AVAILABLE")
}

fn keep(store: &mut Store, call: &Call<'_>, state: &str) -> Result<Reply, KfpError> {
    let resource = resource(call)?;
    let mut object = resource.in_path(store, call)?;
    if resource.key == "experiment_id" && state == "ARCHIVED" {
        runs::archive_all_of(store, text(&object, "experiment_id"));
        recurring_runs::disable_all_of(store, text(&object, "experiment_id"));
    }
    object.insert("storage_state".to_owned(), json!(state));
    resource.put(store, object);
    Ok(Reply::ok(json!({})))
}

/// A text of the request that must not be empty.
pub(super) fn required<'a>(object: &'a Object, field: &str) -> Result<&'a str, KfpError> {
    match text(object, field) {
        "" => Err(KfpError::invalid_input(format!("{field} is required"))),
        text => Ok(text),
    }
}

pub(super) fn set(object: &mut Object, field: &str, value: impl Into<Value>) {
    object.insert(field.to_owned(), value.into());
}

/// Takes out what the server alone says.
pub(super) fn without(mut object: Object, fields: &[&str]) -> Object {
    object.retain(|field, _| !fields.contains(&field.as_str()));
    object
}
