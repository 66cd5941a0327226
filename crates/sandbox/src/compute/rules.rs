//! Rules of single operations and resources that paths and schemas do not express.

use compute_api_client::operations;
use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

use crate::compute::{
    ComputeError, backends, compilation, job_logs, jobs, queue, reservations, results,
};
use crate::login;
use crate::operation::{Call, Handle};
use crate::reply::Reply;
use crate::store::{Object, Store};

/// Id of the user that the user token belongs to.
pub(super) const USER_ID: i64 = 1;

/// Returns the rule of an operation, if it has one.
pub(super) fn of(operation: &Operation) -> Option<Handle<ComputeError>> {
    let rules: &[(&Operation, Handle<ComputeError>)] = &[
        (&operations::AUTH_CONFIG, auth_config),
        (&operations::READ_BACKEND_SELF, backends::read_own),
        (&operations::UPDATE_BACKEND_SELF, backends::change_own),
        (&operations::UPDATE_BACKEND_TYPE, backends::change_own_type),
        (&operations::READ_BACKEND_TYPE_QUEUE, queue::read),
        (&operations::PEEK_BATCH_JOB, queue::peek),
        (&operations::POP_BATCH_JOB, queue::pop),
        (&operations::UNPOP_BATCH_JOB, queue::unpop),
        (&operations::COMPILE_COMMIT, compilation::compile),
        (&operations::READ_DRAIN_MODE, queue::read_drain_mode),
        (&operations::UPDATE_DRAIN_MODE, queue::set_drain_mode),
        (&operations::TERMINATE_RESERVATION, reservations::terminate),
        (&operations::ENQUEUE_BATCH_JOB, jobs::enqueue),
        (&operations::FINISH_BATCH_JOB, jobs::finish_batch),
        (&operations::HEALTHZ, healthz),
        (&operations::UPDATE_JOB_STATUS, jobs::update),
        (&operations::DELETE_JOB, jobs::delete),
        (&operations::GET_JOB_LOGS, job_logs::read),
        (
            &operations::READ_FINAL_RESULT_BY_JOB_ID,
            results::final_of_job,
        ),
        (
            &operations::READ_RESULTS_BY_ALGORITHM_ID,
            results::of_algorithm,
        ),
    ];
    rules
        .iter()
        .find(|(ruled, _)| ruled.id == operation.id)
        .map(|(_, handle)| *handle)
}

/// Sets the fields that a body leaves to the server, before it is validated.
pub(super) fn complete(name: &str, store: &Store, call: &Call<'_>, sent: &mut Object) {
    if name == "metadata" && sent.get("backend_id").is_none_or(Value::is_null) {
        let backend_id = backends::calling_id(store, call);
        sent.insert("backend_id".to_owned(), json!(backend_id));
    }
}

/// Checks the conditions for creating a resource, beyond the schema of its body.
pub(super) fn allow_creation(name: &str, store: &Store, sent: &Object) -> Result<(), ComputeError> {
    match name {
        "jobs" => jobs::allow_creation(store, sent),
        "reservations" => reservations::allow_creation(sent),
        _ => Ok(()),
    }
}

/// Sets the fields of a new object that only the server knows, and applies the consequences.
pub(super) fn finish_creation(name: &str, store: &mut Store, created: &mut Object) {
    match name {
        "jobs" => jobs::finish_creation(store, created),
        "backends" => backends::finish_registration(store, created),
        "reservations" => reservations::finish_creation(store, created),
        "batch_jobs" => {
            created.insert("user_id".to_owned(), json!(USER_ID));
            created.insert("aggregated_algorithm_type".to_owned(), json!("quantum"));
        }
        "commits" => {
            let hash = store.uuids.next().replace('-', "");
            created.insert("hash".to_owned(), json!(hash));
        }
        _ => {}
    }
}

/// Returns the sandbox itself as the login server.
fn auth_config(_store: &mut Store, call: &Call<'_>) -> Result<Reply, ComputeError> {
    Ok(Reply::ok(json!({
        "client_id": login::CLIENT,
        "audience": login::CLIENT,
        "well_known_endpoint": login::discovery_url(call.headers),
    })))
}

fn healthz(_store: &mut Store, _call: &Call<'_>) -> Result<Reply, ComputeError> {
    Ok(Reply::ok(json!({})))
}
