use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::credentials::{Credentials, KfpAccess};
use crate::login;
use crate::store::Store;

/// The headers in which a trusted proxy tells a KFP server who is calling.
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

/// Checks a request against the schemes that fit its operation.
///
/// No accepted scheme at all means that the operation is public. `known` are all schemes of the
/// API: a credential that the API knows, of a kind that the operation does not want, is forbidden
/// rather than unknown.
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

/// Whether a KFP server takes a request without looking at its token.
fn admits(headers: &HeaderMap, access: KfpAccess) -> bool {
    match access {
        KfpAccess::Open => true,
        KfpAccess::Token => false,
        KfpAccess::Identity => IDENTITY_HEADERS
            .iter()
            .any(|name| headers.contains_key(*name)),
    }
}

/// Two `Authorization` headers leave open which one counts, so they count as none.
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
