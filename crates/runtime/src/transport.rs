//! What carries every request of a client.

mod attempt;
mod builder;
mod call;
mod http_client;
mod trace;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use reqwest::Client;
use serde::de::DeserializeOwned;
use tracing::{Instrument as _, Span};

pub(crate) use self::attempt::next_chunk;
pub use self::builder::TransportBuilder;
use self::call::{Call, Taking};
use crate::answer::Answer;
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::middleware::Middleware;
use crate::request::Request;
use crate::response::{ByteStream, ResponseValue};
use crate::retry::RetryPolicy;

/// Sends the requests of a client: its endpoint, credentials, limits, retries and connections.
///
/// Cheap to clone; clones share everything.
///
/// - Each operation gets the credentials it declares and no others. A 401 is answered by renewing the
///   credential, where it can be, and sending the call once more.
/// - What is safe to repeat is repeated, as a [`RetryPolicy`] says.
/// - A redirect is followed where it stays on the same scheme, host and port and asks for the same
///   request again; any other is an error, so that no credential reaches another host and no `POST`
///   turns into a `GET`.
/// - Each call is a span of [`tracing`], and so is each attempt, with the names that OpenTelemetry
///   gives to the fields of an HTTP client. They hold the route and never the values in it.
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
    http: Client,
    user_agent: HeaderValue,
    credentials: Held,
    middleware: Vec<Arc<dyn Middleware>>,
    retry: RetryPolicy,
    timeout: Duration,
    attempt_timeout: Duration,
    read_timeout: Duration,
    max_response_bytes: usize,
}

/// Credentials by the name of their scheme.
type Held = Vec<(String, Arc<dyn Credentials>)>;

impl Transport {
    /// Starts setting up a transport to the server at `endpoint`, such as `https://example.org`.
    ///
    /// The endpoint may have a path, as behind a gateway: `https://example.org/pipeline`.
    pub fn builder(endpoint: impl Into<String>) -> TransportBuilder {
        TransportBuilder::new(endpoint.into())
    }

    /// Address of the server, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        self.0.endpoint.as_str()
    }

    /// The client's connections, with its proxy and certificates, for requests beside its operations.
    ///
    /// Nothing authorises these.
    pub fn http_client(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// Sends a request and reads a JSON answer.
    ///
    /// The body decides, not its `Content-Type`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from being read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_json<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<ResponseValue<T>, Error> {
        self.call(request, Taking::Whole, Answer::json).await
    }

    /// Sends a request and reads a JSON answer, or `None` where the body is empty.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from being read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_optional_json<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<ResponseValue<Option<T>>, Error> {
        self.call(request, Taking::Whole, Answer::optional_json)
            .await
    }

    /// Sends a request whose answer has no content; what it has nevertheless is passed over.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from being read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_empty(&self, request: Request) -> Result<ResponseValue<()>, Error> {
        self.call(request, Taking::Whole, Answer::empty).await
    }

    /// Sends a request and hands the answer's body over as it comes, whatever its type and length.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from coming: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_bytes(&self, request: Request) -> Result<ResponseValue<ByteStream>, Error> {
        let (operation, longest_silence) = (request.operation(), self.0.read_timeout);
        let stream = |answer: Answer| Ok(answer.stream(operation, longest_silence));
        self.call(request, Taking::Streamed, stream).await
    }

    /// Sends a request until it has an answer that means something, or may not be sent again.
    ///
    /// All but what the answer means is the same for every type, and compiled once: the futures are
    /// behind pointers.
    async fn call<T>(
        &self,
        request: Request,
        taking: Taking,
        meaning: impl Fn(Answer) -> Result<ResponseValue<T>, Error>,
    ) -> Result<ResponseValue<T>, Error> {
        let mut answered = self.answered(request, taking).await?;
        loop {
            let Answered { call, answer, span } = answered;
            match span.in_scope(|| meaning(answer)) {
                Ok(value) => return Ok(value),
                Err(error) => answered = again(call, error, span).await?,
            }
        }
    }

    fn answered(&self, request: Request, taking: Taking) -> Answering<'_> {
        let span = trace::call(&self.0.endpoint, request.operation());
        answering(span, async move {
            Call::new(&self.0, request, taking)?.answer().await
        })
    }
}

/// A call with an answer of success, which may yet turn out to be none.
struct Answered<'a> {
    call: Call<'a>,
    answer: Answer,
    span: Span,
}

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answered<'a>, Error>> + Send + 'a>>;

/// Sends the call again, where it may be.
fn again<'a>(mut call: Call<'a>, error: Error, span: Span) -> Answering<'a> {
    answering(span, async move {
        call.again(error).await?;
        call.answer().await
    })
}

fn answering<'a>(
    span: Span,
    answer: impl Future<Output = Result<(Call<'a>, Answer), Error>> + Send + 'a,
) -> Answering<'a> {
    Box::pin(async move {
        match answer.instrument(span.clone()).await {
            Ok((call, answer)) => Ok(Answered { call, answer, span }),
            Err(error) => {
                trace::failed(&span, &error);
                Err(error)
            }
        }
    })
}

fn scheme_names(held: &Held) -> Vec<&str> {
    held.iter().map(|(scheme, _)| scheme.as_str()).collect()
}

/// Credentials are shown by scheme alone: what an implementation prints of itself is not known.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("endpoint", &self.endpoint())
            .field("credentials", &scheme_names(&self.0.credentials))
            .field("retry", &self.0.retry)
            .field("timeout", &self.0.timeout)
            .field("attempt_timeout", &self.0.attempt_timeout)
            .field("read_timeout", &self.0.read_timeout)
            .field("max_response_bytes", &self.0.max_response_bytes)
            .finish_non_exhaustive()
    }
}
