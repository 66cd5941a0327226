use std::collections::BTreeSet;

use compute_kfp_runtime::operation::Operation as Description;
use http::{HeaderMap, Method, StatusCode};
use hyper::body::Bytes;
use serde_json::Value;

use crate::authentication::{Refusal, authenticate};
use crate::credentials::Credentials;
use crate::response::{Response, json_response};
use crate::store::Store;

/// An operation of an API. `E` is the API's error type.
pub(crate) struct Operation<E: 'static> {
    /// The operation in the API's spec.
    pub(crate) described: &'static Description,
    handle: Handle<E>,
}

/// Returns the content of a successful response. Its status is the one that the spec declares.
type Handle<E> = Box<dyn Fn(&mut Store, &Call<'_>) -> Result<Value, E> + Send + Sync>;

/// The request as an operation sees it, not yet decoded.
pub(crate) struct Call<'a> {
    pub(crate) described: &'static Description,
    pub(crate) path_values: Vec<(&'static str, &'a str)>,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// The file in a `multipart/form-data` body.
    pub(crate) upload: Option<Upload>,
}

pub(crate) struct Upload {
    pub(crate) file_name: String,
    pub(crate) content: Bytes,
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
#[derive(Clone, Copy)]
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
pub(crate) trait ApiError: Sized + 'static {
    fn rejected(rejection: Rejection<'_>) -> Self;
    fn into_response(self) -> Response;
}

/// Returns the operations of an API, each with a rule of its own or the one that its path and method
/// suggest. `perform` performs a rule.
pub(crate) fn served<E, R: Copy + Send + Sync + 'static>(
    operations: &[&'static Description],
    rules: &[(&Description, R)],
    suggested: impl Fn(&Description) -> Option<R>,
    perform: fn(R, &mut Store, &Call<'_>) -> Result<Value, E>,
) -> Vec<Operation<E>> {
    let operations = operations.iter().filter_map(|described| {
        let rule = rules.iter().find(|(ruled, _)| ruled == described);
        let rule = rule.map(|(_, rule)| *rule);
        let rule = rule.or_else(|| suggested(described))?;
        Some(Operation {
            described,
            handle: Box::new(move |store, call| perform(rule, store, call)),
        })
    });
    operations.collect()
}

/// The operation of a request, and the values in its path.
pub(crate) type Selected<'a, E> = (&'static Operation<E>, Vec<(&'static str, &'a str)>);

/// Finds the operation with that method and the closest path. `/a/me` does not match `/a/{id}`.
pub(crate) fn select<'a, E: ApiError>(
    operations: impl Iterator<Item = &'static Operation<E>>,
    method: &Method,
    path: &'a str,
) -> Result<Selected<'a, E>, E> {
    let mut fitting: Vec<_> = operations
        .filter_map(|operation| Some((operation, operation.described.path_values(path)?)))
        .collect();
    let length = |(operation, _): &Selected<'_, E>| -> usize {
        let pieces = operation.described.path_pieces();
        pieces.map(|(literal, _)| literal.len()).sum()
    };
    let Some(longest) = fitting.iter().map(length).max() else {
        return Err(E::rejected(Rejection::NoSuchPath));
    };
    fitting.retain(|fitting| length(fitting) == longest);
    let methods = fitting
        .iter()
        .map(|(operation, _)| operation.described.method);
    let allowed: Vec<&str> = BTreeSet::from_iter(methods).into_iter().collect();
    fitting
        .into_iter()
        .find(|(operation, _)| operation.described.method == method.as_str())
        .ok_or_else(|| E::rejected(Rejection::MethodNotAllowed(&allowed)))
}

/// Performs an operation if the caller may, and if the body was `received`.
pub(crate) fn perform<E: ApiError>(
    operation: &Operation<E>,
    call: &Call<'_>,
    received: Result<(), Rejection<'_>>,
    credentials: &Credentials,
    store: &mut Store,
) -> Result<Response, E> {
    authenticate(call.headers, credentials, store, call.described)
        .map_err(|refusal| E::rejected(Rejection::Refused(refusal)))?;
    received.map_err(E::rejected)?;
    if call.described.method != "GET" {
        if let Some(failure) = &store.save_failure {
            return Err(E::rejected(Rejection::Failed(failure)));
        }
        store.is_changed = true;
    }
    let content = (operation.handle)(store, call)?;
    let status = StatusCode::from_u16(call.described.success_status).unwrap_or_default();
    Ok(json_response(status, &content))
}
