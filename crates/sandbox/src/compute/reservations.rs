//! Rules for reservations: periods that a backend is set aside for.

use serde_json::Value;

use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::existing;
use crate::object::set;
use crate::store::Store;

pub(super) fn terminate(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut reservation = existing(store, call)?.clone();
    if reservation.get("is_terminated") == Some(&Value::Bool(true)) {
        return Err("Reservation is terminated already".into());
    }
    set(&mut reservation, "is_terminated", true);
    store.compute.put("reservations", reservation.clone());
    Ok(reservation.into())
}
