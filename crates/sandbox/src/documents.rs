//! Documents other than the APIs: the page at `/` and the specs.

use http::header::CONTENT_SECURITY_POLICY;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::page;
use crate::response::{Response, json_response, response};
use crate::shared::Shared;
use crate::specification::{self, Specification};

/// Returns the response to a request for a document, or `None` for other requests.
pub(crate) fn respond(shared: &Shared, head: &Parts) -> Option<Response> {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    let document = match head.uri.path() {
        "/" => html(page::write(shared)),
        "/openapi" | "/openapi/" => json_response(StatusCode::OK, &index()),
        "/openapi/compute.json" => json(specification::COMPUTE_TEXT),
        "/openapi/kfp.json" => json(specification::KFP_TEXT),
        _ => return None,
    };
    Some(document)
}

/// Returns an HTML page. It allows no scripts, since its content is untrusted.
fn html(page: String) -> Response {
    let mut response = response(StatusCode::OK, page, "text/html; charset=utf-8");
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn json(text: &'static str) -> Response {
    response(StatusCode::OK, text, "application/json")
}

fn index() -> Value {
    let entry = |specification: &Specification, path: &str| {
        let info = specification.info();
        json!({ "title": info["title"], "version": info["version"], "path": path })
    };
    json!({
        "compute": entry(&specification::COMPUTE, "/openapi/compute.json"),
        "kfp": entry(&specification::KFP, "/openapi/kfp.json"),
    })
}
