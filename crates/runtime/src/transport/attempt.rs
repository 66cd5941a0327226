//! One attempt: middleware, credentials, redirects, and the response.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_LENGTH, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Client;
use tokio::time::timeout;
use url::Url;

use super::Inner;
use crate::body::RequestBody;
use crate::byte_stream::{REPORT, next_chunk, whole};
use crate::content::Progress;
use crate::endpoint::origin;
use crate::error::Error;
use crate::fault;
use crate::middleware::{Attempt, Next, ResponseFuture};
use crate::raw_response::is_event_stream;
use crate::request::ReadyRequest;
use crate::response::{Response, ResponseBody};
use crate::secrets::Secrets;

const MAX_REDIRECTS: usize = 5;

/// The way in which the body of a successful response is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// The whole body, into memory.
    Whole,
    /// Piece by piece, by the caller.
    Streamed,
    /// Event by event, by the caller.
    Events,
}

/// The parts of an attempt that middleware does not see.
pub(super) struct Sending<'a> {
    pub transport: &'a Inner,
    pub http: &'a Client,
    pub request: &'a ReadyRequest,
    pub secrets: &'a Secrets,
    pub taking: Taking,
    /// Maximum time without progress, unless another limit ends the attempt earlier.
    pub longest_silence: Option<Duration>,
}

impl Sending<'_> {
    /// Runs the attempt through the middleware.
    pub async fn run(&self, attempt: Attempt) -> Result<Response<ResponseBody>, Error> {
        let last = |attempt| -> ResponseFuture<'_> { Box::pin(self.exchange(attempt)) };
        let rest = &self.transport.settings.middleware;
        Next { rest, last: &last }.run(attempt).await
    }

    /// Sends the request, follows permitted redirects, and reads the response.
    async fn exchange(&self, attempt: Attempt) -> Result<Response<ResponseBody>, Error> {
        let Attempt {
            mut url, headers, ..
        } = attempt;
        let mut redirects = 0;
        loop {
            let mut request = reqwest::Request::new(self.request.method.clone(), url);
            let mut authorised = headers.clone();
            self.secrets.authorise(&mut authorised);
            *request.headers_mut() = authorised;
            let response = self.send_once(request).await?;
            match self.followed(&response) {
                Some(next) if redirects < MAX_REDIRECTS => url = next,
                _ => return self.read(response).await,
            }
            redirects += 1;
        }
    }

    /// Returns the headers of a request before middleware and credentials.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.request.headers.clone();
        let accepted = match (self.request.accept, self.taking) {
            (_, Taking::Events) => HeaderValue::from_static("text/event-stream"),
            ("", Taking::Whole) => HeaderValue::from_static("application/json"),
            ("", Taking::Streamed) => HeaderValue::from_static("*/*"),
            (declared, _) => {
                HeaderValue::from_str(declared).unwrap_or_else(|_| HeaderValue::from_static("*/*"))
            }
        };
        headers.insert(ACCEPT, accepted);
        let user_agent = || self.transport.user_agent.clone();
        headers.entry(USER_AGENT).or_insert_with(user_agent);
        headers
    }

    /// Sends the request once, and waits for the head of the response as long as there is progress.
    async fn send_once(&self, mut request: reqwest::Request) -> Result<reqwest::Response, Error> {
        let ReadyRequest { method, body, .. } = self.request;
        // Some proxies reject a request without a body and without `Content-Length` (411).
        let may_have_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
        if matches!(body, RequestBody::None) && may_have_body {
            request.headers_mut().insert(CONTENT_LENGTH, 0.into());
        }
        let progress = Progress::default();
        let request = body.attach(self.http, request, &progress).await?;
        if let Some(see) = &self.transport.settings.dry_run {
            see(&preview(request)?);
            return Err(Error::configuration("nothing was sent: this is a dry run"));
        }
        let mut sending = self.http.execute(request);
        let Some(longest_silence) = self.longest_silence else {
            return sending.await.map_err(fault::http);
        };
        loop {
            let moved = progress.load(Ordering::Relaxed);
            match timeout(longest_silence, &mut sending).await {
                Ok(answered) => return answered.map_err(fault::http),
                Err(_) if progress.load(Ordering::Relaxed) > moved => {}
                Err(_) => return Err(fault::silent(longest_silence)),
            }
        }
    }

    /// Returns the target of a redirect, if it repeats the same request on the same server.
    fn followed(&self, response: &reqwest::Response) -> Option<Url> {
        let ReadyRequest { method, body, .. } = self.request;
        let same_request = match response.status() {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => body.is_repeatable(),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                method == Method::GET || method == Method::HEAD
            }
            _ => false,
        };
        let to = fault::target(response.url(), response.headers())?;
        (same_request && origin(&to) == origin(&self.request.url)).then_some(to)
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Response<ResponseBody>, Error> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let is_expected = self.taking != Taking::Events || is_event_stream(&headers);
        let body = if !status.is_success() || !is_expected {
            let url = Box::new(response.url().clone());
            ResponseBody {
                url: (!status.is_success()).then_some(url),
                ..self.beginning(&mut response).await.into()
            }
        } else if self.taking != Taking::Whole {
            ResponseBody {
                unread: Some(Box::new(response)),
                ..Bytes::new().into()
            }
        } else {
            match self.whole(&mut response).await? {
                Ok(body) => body.into(),
                Err(excess) => {
                    let response = Response::new(Bytes::new(), status, headers);
                    return Err(fault::unreadable(
                        &excess,
                        self.secrets.redact_response(response),
                    ));
                }
            }
        };
        Ok(Response::new(body, status, headers))
    }

    /// Reads the body. The inner error names the limit that it exceeds.
    ///
    /// Braces in strings count as objects. That is harmless, because the limit is far above the size
    /// of a page.
    async fn whole(
        &self,
        response: &mut reqwest::Response,
    ) -> Result<Result<Bytes, String>, Error> {
        let limit = self.transport.settings.max_response_bytes;
        let Some(body) = whole(response, limit, self.longest_silence).await? else {
            return Ok(Err(format!(
                "the response has more than {limit} bytes; raise `max_response_bytes` or ask for less"
            )));
        };
        let limit = self.transport.settings.max_response_objects;
        let objects = || body.iter().filter(|byte| **byte == b'{').count();
        if body.len() > limit && objects() > limit {
            return Ok(Err(format!(
                "the response has more than {limit} objects; raise `max_response_objects` or ask for less"
            )));
        }
        Ok(Ok(body))
    }

    /// Reads the beginning of a body that reports a failure. A broken connection is ignored,
    /// because the status is more informative.
    async fn beginning(&self, response: &mut reqwest::Response) -> Bytes {
        let mut body = BytesMut::new();
        while body.len() < REPORT {
            match next_chunk(response, self.longest_silence).await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) | Err(_) => break,
            }
        }
        body.freeze()
    }
}

/// Returns a request for the function that receives those of a dry run.
fn preview(request: reqwest::Request) -> Result<http::Request<Option<Bytes>>, Error> {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let body = body.map(Bytes::copy_from_slice);
    let request = http::Request::<reqwest::Body>::try_from(request).map_err(fault::http)?;
    Ok(request.map(|_| body))
}
