//! Objects in the format of a response.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kfp::objects::ROOT;
use crate::kfp::resource::{ARTIFACT, ARTIFACT_TASK, RUN, Resource, TASK};
use crate::kfp::server::KfpServer;
use crate::kfp::store::KfpStore;
use crate::object::{Object, picked, set, text};
use crate::store::Store;

pub(super) struct View<'a> {
    store: &'a KfpStore,
    /// Whether runs show their tasks and specs.
    full: bool,
    /// Tasks and links by a field and its value.
    groups: RefCell<BTreeMap<&'static str, BTreeMap<&'a str, Vec<&'a Object>>>>,
}

/// Returns a created or changed object as the response shows it.
pub(super) fn shown(store: &Store, resource: &Resource, object: &Object) -> Object {
    View::of(store, false).of_object(resource, object)
}

impl<'a> View<'a> {
    pub(super) fn of(store: &'a Store, full: bool) -> Self {
        Self {
            store: &store.kfp,
            full,
            groups: RefCell::default(),
        }
    }

    /// Returns the objects with this value of a field. They are grouped once for all objects of a page.
    fn all_with(&self, resource: &Resource, field: &'static str, value: &str) -> Vec<&'a Object> {
        let mut groups = self.groups.borrow_mut();
        let groups = groups.entry(field).or_insert_with(|| {
            let mut groups = BTreeMap::<_, Vec<_>>::new();
            for object in resource.all(self.store) {
                groups.entry(text(object, field)).or_default().push(object);
            }
            groups
        });
        groups.get(value).cloned().unwrap_or_default()
    }

    pub(super) fn of_object(&self, resource: &Resource, object: &Object) -> Object {
        let mut object = object.clone();
        if resource.has_namespace && !self.store.multi_user {
            object.remove("namespace");
        }
        if resource.kind == RUN.kind {
            self.complete_run(&mut object);
        } else if resource.kind == TASK.kind {
            self.complete_task(&mut object);
        }
        object
    }

    /// Completes a run. The spec of a pipeline version is shown only in full, and then replaces the
    /// version.
    fn complete_run(&self, run: &mut Object) {
        if self.full && run.contains_key("pipeline_spec") {
            run.remove("pipeline_version_reference");
        } else if run.contains_key("pipeline_version_reference") {
            run.remove("pipeline_spec");
        }
        let tasks = self.all_with(&TASK, "run_id", text(run, "run_id"));
        let server = self.store.server;
        if server == KfpServer::Release217 {
            run.remove("task_count");
        } else if !tasks.is_empty() {
            set(run, "task_count", tasks.len());
        }
        if server != KfpServer::Next {
            let details: Vec<Value> = tasks.iter().flat_map(|task| task_details(task)).collect();
            if !details.is_empty() {
                set(run, "run_details", json!({ "task_details": details }));
            }
        }
        if self.full && !tasks.is_empty() {
            let tasks = tasks.iter().map(|task| self.of_object(&TASK, task));
            set(run, "tasks", tasks.map(Value::Object).collect::<Vec<_>>());
        }
    }

    /// Adds the children of a task, and its artifacts from its links, grouped by key, type and producer.
    fn complete_task(&self, task: &mut Object) {
        let children = self.all_with(&TASK, "parent_task_id", text(task, "task_id"));
        if !children.is_empty() {
            let children = children.iter();
            let named = children.map(|child| picked(child, ["task_id", "name"]));
            let named: Vec<Value> = named.map(Value::Object).collect();
            set(task, "child_tasks", named);
        }
        let links = self.all_with(&ARTIFACT_TASK, "task_id", text(task, "task_id"));
        let kind = ARTIFACT_TASK.column("type");
        for (direction, is_output) in [("inputs", false), ("outputs", true)] {
            let mut groups: BTreeMap<_, (&Object, Vec<Value>)> = BTreeMap::new();
            for link in &links {
                let name = text(link, "type");
                let comes_out = name.ends_with("OUTPUT") && name != "TASK_OUTPUT_INPUT";
                let artifact = self.store.of(&ARTIFACT).get(text(link, "artifact_id"));
                let Some(artifact) = artifact.filter(|_| comes_out == is_output) else {
                    continue;
                };
                let kind = kind.map(|column| column.rank(link));
                let producer = link.get("producer").map(Value::to_string);
                let group = groups.entry((text(link, "key"), kind, producer));
                let artifact = Value::Object(self.of_object(&ARTIFACT, artifact));
                group.or_insert((link, Vec::new())).1.push(artifact);
            }
            let groups: Vec<Value> = groups
                .into_values()
                .map(|(link, artifacts)| {
                    let mut group = picked(link, ["producer", "type"]);
                    set(&mut group, "artifact_key", text(link, "key"));
                    set(&mut group, "artifacts", artifacts);
                    Value::Object(group)
                })
                .collect();
            let held = task.entry(direction).or_insert_with(|| json!({}));
            if !groups.is_empty() {
                held["artifacts"] = json!(groups);
            }
        }
    }
}

/// Returns a task as release 2.17 shows it. Each step is a workflow node that a driver prepares. An
/// executor runs it, unless it is the whole run.
fn task_details(task: &Object) -> Vec<Value> {
    let name = text(task, "name");
    let fields = [
        "run_id",
        "task_id",
        "display_name",
        "create_time",
        "end_time",
        "state",
        "state_history",
        "parent_task_id",
    ];
    let mut detail = picked(task, fields);
    let start_time = task.get("create_time").cloned();
    detail.extend(start_time.map(|time| ("start_time".to_owned(), time)));
    let part = |suffix: &str, name: &str| {
        let mut part = detail.clone();
        let id = format!("{}-{suffix}", text(task, "task_id"));
        set(&mut part, "task_id", id.as_str());
        set(&mut part, "parent_task_id", text(task, "task_id"));
        set(&mut part, "display_name", name);
        set(&mut part, "pod_name", id);
        part
    };
    let mut parts = vec![part("driver", &format!("{name}-driver"))];
    if name != ROOT {
        parts.push(part("executor", "executor"));
    }
    let children = parts
        .iter()
        .map(|part| json!({ "pod_name": text(part, "pod_name") }));
    let children: Vec<Value> = children.collect();
    set(&mut detail, "child_tasks", children);
    let details = std::iter::once(detail).chain(parts);
    details.map(Value::Object).collect()
}
