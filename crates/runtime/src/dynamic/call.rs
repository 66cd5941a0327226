//! A call of an operation that is found by its name.

use serde_json::Value;

use super::arguments::{self, body, part, pointer};
use super::find::find;
use super::value_page::ValuePage;
use crate::byte_stream::ByteStream;
use crate::content::Content;
use crate::error::Error;
use crate::operation::{BodyKind, Operation, ResponseKind};
use crate::options::CallOptions;
use crate::paging::{Items, Pages, ResumePoint};
use crate::request::Request;
use crate::response::Response;
use crate::stream::{EventStream, JsonStream};
use crate::transport::Transport;

/// A call of any operation, with its arguments as JSON.
///
/// Clients create it with their method `call`. The arguments are an object:
///
/// | argument | value |
/// |---|---|
/// | the name of a parameter: its [`argument`](crate::operation::Parameter::argument) | of the parameter's JSON type; values that an enum does not list are sent, too |
/// | `body` | a JSON body or the fields of a form, sent unchanged; for any other body, its content as a string |
/// | `body_xml` and the like, if the operation takes several media types | the body of that media type instead; see [`bodies`](Operation::bodies) |
/// | the name of a part of a `multipart/form-data` body | of the part's JSON type |
///
/// Files are added with [`file`](Self::file). A null means that the argument is absent.
///
/// The result is what the server sent:
///
/// | [`response`](Operation::response) | [`send`](Self::send) returns |
/// |---|---|
/// | JSON | the JSON: all properties, including those that the spec does not define |
/// | JSON or nothing | the JSON, or null |
/// | nothing | null |
/// | bytes | an error before anything is sent: use [`send_bytes`](Self::send_bytes) |
/// | a stream of JSON | an error before anything is sent: use [`stream`](Self::stream) |
///
/// The properties are in alphabetical order, or in the server's order if your program enables the
/// feature `preserve_order` of `serde_json`. Integers beyond 64 bits become the nearest floating-point number; `send_bytes` keeps their digits.
///
/// ```
/// # async fn example(transport: compute_kfp_runtime::Transport) -> compute_kfp_runtime::Result<()> {
/// use compute_kfp_runtime::dynamic::Call;
/// use serde_json::json;
/// # use compute_kfp_runtime::operation::Operation;
/// # static OPERATIONS: &[&Operation] = &[];
///
/// let call = Call::new(transport, OPERATIONS, "get_run", json!({ "run_id": "r-1" }))?;
/// let run = call.send().await?;
/// println!("{}", run["state"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Call {
    transport: Transport,
    request: Request,
}

impl Call {
    /// Creates a call of the operation with this name among `operations`, looked up by [`find`].
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if there is no
    /// such operation, or if an argument is unknown, missing or not of the declared JSON type. The
    /// message lists all such arguments, each as a JSON pointer with a remedy, and none of their
    /// values.
    pub fn new(
        transport: Transport,
        operations: &[&'static Operation],
        operation: &str,
        arguments: Value,
    ) -> Result<Self, Error> {
        let operation = find(operations, operation)?;
        let request = arguments::request(operation, arguments)?;
        Ok(Self { transport, request })
    }

    /// Returns the operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.request.operation()
    }

    /// Sets a file as a part of a `multipart/form-data` body, or as `body` if the body is neither
    /// JSON nor a form. If a part is a list of files, each call of this method adds a file to it.
    ///
    /// Files are read while they are sent. A name that the operation does not have is reported when
    /// the call is sent.
    pub fn file(mut self, name: &str, content: impl Into<Content>) -> Self {
        let (operation, content) = (self.operation(), content.into());
        match (body(operation, name), part(operation, name)) {
            (Some(body), _) if matches!(body.kind, BodyKind::Raw(_)) => {
                self.request.raw_body(body.media, content);
            }
            (_, Some(part)) if part.file => self.request.file_part(part.name, content),
            _ => self.request.refuse(not_a_file(operation, name)),
        }
        self
    }

    /// Overrides the client's settings for this call: time limits, retries, additional headers.
    pub fn options(mut self, set: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        self.request.options(set);
        self
    }

