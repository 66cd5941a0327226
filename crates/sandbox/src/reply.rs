use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

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
            let mut response = Response::new(Body::empty());
            *response.status_mut() = self.status;
            return response;
        }
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
