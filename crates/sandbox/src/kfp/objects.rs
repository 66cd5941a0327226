//! The objects of a resource: how handlers find, read and store them.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::kfp::error::KfpError;
use crate::kfp::parameters::path_text;
use crate::kfp::resource::{EXPERIMENT, RUN, Resource, TASK};
use crate::kfp::store::KfpStore;
use crate::kfp::time;
use crate::object::{Object, set, text};
use crate::operation::Call;
use crate::store::Store;

/// Name of the root task, which represents the whole run.
pub(super) const ROOT: &str = "root";

impl Resource {
    pub(super) fn all<'a>(&self, store: &'a KfpStore) -> impl Iterator<Item = &'a Object> {
        store.of(self).iter()
    }

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
        store.kfp.of(self).get(id)
    }

    /// Returns an object, to change fields other than its key.
    pub(super) fn find_mut<'a>(&self, store: &'a mut Store, id: &str) -> Option<&'a mut Object> {
        store.kfp.of_mut(self).get_mut(id)
    }

    pub(super) fn existing<'a>(&self, store: &'a Store, id: &str) -> Result<&'a Object, KfpError> {
        self.find(store, id)
            .ok_or_else(|| KfpError::not_found(self.name, id))
    }

    /// Returns the object in the path. A task must also belong to the run in the path.
    pub(super) fn in_path(&self, store: &Store, call: &Call<'_>) -> Result<Object, KfpError> {
        let id = path_text(call, self.key())?;
        let object = if self.name == TASK.name {
            task_of_run(store, &id, &path_text(call, "run_id")?)?
        } else {
            self.existing(store, &id)?
        };
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
    pub(super) fn read(&self, call: &Call<'_>) -> Result<Object, KfpError> {
        let object = self.described().read_body(call.body)?;
        Ok(self.settable(object))
    }

    pub(super) fn settable(&self, mut object: Object) -> Object {
        for field in self.by_the_server.split_whitespace() {
            object.remove(field);
        }
        object
    }

    /// Checks that no other object in the same scope has this name.
    pub(super) fn check_unique(
        &self,
        store: &Store,
        object: &Object,
        name_field: &'static str,
        scope: &str,
    ) -> Result<(), KfpError> {
        let name = text(object, name_field);
        let mut named = self.all_with(&store.kfp, name_field, name);
        if named.any(|held| text(held, scope) == text(object, scope)) {
            return Err(KfpError::name_taken(name));
        }
        Ok(())
    }

    pub(super) fn check_name(&self, name: &str) -> Result<(), KfpError> {
        if name.is_empty() {
            return Err(format!("the {} has no name", self.name).into());
        }
        if name.chars().count() > self.longest_name {
            let longest = self.longest_name;
            return Err(format!("the name is longer than {longest} characters").into());
        }
        Ok(())
    }
}

/// Returns a task, which must belong to the run.
pub(super) fn task_of_run<'a>(
    store: &'a Store,
    id: &str,
    run_id: &str,
) -> Result<&'a Object, KfpError> {
    let task = TASK.existing(store, id)?;
    if text(task, "run_id") == run_id {
        return Ok(task);
    }
    Err("the task belongs to another run".into())
}

pub(super) fn namespace_required() -> KfpError {
    KfpError::invalid_input("a namespace is required in multi-user mode")
}

/// Returns whether a field has a value. Fields of the object's task, run or experiment are included.
pub(super) fn has(store: &KfpStore, object: &Object, name: &str, value: &str) -> bool {
    let owners = [&TASK, &RUN, &EXPERIMENT];
    let owner = owners.iter().find_map(|owner| {
        let id = text(object, owner.key());
        store.of(owner).get(id).filter(|owner| *owner != object)
    });
    match owner.filter(|_| !object.contains_key(name) && matches!(name, "run_id" | "namespace")) {
        Some(owner) => has(store, owner, name, value),
        None => text(object, name) == value,
    }
}

/// Returns a string of the request that must not be empty.
pub(super) fn required<'a>(object: &'a Object, field: &str) -> Result<&'a str, KfpError> {
    match text(object, field) {
        "" => Err(format!("{field} is required").into()),
        text => Ok(text),
    }
}

/// Sets the state of a run or a task, and adds it to the history.
pub(super) fn enter(object: &mut Object, state: &str, now: DateTime<Utc>) {
    set(object, "state", state);
    let history = object.entry("state_history").or_insert_with(|| json!([]));
    if let Some(history) = history.as_array_mut() {
        history.push(json!({ "update_time": time::text(now), "state": state }));
    }
}

pub(super) fn is_final(run: &Object) -> bool {
    let state = text(run, "state");
    matches!(state, "SUCCEEDED" | "SKIPPED" | "FAILED" | "CANCELED")
}
