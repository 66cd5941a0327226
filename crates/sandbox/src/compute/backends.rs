//! Rules for backends: which of them a request comes from, and what they may change.

use axum::http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::compute::resources::{self, parameters, shown};
use crate::compute::validation::Defaults;
use crate::compute::{BACKEND_ID, ComputeError, ComputeStore};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

/// Field that holds the key of a registered backend. Only its registration returns it.
const KEY: &str = "authentication_hash";

/// Adds the fields that a backend gets at its registration.
pub(super) fn finish_registration(store: &mut Store, backend: &mut Object) {
    if backend.contains_key(KEY) {
        let key = store.uuids.next().replace('-', "");
        backend.insert(KEY.to_owned(), json!(key));
        backend.insert("hostname".to_owned(), json!(""));
    }
}

impl ComputeStore {
    /// Returns the registered backend with this key.
    pub(crate) fn backend_of_key(&self, key: &str) -> Option<&Object> {
        let has_key = |backend: &&Object| backend.get(KEY).is_some_and(|held| held == key);
        self.resources("backends").iter().find(has_key)
    }
}

/// Returns the id of the backend that a request comes from.
pub(super) fn calling_id(store: &Store, call: &Call<'_>) -> i64 {
    let key = call.headers.get(AUTHORIZATION);
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
    let backend = store.compute.backend_of_key(key);
    let id = backend.and_then(|backend| backend.get("id")?.as_i64());
    id.unwrap_or(BACKEND_ID)
}

pub(super) fn calling(store: &Store, call: &Call<'_>) -> Result<Object, ComputeError> {
    let id = calling_id(store, call).to_string();
    let backend = store.compute.resources("backends").get(&[&id]);
    let backend = backend.ok_or_else(|| ComputeError::not_found("Backend not found"))?;
    Ok(backend.clone())
}

pub(super) fn read_own(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    parameters(call)?;
    Ok(Reply::ok(shown(call, &calling(store, call)?)))
}

pub(super) fn change_own(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    resources::change_found(store, call, Defaults::LeftOut, |store, _| {
        calling(store, call)
    })
}

/// Changes the type of the calling backend.
pub(super) fn change_own_type(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    resources::change_found(store, call, Defaults::LeftOut, |store, _| {
        let backend = calling(store, call)?;
        let id = backend.get("backend_type_id").map(Value::to_string);
        let types = store.compute.resources("backend_types");
        let found = types.get(&[&id.unwrap_or_default()]);
        let found = found.ok_or_else(|| ComputeError::not_found("Backend type not found"))?;
        Ok(found.clone())
    })
}
