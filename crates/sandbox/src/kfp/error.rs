use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use compute_kfp_runtime::operation::SecurityScheme;
use kfp_api_client::operations;
use serde_json::json;

use crate::authentication::{Refusal, Scheme};
use crate::operation::ApiError;
use crate::reply::Reply;

/// The gRPC codes that the sandbox uses.
#[derive(Clone, Copy)]
enum Code {
    InvalidArgument = 3,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unauthenticated = 16,
}

impl Code {
    fn http_status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}

/// What grpc-gateway answers when something is wrong.
///
/// The server behind the gateway gives a chain of internal causes and one sentence for a person;
/// the gateway itself, which refuses what it cannot read, gives a message only.
pub(crate) struct KfpError {
    code: Code,
    message: String,
    for_a_person: Option<String>,
    shape: Shape,
    /// The methods that a path has, where it does not have the one that was asked for.
    allowed: Option<HeaderValue>,
}

/// What an error's body looks like.
#[derive(Clone, Copy)]
enum Shape {
    /// As gRPC's status.
    Status,
    /// As the endpoints outside of gRPC answer.
    Upload,
    /// A line of text.
    Plain,
}

impl KfpError {
    fn of_gateway(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            for_a_person: None,
            shape: Shape::Status,
            allowed: None,
        }
    }

    fn of_server(code: Code, kind: &str, sentence: String) -> Self {
        Self {
            code,
            message: format!("{kind}: {sentence}"),
            for_a_person: Some(sentence),
            shape: Shape::Status,
            allowed: None,
        }
    }

    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self::of_gateway(Code::InvalidArgument, message)
    }

    pub(super) fn invalid_input(sentence: impl Into<String>) -> Self {
        Self::of_server(
            Code::InvalidArgument,
            "Invalid input error",
            sentence.into(),
        )
    }

    pub(super) fn not_found(sentence: impl Into<String>) -> Self {
        Self::of_server(Code::NotFound, "ResourceNotFoundError", sentence.into())
    }

    pub(super) fn already_exists(sentence: impl Into<String>) -> Self {
        Self::of_server(Code::AlreadyExists, "Already exist error", sentence.into())
    }

    /// A request that does not fit the state of what it is about.
    pub(super) fn failed_precondition(sentence: impl Into<String>) -> Self {
        Self::of_server(
            Code::FailedPrecondition,
            "Failed precondition error",
            sentence.into(),
        )
    }

    /// What the name of an upload is refused with.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        let mut error = Self::of_gateway(Code::InvalidArgument, message);
        error.shape = Shape::Plain;
        error
    }

    /// The same in the shape of the upload endpoints.
    pub(super) fn of_upload(mut self) -> Self {
        self.shape = Shape::Upload;
        self
    }

    pub(super) fn unimplemented(sentence: impl Into<String>) -> Self {
        Self::of_server(Code::Unimplemented, "Unimplemented", sentence.into())
    }

    /// Puts what was attempted in front of the internal chain.
    pub(super) fn while_attempting(mut self, attempt: &str) -> Self {
        if self.for_a_person.is_some() {
            self.message = format!("{attempt}: {}", self.message);
        }
        self
    }
}

impl ApiError for KfpError {
    const SCHEMES: &'static [(&'static SecurityScheme, Scheme)] =
        &[(&operations::SCHEME_BEARER, Scheme::KfpBearer)];

    fn no_such_path(_path: &str) -> Self {
        Self::of_gateway(Code::NotFound, "Not Found")
    }

    fn method_not_allowed(allowed: &[&str]) -> Self {
        let mut error = Self::of_gateway(Code::Unimplemented, "Method Not Allowed");
        error.allowed = HeaderValue::from_str(&allowed.join(", ")).ok();
        error
    }

    fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAuthenticated => Self::of_server(
                Code::Unauthenticated,
                "Failed to authorize the request: Unauthenticated",
                "Request header error: there is no valid bearer token".to_owned(),
            ),
            Refusal::WrongKind => Self::of_server(
                Code::PermissionDenied,
                "Failed to authorize the request: PermissionDenied",
                "This credential does not fit the operation".to_owned(),
            ),
        }
    }

    fn body_too_large() -> Self {
        Self::of_gateway(
            Code::ResourceExhausted,
            "grpc: received message larger than max",
        )
    }

    fn body_interrupted() -> Self {
        Self::unreadable("unexpected EOF")
    }

    fn failed(message: String) -> Self {
        Self::of_server(Code::Internal, "InternalServerError", message)
    }

    fn injected(status: StatusCode) -> Response {
        let body = json!({ "code": grpc_code(status), "message": "A fault was injected" });
        Reply { status, body }.into_response()
    }

    fn into_response(self) -> Response {
        let code = self.code as i32;
        match self.shape {
            Shape::Status => {}
            Shape::Upload => {
                let sentence = self.for_a_person.unwrap_or_else(|| self.message.clone());
                let body = json!({ "error_message": sentence, "error_details": self.message });
                let status = self.code.http_status();
                return Reply { status, body }.into_response();
            }
            Shape::Plain => {
                let mut response = Response::new(Body::from(self.message));
                *response.status_mut() = self.code.http_status();
                let plain = HeaderValue::from_static("text/plain; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, plain);
                return response;
            }
        }
        let mut body = json!({ "code": code, "message": self.message });
        if let Some(sentence) = self.for_a_person {
            body["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.Status",
                "code": code,
                "message": sentence,
            }]);
        }
        // gRPC has no code for a method that a path does not have.
        let status = match self.allowed {
            Some(_) => StatusCode::METHOD_NOT_ALLOWED,
            None => self.code.http_status(),
        };
        let mut response = Reply { status, body }.into_response();
        response
            .headers_mut()
            .extend(self.allowed.map(|allowed| (ALLOW, allowed)));
        response
    }
}

/// The gRPC code that the gateway shows with this status.
fn grpc_code(status: StatusCode) -> u8 {
    match status.as_u16() {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        409 => 6,
        429 => 8,
        499 => 1,
        500 => 13,
        501 => 12,
        503 => 14,
        504 => 4,
        _ => 2,
    }
}
