//! What carries every request of a client.

mod builder;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Client, Response, Url};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

pub use self::builder::TransportBuilder;
use crate::answer::{Answer, REPORT, target};
use crate::content::Progress;
use crate::credentials::{Authorization, Credentials};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::operation::{Operation, SecurityScheme};
use crate::request::{Body, Part, Parts, Request};
use crate::response::{ByteStream, ResponseValue};
use crate::secrets::Secrets;

const MAX_REDIRECTS: usize = 5;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// Sends the requests of a client: its endpoint, credentials, limits and connections.
///
/// Cheap to clone; clones share everything.
///
/// A redirect is followed where it stays on the same scheme, host and port and asks for the same
/// request again; any other is an error, so that no credential reaches another host and no `POST`
/// turns into a `GET`.
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
    timeout: Duration,
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
        self.call(request, Answer::json).await
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
        self.call(request, Answer::optional_json).await
    }

    /// Sends a request whose answer has no content; what it has nevertheless is passed over.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from being read: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_empty(&self, request: Request) -> Result<ResponseValue<()>, Error> {
        self.call(request, Answer::empty).await
    }

    /// Sends a request and hands the answer's body over as it comes, whatever its type and length.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from coming: see [`ErrorKind`](crate::ErrorKind).
    pub async fn send_bytes(&self, request: Request) -> Result<ResponseValue<ByteStream>, Error> {
        let operation = request.operation();
        let call = async {
            let deadline = self.deadline();
            let (parts, secrets) = self.prepare(request, ANYTHING, deadline).await?;
            let response = self.exchange(parts).await?;
            if !response.status().is_success() {
                return Err(self.read(response, secrets).await?.failure());
            }
            let (status, headers) = (response.status(), response.headers().clone());
            let stream = ByteStream::new(response, operation, self.0.read_timeout);
            Ok(ResponseValue::new(stream, status, headers))
        };
        call.await.map_err(|error| error.during(operation))
    }

    /// Sends a request, reads the whole answer, and makes a value of it.
    async fn call<T>(
        &self,
        request: Request,
        meaning: impl FnOnce(Answer) -> Result<ResponseValue<T>, Error>,
    ) -> Result<ResponseValue<T>, Error> {
        let operation = request.operation();
        let call = async {
            let deadline = self.deadline();
            let (parts, secrets) = self.prepare(request, JSON, deadline).await?;
            let deadline = deadline.filter(|_| !parts.body.uploads());
            let answer = async { self.read(self.exchange(parts).await?, secrets).await };
            let answer = self.until(deadline, true, answer).await?;
            if answer.status.is_success() {
                meaning(answer)
            } else {
                Err(answer.failure())
            }
        };
        call.await.map_err(|error| error.during(operation))
    }

    /// When a call that begins now has to end; `None` where that is beyond reckoning.
    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.0.timeout)
    }

    async fn until<T>(
        &self,
        deadline: Option<Instant>,
        sent: bool,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match deadline {
            Some(deadline) => timeout_at(deadline, step)
                .await
                .unwrap_or_else(|_| Err(Error::late(self.0.timeout, sent))),
            None => step.await,
        }
    }

    /// Everything that comes before the network: refused values, addresses, credentials.
    async fn prepare(
        &self,
        request: Request,
        accept: HeaderValue,
        deadline: Option<Instant>,
    ) -> Result<(Parts, Secrets), Error> {
        let operation = request.operation();
        let mut parts = request.into_parts(&self.0.endpoint)?;
        let secrets = self
            .until(deadline, false, self.authorize(operation))
            .await?;
        secrets.authorise(&mut parts.headers);
        parts.headers.insert(ACCEPT, accept);
        parts.headers.insert(USER_AGENT, self.0.user_agent.clone());
        Ok((parts, secrets))
    }

    /// What the first credentials that the operation declares and the client holds add.
    async fn authorize(&self, operation: &'static Operation) -> Result<Secrets, Error> {
        let mut secrets = Secrets::default();
        let held = &self.0.credentials;
        if operation.security.is_empty() || held.is_empty() {
            return Ok(secrets);
        }
        let fitting = operation.security.iter().find_map(|alternative| {
            let pairs = alternative
                .iter()
                .map(|scheme| Some((*scheme, find(held, scheme.name)?)));
            pairs.collect::<Option<Vec<_>>>()
        });
        let fitting = fitting.ok_or_else(|| {
            Error::authentication(format!(
                "the client holds no credential for {}; nothing was sent",
                named(operation.security)
            ))
        })?;
        for (scheme, credentials) in fitting {
            let mut authorization = Authorization::new(scheme, self.0.http.clone());
            credentials.authorize(&mut authorization).await?;
            secrets.add(authorization.headers());
        }
        Ok(secrets)
    }

    /// Sends, and follows redirects that may be followed.
    async fn exchange(&self, mut parts: Parts) -> Result<Response, Error> {
        let mut response = self.attempt(&parts).await?;
        for _ in 0..MAX_REDIRECTS {
            let Some(next) = followed(&parts, &response) else {
                break;
            };
            parts.url = next;
            response = self.attempt(&parts).await?;
        }
        Ok(response)
    }

    /// Sends once, and waits for the answer's head as long as something moves.
    async fn attempt(&self, parts: &Parts) -> Result<Response, Error> {
        let progress = Progress::default();
        let request = self.0.http.request(parts.method.clone(), parts.url.clone());
        let request = request.headers(parts.headers.clone());
        let request = match &parts.body {
            // Some proxies answer 411 to a request that could have a body and announces none.
            Body::None if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) => {
                request.header(http::header::CONTENT_LENGTH, 0)
            }
            Body::None => request,
            Body::Bytes { bytes, .. } => request.body(bytes.clone()),
            Body::Raw { content, .. } => {
                let (body, length) = content.open(&progress).await?;
                let announced = length.map(|length| (http::header::CONTENT_LENGTH, length.into()));
                request.headers(HeaderMap::from_iter(announced)).body(body)
            }
            Body::Multipart(fields) => request.multipart(form(fields, &progress).await?),
        };
        let mut sending = pin!(request.send());
        loop {
            let moved = progress.bytes();
            match timeout(self.0.read_timeout, &mut sending).await {
                Ok(answered) => return answered.map_err(Error::http),
                Err(_) if progress.bytes() > moved => {}
                Err(_) => return Err(Error::silent(self.0.read_timeout)),
            }
        }
    }

    async fn read(&self, mut response: Response, secrets: Secrets) -> Result<Answer, Error> {
        let (status, mut headers) = (response.status(), response.headers().clone());
        let body = if status.is_success() {
            match self.whole(&mut response).await? {
                Some(body) => body,
                None => {
                    secrets.redact_headers(&mut headers);
                    return Err(Error::too_large(self.0.max_response_bytes, status, headers));
                }
            }
        } else {
            self.beginning(&mut response).await
        };
        Ok(Answer {
            url: response.url().clone(),
            status,
            headers,
            body,
            secrets,
        })
    }

    /// The body, or `None` where it is longer than allowed.
    async fn whole(&self, response: &mut Response) -> Result<Option<Bytes>, Error> {
        let limit = self.0.max_response_bytes;
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > limit {
            return Ok(None);
        }
        let mut body = BytesMut::with_capacity(announced.min(REPORT));
        while let Some(chunk) = next_chunk(response, self.0.read_timeout).await? {
            if body.len() + chunk.len() > limit {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body.freeze()))
    }

    /// What came of a body that reports a failure: the status tells more than a broken connection.
    async fn beginning(&self, response: &mut Response) -> Bytes {
        let mut body = BytesMut::new();
        while body.len() < REPORT {
            match next_chunk(response, self.0.read_timeout).await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        body.freeze()
    }
}

