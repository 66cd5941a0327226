use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::credentials::{Credentials, KfpAccess};
use crate::login;
use crate::store::Store;

/// The headers that identify the caller to a KFP server behind a trusted proxy.
const IDENTITY_HEADERS: [&str; 2] = ["kubeflow-userid", "x-goog-authenticated-user-email"];

#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    ComputeUser,
    ComputeBackend,
    KfpBearer,
}

#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    NotAuthenticated,
    WrongKind,
}

/// Checks a request against the schemes of its operation.
///
/// An operation without schemes is public. `known` has all schemes of the API: if the API knows a
/// credential, but the operation does not accept its kind, it is forbidden rather than unknown.
pub(crate) fn authenticate(
    headers: &HeaderMap,
    credentials: &Credentials,
    store: &Store,
    accepted: &[Scheme],
    known: &[Scheme],
) -> Result<(), Refusal> {
    if accepted.is_empty() {
        return Ok(());
    }
    if let [Scheme::KfpBearer] = accepted
        && admits(headers, credentials.kfp_access)
    {
        return Ok(());
    }
    let presented = presented(headers).ok_or(Refusal::NotAuthenticated)?;
    let fits_any = |schemes: &[Scheme]| {
        schemes
            .iter()
            .any(|s| fits(*s, presented, credentials, store))
    };
    if fits_any(accepted) {
        Ok(())
    } else if fits_any(known) {
        Err(Refusal::WrongKind)
    } else {
        Err(Refusal::NotAuthenticated)
    }
}

/// Returns whether a KFP server accepts a request without checking its token.
fn admits(headers: &HeaderMap, access: KfpAccess) -> bool {
    match access {
        KfpAccess::Open => true,
        KfpAccess::Token => false,
        KfpAccess::Identity => IDENTITY_HEADERS
            .iter()
            .any(|name| headers.contains_key(*name)),
    }
}

/// Returns the `Authorization` header. Two of them are ambiguous and count as none.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn fits(scheme: Scheme, presented: &str, credentials: &Credentials, store: &Store) -> bool {
    match scheme {
        Scheme::ComputeUser => bearer_token(presented).is_some_and(|token| {
            token == credentials.compute_token || login::is_valid(token, credentials)
        }),
        Scheme::ComputeBackend => {
            presented == credentials.compute_api_key
                || store.compute.backend_of_key(presented).is_some()
        }
        Scheme::KfpBearer => bearer_token(presented) == Some(&credentials.kfp_token),
    }
}

fn bearer_token(presented: &str) -> Option<&str> {
    let (scheme, token) = presented.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
