//! Rules for reservations: periods that a backend is set aside for.

use serde_json::Value;

use crate::compute::error::ComputeError;
use crate::compute::resources::in_path;
use crate::object::set;
use crate::operation::Call;
use crate::store::Store;

pub(super) fn terminate(store: &mut Store, call: &Call<'_>) -> Result<Value, ComputeError> {
    let mut reservation = in_path(store, call)?;
    if reservation.get("is_terminated") == Some(&Value::Bool(true)) {
        return Err("Reservation is terminated already".into());
    }
    set(&mut reservation, "is_terminated", true);
    store.compute.put("reservations", reservation.clone());
    Ok(reservation.into())
}
