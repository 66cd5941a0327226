use compute_kfp_runtime::operation::BodyKind;
use http::StatusCode;
use serde_json::json;

use crate::operation::{ApiError, Call, Rejection};
use crate::percent::decode_lossy;
use crate::response::{Response, json_response, response};

/// An error response in one of the server's formats.
///
/// The server behind the gateway sends a chain of internal causes and one sentence for a person.
/// The gateway itself rejects requests that it cannot parse, and sends only a message.
pub(crate) struct KfpError {
    status: StatusCode,
    /// The gRPC code.
    code: u8,
    message: String,
    for_a_person: Option<String>,
    shape: Shape,
}

/// The format of an error's body.
#[derive(Clone, Copy)]
enum Shape {
    /// A gRPC status.
    Status,
    /// The JSON of the endpoints outside of gRPC.
    Upload,
    /// A line of plain text.
    Plain,
}

impl KfpError {
    fn of_gateway(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: grpc_code(status),
            message: message.into(),
            for_a_person: None,
            shape: Shape::Status,
        }
    }

    fn of_server(status: StatusCode, mark: &str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        let error = Self::of_gateway(status, format!("{mark}: {sentence}"));
        let for_a_person = Some(sentence);
        Self {
            for_a_person,
            ..error
        }
    }

    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self::of_gateway(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn invalid_input(sentence: impl Into<String>) -> Self {
        Self::of_server(StatusCode::BAD_REQUEST, "Invalid input error", sentence)
    }

    /// Creates the error of invalid input that another library detected, without the usual prefix.
    pub(super) fn malformed(sentence: impl Into<String>) -> Self {
        Self::of_server(StatusCode::BAD_REQUEST, "InvalidInputError", sentence)
    }

    pub(super) fn not_found(kind: &str, id: &str) -> Self {
        let sentence = format!("{kind} {id} not found");
        Self::of_server(StatusCode::NOT_FOUND, "ResourceNotFoundError", sentence)
    }

    pub(super) fn name_taken(name: &str) -> Self {
        let sentence = format!("the name {name:?} is taken");
        Self::of_server(StatusCode::CONFLICT, "Already exist error", sentence)
    }

    pub(super) fn failed_precondition(sentence: impl Into<String>) -> Self {
        let error = Self::of_server(StatusCode::BAD_REQUEST, "FailedPreconditionError", sentence);
        Self { code: 9, ..error }
    }

    /// Creates the error of a duplicate key in the database.
    pub(super) fn duplicate(what: &str) -> Self {
        let sentence = format!("UNIQUE constraint failed: {what}");
        Self::of_server(StatusCode::INTERNAL_SERVER_ERROR, "database", sentence).internal()
    }

    /// Turns this error into an internal server error, as the server does for some mistakes of a
    /// caller.
    pub(super) fn internal(mut self) -> Self {
        self.status = StatusCode::INTERNAL_SERVER_ERROR;
        self.code = grpc_code(self.status);
        self.message = format!("InternalServerError: {}", self.message);
        self.for_a_person = Some("Internal Server Error".to_owned());
        self
    }

    pub(super) fn conflict(mut self, sentence: String) -> Self {
        self.status = StatusCode::CONFLICT;
        self.code = 10;
        self.message = format!("BadRequestError: {sentence}: {}", self.message);
        self.for_a_person = Some(sentence);
        self
    }

    /// Turns this error into a line of text, as the upload endpoints reject a name.
    pub(super) fn plain(mut self) -> Self {
        self.shape = Shape::Plain;
        self
    }

    /// Prepends the operation to the internal chain of causes. A deletion also names its path values.
    /// Uploads have a format of their own.
    pub(super) fn of_operation(mut self, call: &Call<'_>) -> Self {
        if matches!(self.shape, Shape::Plain) {
            return self;
        }
        if let Some(BodyKind::Multipart(_)) = call.described.body().map(|body| body.kind) {
            self.shape = Shape::Upload;
        } else if self.for_a_person.is_some() {
            let values = call
                .path_values
                .iter()
                .map(|(_, value)| decode_lossy(value));
            let values = match call.described.method {
                "DELETE" => format!(" for {}", values.collect::<Vec<_>>().join("/")),
                _ => String::new(),
            };
            let name = call.described.name;
            self.message = format!("{name} failed{values}: {}", self.message);
        }
        self
    }
}

/// Converts a sentence to the error of invalid input.
impl<T: Into<String>> From<T> for KfpError {
    fn from(sentence: T) -> Self {
        Self::invalid_input(sentence)
    }
}

impl ApiError for KfpError {
    fn rejected(rejection: Rejection<'_>) -> Self {
        match rejection {
            Rejection::NoSuchPath => Self::of_gateway(StatusCode::NOT_FOUND, "Not Found"),
            Rejection::MethodNotAllowed(_) => {
                Self::of_gateway(StatusCode::NOT_IMPLEMENTED, "Method Not Allowed")
            }
            Rejection::NotAuthenticated => Self::of_server(
                StatusCode::UNAUTHORIZED,
                "Failed to authorize the request: Unauthenticated",
                "the request has no valid bearer token and no identity header",
            ),
            Rejection::WrongKind => Self::of_server(
                StatusCode::FORBIDDEN,
                "Failed to authorize the request: PermissionDenied",
                "the operation does not accept this kind of credential",
            ),
            Rejection::BodyTooLarge => Self::of_gateway(
                StatusCode::TOO_MANY_REQUESTS,
                "grpc: received message larger than max",
            ),
            Rejection::BodyInterrupted => Self::unreadable("unexpected EOF"),
            Rejection::Failed(message) => Self::of_server(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                message,
            ),
            Rejection::Injected(status) => Self::of_gateway(status, "A fault was injected"),
        }
    }

    fn into_response(self) -> Response {
        let (code, status) = (self.code, self.status);
        let body = match (self.shape, self.for_a_person) {
            (Shape::Plain, _) => {
                return response(status, self.message, "text/plain; charset=utf-8");
            }
            (Shape::Upload, sentence) => {
                let sentence = sentence.unwrap_or(self.message);
                json!({ "error_message": sentence, "error_details": sentence })
            }
            (Shape::Status, None) => json!({ "code": code, "message": self.message }),
            (Shape::Status, Some(sentence)) => json!({
                "code": code,
                "message": self.message,
                "details": [{
                    "@type": "type.googleapis.com/google.rpc.Status",
                    "code": code,
                    "message": sentence,
                }],
            }),
        };
        json_response(status, &body)
    }
}

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
