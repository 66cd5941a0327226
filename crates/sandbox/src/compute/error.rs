use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::operation::{ApiError, Rejection};
use crate::response::{Response, json_response};

/// The response to an error in FastAPI's format: `{"detail": …}`.
pub(crate) struct ComputeError(Box<Response>);

impl ComputeError {
    fn new(status: StatusCode, detail: impl Into<Value>) -> Self {
        let body = json!({ "detail": detail.into() });
        Self(Box::new(json_response(status, &body)))
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// Creates the error of a request with invalid parts, one failure each.
    pub(super) fn invalid(failures: Vec<Value>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, failures)
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().insert(name, value);
        self
    }
}

/// Converts a sentence to the error of a valid request that breaks a rule of the application.
impl<T: Into<String>> From<T> for ComputeError {
    fn from(sentence: T) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence.into())
    }
}

impl ApiError for ComputeError {
    fn rejected(rejection: Rejection<'_>) -> Self {
        match rejection {
            Rejection::NoSuchPath => Self::not_found("Not Found"),
            Rejection::MethodNotAllowed(allowed) => {
                let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
                match HeaderValue::from_str(&allowed.join(", ")) {
                    Ok(methods) => error.with_header(ALLOW, methods),
                    Err(_) => error,
                }
            }
            Rejection::NotAuthenticated => Self::new(StatusCode::UNAUTHORIZED, "Not authenticated")
                .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Rejection::WrongKind => Self::new(StatusCode::FORBIDDEN, "Not authorized"),
            Rejection::BodyTooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
            }
            Rejection::BodyInterrupted => Self::bad_request("There was an error parsing the body"),
            Rejection::Failed(message) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
            Rejection::Injected(status) => Self::new(status, "A fault was injected"),
        }
    }

    fn into_response(self) -> Response {
        *self.0
    }
}
