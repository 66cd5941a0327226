//! Rules for backends: which of them a request comes from, and what they may change.

use serde_json::Value;

use crate::compute::creation::calling_id;
use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::{apply, shown};
use crate::object::Object;
use crate::store::Store;

pub(super) fn calling(store: &Store, call: &Request<'_>) -> Result<Object, ComputeError> {
    let id = calling_id(store, call);
    let backend = store.compute.find("backends", id);
    let backend = backend.ok_or_else(|| ComputeError::not_found("Backend not found"))?;
    Ok(backend.clone())
}

pub(super) fn read_own(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    Ok(shown(call, &calling(store, call)?).into())
}

pub(super) fn change_own(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let backend = calling(store, call)?;
    apply(store, call, backend)
}

pub(super) fn change_own_type(
    store: &mut Store,
    call: &Request<'_>,
) -> Result<Value, ComputeError> {
    let backend = calling(store, call)?;
    let found = store
        .compute
        .referred(&backend, "backend_type_id", "backend_types");
    let found = found
        .cloned()
        .ok_or_else(|| ComputeError::not_found("Backend type not found"))?;
    apply(store, call, found)
}
