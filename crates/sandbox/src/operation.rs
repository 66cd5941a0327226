use std::collections::BTreeSet;

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use compute_kfp_runtime::operation::{Operation as Description, SecurityScheme};

use crate::authentication::{Refusal, Scheme, authenticate};
use crate::credentials::Credentials;
use crate::path_template::fit;
use crate::reply::Reply;
use crate::request_body::{Part, RequestBody};
use crate::store::Store;

/// An operation of an API. `E` is the API's error type.
pub(crate) struct Operation<E: 'static> {
    /// The operation in the API's spec.
    pub(crate) described: &'static Description,
    pub(crate) handle: Handle<E>,
}

pub(crate) type Handle<E> = fn(&mut Store, &Call<'_>) -> Result<Reply, E>;

/// The request as an operation sees it, not yet decoded.
pub(crate) struct Call<'a> {
    pub(crate) described: &'static Description,
    pub(crate) path_values: Vec<(&'static str, &'a str)>,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// The parts of a `multipart/form-data` body.
    pub(crate) parts: &'a [Part],
}

impl<'a> Call<'a> {
    pub(crate) fn path_value(&self, name: &str) -> &'a str {
        self.path_values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }
}

/// A failure outside of an operation's handler.
pub(crate) enum Rejection<'a> {
    NoSuchPath,
    /// The path has only these methods.
    MethodNotAllowed(&'a [&'a str]),
    Refused(Refusal),
    BodyTooLarge,
    BodyInterrupted,
    /// The data file cannot be written.
    Failed(&'a str),
    /// A fault replaces the operation.
    Injected(StatusCode),
}

/// An error in the format of an API.
pub(crate) trait ApiError: Sized {
    /// Every scheme of the API's spec, with its credential.
    const SCHEMES: &'static [(&'static SecurityScheme, Scheme)];

    /// Returns whether an operation needs no credential, whatever the spec says.
    fn is_public(_operation: &Description) -> bool {
        false
    }
    /// Adds the operation to the error of its handler.
    fn of_operation(self, _call: &Call<'_>) -> Self {
        self
    }
    fn rejected(rejection: Rejection<'_>) -> Self;
    fn into_response(self) -> Response;
}

pub(crate) struct Incoming<'a> {
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a RequestBody,
    pub(crate) parts: &'a [Part],
}

/// The operation of a request, and the values in its path.
pub(crate) struct Selected<'a, E: 'static> {
    pub(crate) operation: &'static Operation<E>,
    pub(crate) path_values: Vec<(&'static str, &'a str)>,
}

/// Finds the operation with that method and the closest path. `/a/me` does not match `/a/{id}`.
pub(crate) fn select<'a, E: ApiError>(
    operations: &'static [Operation<E>],
    method: &Method,
    path: &'a str,
) -> Result<Selected<'a, E>, E> {
    let mut fitting: Vec<_> = operations
        .iter()
        .filter_map(|operation| Some((operation, fit(operation.described.path, path)?)))
        .collect();
    let closest = fitting.iter().map(|(_, fit)| fit.closeness.clone()).max();
    let Some(closest) = closest else {
        return Err(E::rejected(Rejection::NoSuchPath));
    };
    fitting.retain(|(_, fit)| fit.closeness == closest);
    let methods = fitting
        .iter()
        .map(|(operation, _)| operation.described.method);
    let allowed: Vec<&str> = BTreeSet::from_iter(methods).into_iter().collect();
    fitting
        .into_iter()
        .find(|(operation, _)| operation.described.method == method.as_str())
        .map(|(operation, fit)| Selected {
            operation,
            path_values: fit.values,
        })
        .ok_or_else(|| E::rejected(Rejection::MethodNotAllowed(&allowed)))
}

pub(crate) fn respond<E: ApiError>(
    selected: Result<Selected<'_, E>, E>,
    incoming: &Incoming<'_>,
    credentials: &Credentials,
    store: &mut Store,
) -> Response {
    let reply = selected.and_then(|selected| perform(selected, incoming, credentials, store));
    reply.map_or_else(E::into_response, Reply::into_response)
}

fn perform<E: ApiError>(
    selected: Selected<'_, E>,
    incoming: &Incoming<'_>,
    credentials: &Credentials,
    store: &mut Store,
) -> Result<Reply, E> {
    let operation = selected.operation;
    let accepted: Vec<Scheme> = E::SCHEMES
        .iter()
        .filter(|(scheme, _)| {
            let needed = operation.described.security;
            !E::is_public(operation.described) && needed.iter().any(|any| any.contains(scheme))
        })
        .map(|(_, scheme)| *scheme)
        .collect();
    let known: Vec<Scheme> = E::SCHEMES.iter().map(|(_, scheme)| *scheme).collect();
    authenticate(incoming.headers, credentials, store, &accepted, &known)
        .map_err(|refusal| E::rejected(Rejection::Refused(refusal)))?;
    let body = match incoming.body {
        RequestBody::Complete(bytes) => bytes,
        RequestBody::TooLarge => return Err(E::rejected(Rejection::BodyTooLarge)),
        RequestBody::Interrupted => return Err(E::rejected(Rejection::BodyInterrupted)),
    };
    let call = Call {
        described: operation.described,
        path_values: selected.path_values,
        query: incoming.query,
        headers: incoming.headers,
        body,
        parts: incoming.parts,
    };
    if operation.described.method != "GET" {
        if let Some(failure) = &store.save_failure {
            return Err(E::rejected(Rejection::Failed(failure)));
        }
        store.is_changed = true;
    }
    (operation.handle)(store, &call).map_err(|error| error.of_operation(&call))
}
