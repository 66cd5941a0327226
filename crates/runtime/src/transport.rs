//! The transport, which sends all requests of a client.

mod attempt;
mod builder;
mod call;
mod trace;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use http::HeaderValue;
use serde::de::DeserializeOwned;

use self::attempt::Taking;
pub use self::builder::TransportBuilder;
use self::call::RunningCall;
use crate::byte_stream::ByteStream;
use crate::credentials::Credentials;
use crate::endpoint::{Endpoint, is_same_server};
use crate::error::Error;
use crate::http_client::{HttpClient, HttpClients};
use crate::operation::{Operation, SecurityScheme};
use crate::raw_response::RawResponse;
use crate::request::Request;
use crate::response::Response;
use crate::stream::{self, EventStream, JsonStream};

/// The transport of a client, which sends its requests. It holds the endpoint, credentials, limits,
/// retries and connections.
///
/// Cloning is cheap; clones share everything. Builders of generated clients call the methods that send.
/// They fail if the request cannot be sent, or the response is an error or cannot be decoded: see
/// [`ErrorKind`](crate::ErrorKind).
///
/// - Each operation gets the credentials it declares, those for a proxy, and no others. After a 401,
///   the credential is renewed if possible, and the call is sent once more.
/// - If the spec declares a server for one operation, its requests are sent there and not to the
///   endpoint; [`TransportBuilder::server`] overrides the address of that server.
/// - Failed calls are retried when that is safe, according to a
///   [`RetryPolicy`](crate::RetryPolicy).
/// - A redirect is followed if it stays on the same scheme, host and port and repeats the same
///   request. Any other redirect is an error, so that no credential reaches another host and no
///   `POST` turns into a `GET`.
/// - Each call is a span of [`tracing`], and so is each attempt. The fields have the names of the
///   OpenTelemetry conventions for HTTP clients. They contain the route and never the values in it.
///
/// ```
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::credentials::BearerToken;
///
/// let transport = Transport::builder("https://kfp.example.org")
///     .credentials("Bearer", BearerToken::new("token"))
///     .build()?;
/// assert_eq!(transport.endpoint(), "https://kfp.example.org");
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Transport(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    http: Arc<HttpClients>,
    user_agent: HeaderValue,
    settings: TransportBuilder,
}

impl Inner {
    /// Returns the endpoint to which an operation is sent.
    fn endpoint_of(&self, operation: &Operation) -> Result<Cow<'_, Endpoint>, Error> {
        let Some(server) = operation.server else {
            return Ok(Cow::Borrowed(&self.endpoint));
        };
        let mut given = self.settings.servers.iter();
        let given = given.find(|(declared, _)| is_same_server(declared, server));
        let endpoint = Endpoint::parse(given.map_or(server, |(_, given)| given))?;
        if !operation.security.is_empty() && !self.settings.credentials.is_empty() {
            endpoint.check_credentials(self.settings.allow_plain_http)?;
        }
        Ok(Cow::Owned(endpoint))
    }

    fn held(&self, scheme: &SecurityScheme) -> Option<&dyn Credentials> {
        let mut all = self.settings.credentials.iter();
        let (_, held) = all.find(|(name, _)| name == scheme.name)?;
        Some(&**held)
    }
}

impl Transport {
    /// Creates a builder for a transport to the server at `endpoint`, such as
    /// `https://example.org`.
    ///
    /// The endpoint may have a path, for example behind a gateway: `https://example.org/pipeline`.
    pub fn builder(endpoint: impl Into<String>) -> TransportBuilder {
        TransportBuilder::new(endpoint.into())
    }

    /// Returns the address of the server, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        self.0.endpoint.as_str()
    }

    /// Returns an HTTP client with the client's proxy and certificates, for requests other than its
    /// operations.
    ///
    /// These requests get no credentials.
    pub fn http_client(&self) -> &HttpClient {
        self.0.http.others()
    }

    /// Sends a request and decodes a JSON response.
    ///
    /// The body is decoded whatever its `Content-Type`. As with all methods that send, the time
    /// limit of the call starts when the future is first polled. Futures that are created first and
    /// awaited later lose no time.
    pub fn send_json<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send {
        self.call(request, Taking::Whole, RawResponse::json)
    }

    /// Sends a request and decodes a JSON response; returns `None` if the body is empty.
    pub fn send_optional_json<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<Option<T>>, Error>> + Send {
        self.call(request, Taking::Whole, RawResponse::optional_json)
    }

    /// Sends a request whose response has no content; any content is ignored.
    pub fn send_empty(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<()>, Error>> + Send {
        self.call(request, Taking::Whole, RawResponse::empty)
    }

    /// Sends a request and returns the response body as a stream of bytes, whatever its type and
    /// length.
    pub fn send_bytes(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<ByteStream>, Error>> + Send {
        let stream = |response: RawResponse| Ok(response.stream());
        self.call(request, Taking::Streamed, stream)
    }

    /// Sends a request and returns the JSON values of the response as a stream.
    ///
    /// [`Operation::response`](crate::operation::Operation::response) defines how they are separated.
    pub fn send_json_stream<T: DeserializeOwned + 'static>(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<JsonStream<T>>, Error>> + Send {
        let stream = |response| Ok(stream::json_values(response));
        self.call(request, Taking::Streamed, stream)
    }

    /// Sends a request with `Accept: text/event-stream` and returns the server-sent events as a
    /// stream.
    pub fn send_events(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response<EventStream>, Error>> + Send {
        self.call(request, Taking::Events, stream::events)
    }

    /// Sends a request until its response can be decoded, or it must not be retried.
    ///
    /// It contains everything that depends on the type of the value, so that the rest is compiled
    /// only once. It holds no value of that type while the call waits.
    async fn call<T>(
        &self,
        request: Request,
        taking: Taking,
        decode: impl Fn(RawResponse) -> Result<Response<T>, Error>,
    ) -> Result<Response<T>, Error> {
        let mut call = RunningCall::begin(&self.0, request, taking)?;
        let mut undecodable = None;
        loop {
            let response = call.response(undecodable).await?;
            match decode(response) {
                Ok(value) => return Ok(value),
                Err(error) => undecodable = Some(error),
            }
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("endpoint", &self.endpoint())
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
