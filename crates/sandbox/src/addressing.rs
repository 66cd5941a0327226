//! Checks that a request is meant for a sandbox on this machine. A foreign host name may resolve to
//! this machine, too: a web page from there could then read everything (DNS rebinding).

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::response::{Response, json_response};

/// Returns the rejection of a request that names another host, or comes from a page of another host.
pub(crate) fn refusal(headers: &HeaderMap) -> Option<Response> {
    let local = |name, prefix: &[&str]| {
        headers.get_all(name).iter().all(|value| {
            let value = value.to_str().unwrap_or_default();
            let authority = prefix.iter().find_map(|prefix| value.strip_prefix(prefix));
            authority.is_some_and(is_local)
        })
    };
    let message = if !local(HOST, &[""]) {
        "The Host header must be localhost or an IP address"
    } else if !local(ORIGIN, &["http://", "https://"]) {
        "The Origin header must name localhost or an IP address"
    } else {
        return None;
    };
    let body = json!({ "detail": message, "message": message });
    Some(json_response(StatusCode::MISDIRECTED_REQUEST, &body))
}

/// Returns whether a name cannot belong to anybody else.
fn is_local(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let name = host.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}
