//! The identity provider that `/auth_config` names. It admits everybody without asking.
//!
//! It is not an operation of the specs. Clients find it by its discovery document.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::credentials::Credentials;
use crate::response::{Response, json_response};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const DEVICE: &str = "/oauth/device";
const TOKEN: &str = "/oauth/token";
const REVOCATION: &str = "/oauth/revoke";

/// Device code and refresh token, the same for everybody.
const DEVICE_CODE: &str = "sandbox-device-code";
const REFRESH_TOKEN: &str = "sandbox-refresh-token";

/// The OAuth client, which is also the audience of its tokens.
pub(crate) const CLIENT: &str = "sandbox";

/// The user that logs in, as in the `users` of Compute.
pub(crate) const SUBJECT: &str = "sandbox";

/// Lifetime of an access token in seconds.
const LIFETIME: u64 = 3600;

pub(crate) fn discovery_url(headers: &HeaderMap) -> String {
    format!("{}{DISCOVERY}", own_url(headers))
}

fn own_url(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// Returns the response to a request for the identity provider, or `None` for other requests.
pub(crate) fn respond(head: &Parts, body: &[u8], credentials: &Credentials) -> Option<Response> {
    let url = own_url(&head.headers);
    let content = match (head.uri.path(), head.method.as_str()) {
        (DISCOVERY, "GET") => Ok(discovery(&url)),
        (DEVICE, "POST") => Ok(device_authorization(&url)),
        (TOKEN, "POST") => token(body, &url, credentials),
        (REVOCATION, "POST") => Ok(json!({})),
        _ => return None,
    };
    Some(match content {
        Ok(content) => json_response(StatusCode::OK, &content),
        Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    })
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

/// Returns a device authorization. Its page is empty, as no person has to log in.
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

/// Returns tokens, or the error of OAuth.
fn token(body: &[u8], url: &str, credentials: &Credentials) -> Result<Value, &'static str> {
    let sent = |name: &str| {
        let found = form_urlencoded::parse(body).find(|(sent, _)| sent == name);
        found.map(|(_, value)| value).unwrap_or_default()
    };
    let (granted, expected) = match sent("grant_type").as_ref() {
        "urn:ietf:params:oauth:grant-type:device_code" => (sent("device_code"), DEVICE_CODE),
        "refresh_token" => (sent("refresh_token"), REFRESH_TOKEN),
        _ => return Err("unsupported_grant_type"),
    };
    if granted != expected {
        return Err("invalid_grant");
    }
    Ok(json!({
        "access_token": access_token(url, credentials),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "refresh_token": REFRESH_TOKEN,
    }))
}

/// Returns a JSON Web Token of the signed-in user. Clients compare its times with the wall clock.
fn access_token(url: &str, credentials: &Credentials) -> String {
    let now = seconds_now();
    let claims = json!({
        "iss": url,
        "sub": SUBJECT,
        "aud": CLIENT,
        "iat": now,
        "exp": now + LIFETIME,
    });
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = keyed(credentials).map(|key| key.chain_update(&signed).finalize().into_bytes());
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(signature.unwrap_or_default())
    )
}

/// Returns whether a sandbox with these credentials issued a token, and it has not expired.
pub(crate) fn is_valid(token: &str, credentials: &Credentials) -> bool {
    let read = || {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = keyed(credentials)?.chain_update(signed);
        key.verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        claims.get("exp")?.as_u64()
    };
    read().is_some_and(|expires| seconds_now() < expires)
}

/// Returns the key of tokens. They stay valid if a sandbox with the same credentials is restarted.
fn keyed(credentials: &Credentials) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(credentials.compute_token.as_bytes()).ok()
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