/// The next piece of a body, unless none comes for too long.
pub(crate) async fn next_chunk(
    response: &mut Response,
    longest_silence: Duration,
) -> Result<Option<Bytes>, Error> {
    match timeout(longest_silence, response.chunk()).await {
        Ok(chunk) => chunk.map_err(Error::http),
        Err(_) => Err(Error::silent(longest_silence)),
    }
}

/// Where a redirect leads that asks for the same request, of the same server, again.
fn followed(parts: &Parts, response: &Response) -> Option<Url> {
    let same_request = match response.status() {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
            parts.body.is_repeatable()
        }
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
            parts.method == Method::GET || parts.method == Method::HEAD
        }
        _ => false,
    };
    let to = target(response.url(), response.headers())?;
    (same_request && to.origin() == parts.url.origin()).then_some(to)
}

async fn form(
    fields: &[(&'static str, Part)],
    progress: &Progress,
) -> Result<reqwest::multipart::Form, Error> {
    let mut form = reqwest::multipart::Form::new();
    for (name, part) in fields {
        form = match part {
            Part::Text(text) => form.text(*name, text.clone()),
            Part::File(content) => {
                let (body, length) = content.open(progress).await?;
                let part = match length {
                    Some(length) => reqwest::multipart::Part::stream_with_length(body, length),
                    None => reqwest::multipart::Part::stream(body),
                };
                let binary = HeaderValue::from_static("application/octet-stream");
                let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, binary)]);
                form.part(
                    *name,
                    part.file_name(file_name(content.name().unwrap_or(name)))
                        .headers(headers),
                )
            }
        };
    }
    Ok(form)
}

/// Escapes what would end the name or its line, as browsers do.
fn file_name(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn find<'a>(held: &'a Held, scheme: &str) -> Option<&'a Arc<dyn Credentials>> {
    held.iter()
        .find(|(known, _)| known == scheme)
        .map(|(_, credentials)| credentials)
}

/// The alternatives of an operation, for a message.
fn named(alternatives: &[&[&SecurityScheme]]) -> String {
    let named = alternatives.iter().map(|alternative| {
        let names: Vec<String> = alternative
            .iter()
            .map(|scheme| format!("`{}`", scheme.name))
            .collect();
        names.join(" and ")
    });
    named.collect::<Vec<_>>().join(" or ")
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
            .field("timeout", &self.0.timeout)
            .field("read_timeout", &self.0.read_timeout)
            .field("max_response_bytes", &self.0.max_response_bytes)
            .finish_non_exhaustive()
    }
}
