//! The identity provider that `/auth_config` names: it lets everybody in at once, without asking.
//!
//! It is none of the described operations; clients find it by its discovery document.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::Credentials;
use crate::percent::{decode_query_lossy, query_pairs};
use crate::reply::Reply;

const DISCOVERY: &str = "/.well-known/openid-configuration";
const DEVICE: &str = "/oauth/device";
const TOKEN: &str = "/oauth/token";
const REVOCATION: &str = "/oauth/revoke";

/// What a login begins with, and what a token is renewed with: the same for everybody.
const DEVICE_CODE: &str = "sandbox-device-code";
const REFRESH_TOKEN: &str = "sandbox-refresh-token";

/// The client that logs in, and what its tokens are for.
pub(crate) const CLIENT: &str = "sandbox";

const SECONDS_A_TOKEN_IS_GOOD: u32 = 3600;

pub(crate) fn discovery_url(headers: &HeaderMap) -> String {
    format!("{}{DISCOVERY}", own_url(headers))
}

fn own_url(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// The answer to a request for the identity provider; `None` if it is for something else.
pub(crate) fn answer(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    credentials: &Credentials,
) -> Option<Reply> {
    let reply = match (path, method.as_str()) {
        (DISCOVERY, "GET") => Reply::ok(discovery(&own_url(headers))),
        (DEVICE, "POST") => Reply::ok(device_authorization(&own_url(headers))),
        (TOKEN, "POST") => token(body, credentials),
        (REVOCATION, "POST") => Reply::ok(json!({})),
        _ => return None,
    };
    Some(reply)
}

fn discovery(url: &str) -> Value {
    json!({
        "issuer": url,
        "device_authorization_endpoint": format!("{url}{DEVICE}"),
        "token_endpoint": format!("{url}{TOKEN}"),
        "revocation_endpoint": format!("{url}{REVOCATION}"),
        "code_challenge_methods_supported": ["S256"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
    })
}

/// There is nothing to see at the place where a person would log in.
fn device_authorization(url: &str) -> Value {
    json!({
        "device_code": DEVICE_CODE,
        "user_code": "SAND-BOX",
        "verification_uri": format!("{url}/"),
        "verification_uri_complete": format!("{url}/?user_code=SAND-BOX"),
        "expires_in": 600,
        "interval": 1,
    })
}

fn token(body: &[u8], credentials: &Credentials) -> Reply {
    let form = String::from_utf8_lossy(body);
    let sent = |name: &str| {
        let found = query_pairs(&form).find(|(sent, _)| decode_query_lossy(sent) == name);
        found.map_or_else(String::new, |(_, value)| decode_query_lossy(value))
    };
    let (granted, expected) = match sent("grant_type").as_str() {
        "urn:ietf:params:oauth:grant-type:device_code" => (sent("device_code"), DEVICE_CODE),
        "refresh_token" => (sent("refresh_token"), REFRESH_TOKEN),
        _ => return refused("unsupported_grant_type"),
    };
    if granted != expected {
        return refused("invalid_grant");
    }
    Reply::ok(json!({
        "access_token": credentials.compute_token,
        "token_type": "Bearer",
        "expires_in": SECONDS_A_TOKEN_IS_GOOD,
        "refresh_token": REFRESH_TOKEN,
    }))
}

fn refused(error: &str) -> Reply {
    Reply {
        status: StatusCode::BAD_REQUEST,
        body: json!({ "error": error }),
    }
}
