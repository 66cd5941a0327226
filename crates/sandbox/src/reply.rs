use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use hyper::body::Bytes;
use serde_json::Value;

pub(crate) type Response = http::Response<Bytes>;

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
        }
    }

    pub(crate) fn created(body: impl Into<Value>) -> Self {
        Self {
            status: StatusCode::CREATED,
            body: body.into(),
        }
    }

    pub(crate) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Value::Null,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        if self.status == StatusCode::NO_CONTENT {
            let mut response = Response::default();
            *response.status_mut() = self.status;
            return response;
        }
        response(self.status, self.body.to_string(), "application/json")
    }
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
