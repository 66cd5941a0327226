//! The handler of every operation: a rule of its own, or the one that its path and method suggest.

use compute_api_client::operations;
use compute_kfp_runtime::operation::Operation;
use serde_json::{Value, json};

use crate::compute::error::ComputeError;
use crate::compute::request::Request;
use crate::compute::resources::existing;
use crate::compute::{backends, compilation, jobs, queue, resources, results};
use crate::login;
use crate::object::set;
use crate::operation::{ApiError, Call, Rejection};
use crate::store::Store;

/// Returns the content of a successful response.
pub(crate) fn perform(store: &mut Store, call: &Call<'_>) -> Result<Value, ComputeError> {
    let mut rules = RULES.iter();
    let rule = rules.find(|(ruled, _)| *ruled == call.described);
    let rule = rule.map(|(_, handle)| *handle);
    let rule = rule.or_else(|| suggested(call.described));
    let handle = rule.ok_or_else(|| ComputeError::rejected(Rejection::NoSuchPath))?;
    handle(store, &Request::read(call)?)
}

type Handle = fn(&mut Store, &Request<'_>) -> Result<Value, ComputeError>;

fn suggested(operation: &Operation) -> Option<Handle> {
    let path = operation.path.trim_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    Some(match (operation.method, segments.as_slice()) {
        ("POST", [_]) => resources::create,
        ("GET", [_]) if operation.paging.is_some() => resources::list,
        ("GET", [_, view]) if operation.paging.is_some() && !view.starts_with('{') => {
            resources::list
        }
        ("GET", [_, "{id}"]) => resources::read,
        ("PUT" | "PATCH", [_, "{id}"]) => resources::change,
        ("DELETE", [_, "{id}"]) => resources::delete,
        ("GET", [_, _, _]) if operation.paging.is_some() => resources::list,
        ("DELETE", [_, _, _]) => resources::delete_all_of,
        _ => return None,
    })
}

static RULES: &[(&Operation, Handle)] = &[
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
    (&operations::TERMINATE_RESERVATION, terminate),
    (&operations::ENQUEUE_BATCH_JOB, jobs::enqueue),
    (&operations::FINISH_BATCH_JOB, jobs::finish_batch),
    (&operations::HEALTHZ, healthz),
    (&operations::UPDATE_JOB_STATUS, jobs::update),
    (&operations::DELETE_JOB, jobs::delete),
    (&operations::GET_JOB_LOGS, jobs::read_log),
    (
        &operations::READ_FINAL_RESULT_BY_JOB_ID,
        results::final_of_job,
    ),
    (
        &operations::READ_RESULTS_BY_ALGORITHM_ID,
        results::of_algorithm,
    ),
];

/// Returns the sandbox itself as the login server.
fn auth_config(_store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    Ok(json!({
        "client_id": login::CLIENT,
        "audience": login::CLIENT,
        "well_known_endpoint": login::discovery_url(call.headers),
    }))
}

fn healthz(_store: &mut Store, _call: &Request<'_>) -> Result<Value, ComputeError> {
    Ok(json!({}))
}

fn terminate(store: &mut Store, call: &Request<'_>) -> Result<Value, ComputeError> {
    let mut reservation = existing(store, call)?.clone();
    if reservation.get("is_terminated") == Some(&Value::Bool(true)) {
        return Err("Reservation is terminated already".into());
    }
    set(&mut reservation, "is_terminated", true);
    store.compute.put("reservations", reservation.clone());
    Ok(reservation.into())
}
