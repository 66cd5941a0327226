//! Rules for reservations: periods that a backend is set aside for.

use serde_json::Value;

use crate::compute::jobs::{put, set, text};
use crate::compute::resources::{existing, parameters};
use crate::compute::{ComputeError, time};
use crate::operation::Call;
use crate::reply::Reply;
use crate::store::{Object, Store};

pub(super) fn allow_creation(sent: &Object) -> Result<(), ComputeError> {
    if time::parse(text(sent, "start_time")) < time::parse(text(sent, "end_time")) {
        return Ok(());
    }
    let message = "end_time must be later than start_time";
    Err(ComputeError::unprocessable(message))
}

/// Assigns a backend of the requested type.
pub(super) fn finish_creation(store: &Store, reservation: &mut Object) {
    let kind = reservation.get("backend_type_id");
    let mut backends = store.compute.resources("backends").iter();
    let backend = backends.find(|backend| backend.get("backend_type_id") == kind);
    let id = backend.and_then(|backend| backend.get("id")).cloned();
    set(reservation, "backend_id", id.unwrap_or(Value::Null));
}

pub(super) fn terminate(store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    let parameters = parameters(call)?;
    let mut reservation = existing(store, call, &parameters)?.clone();
    if reservation.get("is_terminated") == Some(&Value::Bool(true)) {
        let message = "Reservation is terminated already";
        return Err(ComputeError::unprocessable(message));
    }
    set(&mut reservation, "is_terminated", true);
    put(store, "reservations", reservation.clone());
    Ok(Reply::ok(reservation))
}