    /// Sets the maximum number of items on a page of a list [default: the server decides].
    ///
    /// A number above the maximum in the spec is lowered to that maximum.
    pub fn page_size(mut self, items: u32) -> Self {
        self.request.page_size(items);
        self
    }

    /// Sets the maximum number of items that [`items`](Self::items) yields [default: all].
    ///
    /// [`pages`](Self::pages) ends with the page that reaches it.
    pub fn max_items(mut self, items: u64) -> Self {
        self.request.max_items(items);
        self
    }

    /// Sets the number of pages that are fetched ahead [default: 0].
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.request.prefetch(pages);
        self
    }

    /// Resumes where another stream of this operation stopped, typed or not. Use the same filters
    /// and order.
    pub fn resume(mut self, point: ResumePoint) -> Self {
        self.request.resume(point);
        self
    }

    /// Returns the items of all pages, as a stream. Nothing is sent before it is polled.
    ///
    /// If the operation is not a paged list, the first item is an error.
    ///
    /// ```
    /// # async fn example(call: compute_kfp_runtime::dynamic::Call) -> compute_kfp_runtime::Result<()> {
    /// let mut runs = call.max_items(1_000).items();
    /// while let Some(run) = runs.next().await {
    ///     println!("{}", run?["display_name"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items(self) -> Items<ValuePage> {
        self.pages().items()
    }

    /// Returns the pages, as a stream. Nothing is sent before it is polled.
    ///
    /// If the operation is not a paged list, the first page is an error.
    pub fn pages(self) -> Pages<ValuePage> {
        Pages::new(self.transport, self.request)
    }

    /// Sends the request and reads the response.
    ///
    /// # Errors
    ///
    /// Returns an error if the request cannot be sent, or the response is an error or cannot be
    /// decoded: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send(mut self) -> Result<Response<Value>, Error> {
        match self.request.operation().response {
            None => {
                let response = self.transport.send_empty(self.request).await?;
                Ok(response.map(|()| Value::Null))
            }
            Some(ResponseKind::Json) => self.transport.send_json(self.request).await,
            Some(ResponseKind::OptionalJson) => {
                let response = self.transport.send_optional_json(self.request).await?;
                Ok(response.map(Option::unwrap_or_default))
            }
            Some(kind) => {
                let problem = match kind {
                    ResponseKind::Bytes => "the response is not JSON; use `send_bytes`",
                    _ => "the response is a stream; use `stream`",
                };
                self.request.refuse(problem.to_owned());
                self.transport.send_json(self.request).await
            }
        }
    }

    /// Sends the request and returns the response body as a stream of bytes, whatever its type.
    ///
    /// # Errors
    ///
    /// Returns an error if the request cannot be sent or the response is an error: see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn send_bytes(self) -> Result<Response<ByteStream>, Error> {
        self.transport.send_bytes(self.request).await
    }

    /// Sends the request and returns the JSON values of the response as a stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the response of the operation is not a stream of JSON; nothing is sent
    /// then. Otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn stream(mut self) -> Result<Response<JsonStream<Value>>, Error> {
        use ResponseKind::{JsonLines, JsonResults, JsonSequence};

        let kind = self.request.operation().response;
        if !matches!(kind, Some(JsonLines | JsonSequence | JsonResults)) {
            self.request
                .refuse("the response is not a stream of JSON; use `send`".to_owned());
        }
        self.transport.send_json_stream(self.request).await
    }

    /// Sends the request with `Accept: text/event-stream` and returns the server-sent events as a
    /// stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the operation has no events; nothing is sent then. Otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn events(mut self) -> Result<Response<EventStream>, Error> {
        if !self.request.operation().events {
            self.request
                .refuse("the operation has no server-sent events; use `send`".to_owned());
        }
        self.transport.send_events(self.request).await
    }
}

fn not_a_file(operation: &Operation, name: &str) -> String {
    let files = operation.body_parts().filter(|part| part.file);
    let files: Vec<String> = files.map(|part| format!("`{}`", part.argument)).collect();
    let remedy = match files.is_empty() {
        true => "the operation has none".to_owned(),
        false => format!("there is {}", files.join(" and ")),
    };
    format!("{} is not a file; {remedy}", pointer(&[name]))
}
