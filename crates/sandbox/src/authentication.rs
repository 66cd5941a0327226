use compute_api_client::operations as compute;
use compute_kfp_runtime::operation::{Operation, SecurityScheme};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use kfp_api_client::operations as kfp;

use crate::credentials::Credentials;
use crate::login;
use crate::operation::Rejection;
use crate::store::Store;

/// The headers that identify the caller to a KFP server behind a trusted proxy.
const IDENTITY_HEADERS: [&str; 2] = ["kubeflow-userid", "x-goog-authenticated-user-email"];

/// Checks a request against the schemes of its operation. An operation without schemes is public, as is
/// the health of KFP, whatever the spec says.
///
/// If the API knows a credential, but the operation does not accept its kind, it is forbidden rather than
/// unknown.
pub(crate) fn authenticate(
    headers: &HeaderMap,
    credentials: &Credentials,
    store: &Store,
    operation: &Operation,
) -> Result<(), Rejection<'static>> {
    let accepted = operation.security.concat();
    if accepted.is_empty()
        || *operation == kfp::GET_HEALTHZ
        || (accepted.contains(&&kfp::SCHEME_BEARER) && admits(headers, credentials, store))
    {
        return Ok(());
    }
    let presented = presented(headers).ok_or(Rejection::NotAuthenticated)?;
    let fits_any = |schemes: &[&SecurityScheme]| {
        let mut schemes = schemes.iter();
        schemes.any(|scheme| fits(scheme, presented, credentials, store))
    };
    let is_of_kfp = kfp::SECURITY_SCHEMES
        .iter()
        .any(|known| accepted.contains(known));
    if fits_any(&accepted) {
        Ok(())
    } else if !is_of_kfp && fits_any(compute::SECURITY_SCHEMES) {
        Err(Rejection::WrongKind)
    } else {
        Err(Rejection::NotAuthenticated)
    }
}

/// Returns whether a KFP server accepts a request without checking its token. A multi-user
/// installation needs the identity header of a proxy.
fn admits(headers: &HeaderMap, credentials: &Credentials, store: &Store) -> bool {
    let mut names = IDENTITY_HEADERS.iter();
    let is_identified = !store.kfp.multi_user || names.any(|name| headers.contains_key(*name));
    is_identified && !credentials.kfp_token_required
}

/// Returns the `Authorization` header. Two of them are ambiguous and count as none.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn fits(
    scheme: &SecurityScheme,
    presented: &str,
    credentials: &Credentials,
    store: &Store,
) -> bool {
    if *scheme == compute::SCHEME_BACKEND {
        return presented == credentials.compute_api_key
            || store.compute.backend_of_key(presented).is_some();
    }
    let Some(token) = bearer_token(presented) else {
        return false;
    };
    if *scheme == kfp::SCHEME_BEARER {
        token == credentials.kfp_token
    } else {
        token == credentials.compute_token || login::is_valid(token, credentials)
    }
}

fn bearer_token(presented: &str) -> Option<&str> {
    let (scheme, token) = presented.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
