use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use hyper::body::Bytes;
use serde_json::Value;

pub(crate) type Response = http::Response<Bytes>;

/// Returns a response of JSON. A response that has no content is empty.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    if status == StatusCode::NO_CONTENT {
        let mut response = Response::default();
        *response.status_mut() = status;
        return response;
    }
    response(status, body.to_string(), "application/json")
}

pub(crate) fn response(
    status: StatusCode,
    body: impl Into<Bytes>,
    content_type: &'static str,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
