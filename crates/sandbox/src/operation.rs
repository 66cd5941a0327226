use std::collections::BTreeSet;

use compute_kfp_runtime::operation::Operation;
use http::{HeaderMap, Method, StatusCode};
use hyper::body::Bytes;

use crate::response::Response;

/// The request as an operation sees it, not yet decoded.
pub(crate) struct Call<'a> {
    pub(crate) described: &'static Operation,
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
    NotAuthenticated,
    /// The API knows the credential, but the operation does not accept its kind.
    WrongKind,
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

/// The operation of a request, and the values in its path.
pub(crate) type Selected<'a> = (&'static Operation, Vec<(&'static str, &'a str)>);

/// Finds the operation with that method and the closest path. `/a/me` does not match `/a/{id}`.
pub(crate) fn select<'a, E: ApiError>(
    operations: impl Iterator<Item = &'static Operation>,
    method: &Method,
    path: &'a str,
) -> Result<Selected<'a>, E> {
    let mut fitting: Vec<_> = operations
        .filter_map(|operation| Some((operation, operation.path_values(path)?)))
        .collect();
    let length = |(operation, _): &Selected<'_>| -> usize {
        let pieces = operation.path_pieces();
        pieces.map(|(literal, _)| literal.len()).sum()
    };
    let Some(longest) = fitting.iter().map(length).max() else {
        return Err(E::rejected(Rejection::NoSuchPath));
    };
    fitting.retain(|fitting| length(fitting) == longest);
    let methods = fitting.iter().map(|(operation, _)| operation.method);
    let allowed: Vec<&str> = BTreeSet::from_iter(methods).into_iter().collect();
    fitting
        .into_iter()
        .find(|(operation, _)| operation.method == method.as_str())
        .ok_or_else(|| E::rejected(Rejection::MethodNotAllowed(&allowed)))
}
