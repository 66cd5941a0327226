//! One attempt: middleware, credentials, redirects, and the answer.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::multipart::Form;
use reqwest::{Response, Url};
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
}

impl Last for Sending<'_> {
    fn send(&self, attempt: Attempt) -> Outcome<'_> {
        Box::pin(self.exchange(attempt))
    }
}

impl Sending<'_> {
    pub async fn run(&self, attempt: Attempt) -> Result<Reply, Error> {
        if self.transport.middleware.is_empty() {
            return self.exchange(attempt).await;
        }
        let next = Next {
            rest: &self.transport.middleware,
            last: self,
        };
        next.run(attempt).await
    }

    /// Sends, follows redirects that may be followed, and reads the answer.
    async fn exchange(&self, attempt: Attempt) -> Result<Reply, Error> {
        let Attempt {
            mut url,
            mut headers,
            ..
        } = attempt;
        self.secrets.authorise(&mut headers);
        let mut response = self.request(&url, &headers).await?;
        for _ in 0..MAX_REDIRECTS {
            let Some(next) = self.followed(&response) else {
                break;
            };
            url = next;
            response = self.request(&url, &headers).await?;
        }
        self.read(url, response).await
    }

    /// Sends once, and waits for the answer's head as long as something moves.
    async fn request(&self, url: &Url, headers: &HeaderMap) -> Result<Response, Error> {
        let progress = Progress::default();
        let Parts { method, body, .. } = self.parts;
        let request = self.transport.http.request(method.clone(), url.clone());
        let request = request.headers(headers.clone());
        let request = match body {
            // Some proxies answer 411 to a request that could have a body and announces none.
            Body::None if matches!(*method, Method::POST | Method::PUT | Method::PATCH) => {
                request.header(CONTENT_LENGTH, 0)
            }
            Body::None => request,
            Body::Bytes { bytes, .. } => request.body(bytes.clone()),
            Body::Raw { content, .. } => {
                let (body, length) = content.open(&progress).await?;
                let announced = length.map(|length| (CONTENT_LENGTH, length.into()));
                request.headers(HeaderMap::from_iter(announced)).body(body)
            }
            Body::Multipart(fields) => request.multipart(form(fields, &progress).await?),
        };
        let longest_silence = self.transport.read_timeout;
        let mut sending = pin!(request.send());
        loop {
            let moved = progress.bytes();
            match timeout(longest_silence, &mut sending).await {
                Ok(answered) => return answered.map_err(Error::http),
                Err(_) if progress.bytes() > moved => {}
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

    async fn read(&self, url: Url, mut response: Response) -> Result<Reply, Error> {
        let (status, mut headers) = (response.status(), response.headers().clone());
        let (body, unread) = if !status.is_success() {
            (self.beginning(&mut response).await, None)
        } else if self.taking == Taking::Streamed {
            (Bytes::new(), Some(response))
        } else {
            let Some(body) = self.whole(&mut response).await? else {
                self.secrets.redact_headers(&mut headers);
                let limit = self.transport.max_response_bytes;
                return Err(Error::too_large(limit, status, headers));
            };
            (body, None)
        };
        Ok(Reply {
            url: Some(url),
            status,
            headers,
            body,
            unread,
        })
    }

    /// The body, or `None` where it is longer than allowed.
    async fn whole(&self, response: &mut Response) -> Result<Option<Bytes>, Error> {
        let limit = self.transport.max_response_bytes;
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > limit {
            return Ok(None);
        }
        let mut body = BytesMut::with_capacity(announced.min(REPORT));
        while let Some(chunk) = next_chunk(response, self.transport.read_timeout).await? {
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
            match next_chunk(response, self.transport.read_timeout).await {
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
