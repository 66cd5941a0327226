//! One attempt: middleware, credentials, redirects, and the answer.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::Either;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::multipart::Form;
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use super::Inner;
use super::call::Taking;
use crate::answer::{REPORT, target};
use crate::content::Progress;
use crate::error::Error;
use crate::middleware::{Attempt, Last, Next, Outcome, Reply};
use crate::request::{Body, Part, Parts};
use crate::secrets::Secrets;

const MAX_REDIRECTS: usize = 5;

/// What an attempt is made of beside what middleware sees.
pub(super) struct Sending<'a> {
    pub transport: &'a Inner,
    pub parts: &'a Parts,
    pub secrets: &'a Secrets,
    pub taking: Taking,
    /// How long nothing may move, unless another limit ends the attempt by then.
    pub longest_silence: Option<Duration>,
}

impl Last for Sending<'_> {
    fn send(&self, attempt: Attempt) -> Outcome<'_> {
        Box::pin(self.exchange(attempt))
    }
}

impl Sending<'_> {
    /// Through the middleware, if there is any.
    pub fn run(&self, attempt: Attempt) -> impl Future<Output = Result<Reply, Error>> + Send {
        if self.transport.middleware.is_empty() {
            return Either::Left(self.exchange(attempt));
        }
        let next = Next {
            rest: &self.transport.middleware,
            last: self,
        };
        Either::Right(next.run(attempt))
    }

    /// Sends, follows redirects that may be followed, and reads the answer.
    ///
    /// Not an `async fn`: that would have room for the attempt twice.
    fn exchange(&self, attempt: Attempt) -> impl Future<Output = Result<Reply, Error>> + Send {
        let Attempt {
            url, mut headers, ..
        } = attempt;
        // What middleware set is needed again for a redirect; all else is at hand.
        let has_middleware = !self.transport.middleware.is_empty();
        let kept = has_middleware.then(|| Box::new(headers.clone()));
        self.secrets.authorise(&mut headers);
        let mut request = reqwest::Request::new(self.parts.method.clone(), url);
        *request.headers_mut() = headers;
        async move {
            let mut redirects = 0;
            let response = loop {
                let response = self.send_once(request).await?;
                let next = self.followed(&response);
                let Some(next) = next.filter(|_| redirects < MAX_REDIRECTS) else {
                    break response;
                };
                redirects += 1;
                request = reqwest::Request::new(self.parts.method.clone(), next);
                let mut headers = match &kept {
                    Some(headers) => HeaderMap::clone(headers),
                    None => self.headers(),
                };
                self.secrets.authorise(&mut headers);
                *request.headers_mut() = headers;
            };
            self.read(response).await
        }
    }

    /// What a request has before middleware and credentials; made for each, which costs less than to
    /// keep and copy it.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.parts.headers.clone();
        let accepted = match self.taking {
            Taking::Whole => "application/json",
            Taking::Streamed => "*/*",
        };
        headers.insert(ACCEPT, HeaderValue::from_static(accepted));
        let user_agent = || self.transport.user_agent.clone();
        headers.entry(USER_AGENT).or_insert_with(user_agent);
        headers
    }

    /// Sends once, and waits for the answer's head as long as something moves.
    async fn send_once(&self, mut request: reqwest::Request) -> Result<Response, Error> {
        let Parts { method, body, .. } = self.parts;
        let progress = match body {
            Body::None => {
                // Some proxies answer 411 to a request that could have a body and announces none.
                if matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
                    request.headers_mut().insert(CONTENT_LENGTH, 0.into());
                }
                None
            }
            Body::Bytes { bytes, .. } => {
                *request.body_mut() = Some(bytes.clone().into());
                None
            }
            // Boxed, so that calls without one have no room for it.
            Body::Raw { content, .. } => {
                let progress = Progress::default();
                let (body, length) = Box::pin(content.open(&progress)).await?;
                let announced = length.map(|length| (CONTENT_LENGTH, length.into()));
                request.headers_mut().extend(announced);
                *request.body_mut() = Some(body);
                Some(progress)
            }
            Body::Multipart(fields) => {
                let progress = Progress::default();
                let form = Box::pin(form(fields, &progress)).await?;
                let builder =
                    RequestBuilder::from_parts(self.transport.http.calls.clone(), request);
                request = builder.multipart(form).build().map_err(Error::http)?;
                Some(progress)
            }
        };
        let mut sending = self.transport.http.calls.execute(request);
        let Some(longest_silence) = self.longest_silence else {
            return sending.await.map_err(Error::http);
        };
        loop {
            let moved = progress.as_ref().map(Progress::bytes);
            match timeout(longest_silence, &mut sending).await {
                Ok(answered) => return answered.map_err(Error::http),
                Err(_) if progress.as_ref().map(Progress::bytes) > moved => {}
                Err(_) => return Err(Error::silent(longest_silence)),
            }
        }
    }

    /// Where a redirect leads that asks for the same request, of the same server, again.
    fn followed(&self, response: &Response) -> Option<Url> {
        let Parts { method, body, .. } = self.parts;
        let same_request = match response.status() {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => body.is_repeatable(),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                method == Method::GET || method == Method::HEAD
            }
            _ => false,
        };
        let to = target(response.url(), response.headers())?;
        (same_request && to.origin() == self.parts.url.origin()).then_some(to)
    }

    async fn read(&self, mut response: Response) -> Result<Reply, Error> {
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        let mut reply = |url, body, unread| Reply {
            url,
            status,
            headers: std::mem::take(&mut headers),
            body,
            unread,
        };
        if !status.is_success() {
            let url = Box::new(response.url().clone());
            let body = self.beginning(&mut response).await;
            return Ok(reply(Some(url), body, None));
        }
        if self.taking == Taking::Streamed {
            return Ok(reply(None, Bytes::new(), Some(Box::new(response))));
        }
        match self.whole(&mut response).await? {
            Some(body) => Ok(reply(None, body, None)),
            None => {
                self.secrets.redact_headers(&mut headers);
                let limit = self.transport.max_response_bytes;
                Err(Error::too_large(limit, status, headers))
            }
        }
    }

    /// The body, or `None` where it is longer than allowed.
    async fn whole(&self, response: &mut Response) -> Result<Option<Bytes>, Error> {
        let limit = self.transport.max_response_bytes;
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > limit {
            return Ok(None);
        }
        let Some(first) = self.piece(response).await? else {
            return Ok(Some(Bytes::new()));
        };
        if first.len() > limit {
            return Ok(None);
        }
        let Some(mut next) = self.piece(response).await? else {
            return Ok(Some(first));
        };
        let expected = announced.min(REPORT).max(first.len() + next.len());
        let mut body = BytesMut::with_capacity(expected);
        body.extend_from_slice(&first);
        loop {
            if body.len() + next.len() > limit {
                return Ok(None);
            }
            body.extend_from_slice(&next);
            next = match self.piece(response).await? {
                Some(next) => next,
                None => return Ok(Some(body.freeze())),
            };
        }
    }

    /// What came of a body that reports a failure: the status tells more than a broken connection.
    async fn beginning(&self, response: &mut Response) -> Bytes {
        let mut body = BytesMut::new();
        while body.len() < REPORT {
            match self.piece(response).await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) | Err(_) => break,
            }
        }
        body.freeze()
    }

    async fn piece(&self, response: &mut Response) -> Result<Option<Bytes>, Error> {
        match self.longest_silence {
            Some(longest_silence) => next_chunk(response, longest_silence).await,
            None => response.chunk().await.map_err(Error::http),
        }
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

async fn form(fields: &[(&'static str, Part)], progress: &Progress) -> Result<Form, Error> {
    let mut form = Form::new();
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
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, binary)]);
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
