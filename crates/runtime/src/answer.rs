//! A response of the server, and the decoding of its body.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::error::{Error, is_html};
use crate::json::{self, Fault};
use crate::middleware::Reply;
use crate::operation::Operation;
use crate::response::{ByteStream, ResponseValue};
use crate::secrets::Secrets;
use crate::stream::{EventStream, Head, JsonStream};

/// Maximum number of bytes that are read of a response that reports an error or cannot be decoded.
pub(crate) const REPORT: usize = 1024 * 1024;

pub(crate) struct Answer {
    /// Address that the response came from, if it reports an error.
    pub url: Option<Box<Url>>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The part of the body that has been read.
    pub body: Bytes,
    /// `true` if a success without a body is valid, as for a DELETE.
    pub may_be_empty: bool,
    /// The part of the body that the caller reads.
    unread: Option<Box<reqwest::Response>>,
    /// Credentials that authorised the request.
    pub secrets: Secrets,
}

impl Answer {
    pub fn new(reply: Reply, secrets: Secrets) -> Self {
        Self {
            url: reply.url,
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            may_be_empty: false,
            unread: reply.unread,
            secrets,
        }
    }

    /// Returns a part of a response that is read piece by piece.
    pub fn read(status: StatusCode, headers: HeaderMap, body: Bytes, secrets: Secrets) -> Self {
        Self::new(Reply::new(status, headers, body), secrets)
    }

    pub fn json<T: DeserializeOwned>(self) -> Result<ResponseValue<T>, Error> {
        let body = match self.may_be_empty && self.is_empty() {
            true => b"{}",
            false => &*self.body,
        };
        match json::read(body) {
            Ok(value) => {
                let (status, headers) = self.into_head();
                Ok(ResponseValue::new(value, status, headers))
            }
            Err(fault) => Err(self.unreadable(&fault)),
        }
    }

    pub fn optional_json<T: DeserializeOwned>(self) -> Result<ResponseValue<Option<T>>, Error> {
        if self.is_empty() {
            return Ok(ResponseValue::new(None, self.status, self.headers));
        }
        Ok(self.json::<T>()?.map(Some))
    }

    pub fn empty(self) -> Result<ResponseValue<()>, Error> {
        if is_html(&self.headers, &self.body) {
            return Err(self.login_page());
        }
        Ok(ResponseValue::new((), self.status, self.headers))
    }

    /// Returns the body as a stream of bytes.
    pub fn stream(
        self,
        operation: &'static Operation,
        longest_silence: Duration,
    ) -> ResponseValue<ByteStream> {
        let response = self.unread.map_or_else(
            || http::Response::new(self.body).into(),
            |response| *response,
        );
        let stream = ByteStream::new(response, operation, longest_silence);
        ResponseValue::new(stream, self.status, self.headers)
    }

    /// Returns the body as a stream of JSON values.
    pub fn json_stream<T: DeserializeOwned>(
        self,
        operation: &'static Operation,
        longest_silence: Duration,
        limit: usize,
    ) -> ResponseValue<JsonStream<T>> {
        let head = self.head(operation, limit);
        let body = self.stream(operation, longest_silence);
        body.map(|body| JsonStream::new(body, head))
    }

    /// Returns the body as a stream of events.
    pub fn events(
        self,
        operation: &'static Operation,
        longest_silence: Duration,
        limit: usize,
    ) -> Result<ResponseValue<EventStream>, Error> {
        if !is_event_stream(&self.headers) {
            if is_html(&self.headers, &self.body) {
                return Err(self.login_page());
            }
            let answer = self.redacted();
            let what = "the response is not a `text/event-stream`";
            let error = Error::unreadable(what, answer.status, answer.headers, answer.body);
            return Err(error);
        }
        let head = self.head(operation, limit);
        let body = self.stream(operation, longest_silence);
        Ok(body.map(|body| EventStream::new(body, head)))
    }

    fn head(&self, operation: &'static Operation, limit: usize) -> Head {
        Head {
            operation,
            status: self.status,
            headers: self.headers.clone(),
            secrets: self.secrets.clone(),
            limit,
        }
    }

    /// Returns the error that the body reports.
    pub fn reported(self) -> Error {
        let answer = self.redacted();
        Error::answered(answer.status, answer.headers, answer.body)
    }

    /// Returns the error for a response whose body does not show what is wrong.
    pub fn without_body(self, what: &str) -> Error {
        let answer = self.redacted();
        Error::unreadable(what, answer.status, answer.headers, Bytes::new())
    }

    /// Returns the error for an unsuccessful response.
    ///
    /// `sent_to` is used as the address of the response if the reply has none, because middleware
    /// may have created the reply.
    pub fn failure(self, sent_to: &Url) -> Error {
        let answer = self.redacted();
        let from = answer.url.as_deref().unwrap_or(sent_to);
        match target(from, &answer.headers) {
            Some(to) if answer.status.is_redirection() => {
                Error::redirected(from, &to, answer.status, answer.headers, answer.body)
            }
            _ => Error::answered(answer.status, answer.headers, answer.body),
        }
    }

    /// Drops the rest here, so that this code is not compiled for each type.
    #[inline(never)]
    fn into_head(self) -> (StatusCode, HeaderMap) {
        (self.status, self.headers)
    }

    fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    fn login_page(self) -> Error {
        let answer = self.redacted();
        Error::login_page(answer.status, answer.headers, answer.body)
    }

    #[cold]
    pub fn unreadable(self, fault: &Fault) -> Error {
        let ended = fault.ended && !self.is_empty();
        let error = self.without_meaning(fault);
        if ended { error.cut_off() } else { error }
    }

    fn without_meaning(self, fault: &Fault) -> Error {
        if is_html(&self.headers, &self.body) {
            return self.login_page();
        }
        let what = if self.is_empty() {
            "the answer has no body".to_owned()
        } else {
            fault.to_string()
        };
        let answer = self.redacted();
        let what = answer.secrets.redact_text(&what);
        Error::unreadable(&what, answer.status, answer.headers, answer.body)
    }

    /// Removes the credentials: a server may echo what it was sent, and errors end up in logs.
    fn redacted(mut self) -> Self {
        self.body = self
            .secrets
            .redact(&self.body[..self.body.len().min(REPORT)]);
        self.secrets.redact_headers(&mut self.headers);
        self
    }
}

/// Returns whether the response declares server-sent events or no media type at all.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    const MEDIA: &[u8] = b"text/event-stream";
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let start = value.as_bytes().get(..MEDIA.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(MEDIA))
    })
}

/// Returns the target of a redirect.
pub(crate) fn target(from: &Url, headers: &HeaderMap) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read is of interest")]
    struct Page {
        items: Vec<u32>,
        next: Option<String>,
    }

    fn answer(status: u16, location: &[u8], body: &[u8]) -> Answer {
        let location = HeaderValue::from_bytes(location).ok();
        let headers = HeaderMap::from_iter(location.map(|value| (LOCATION, value)));
        let status = StatusCode::from_u16(status).unwrap();
        let reply = Reply::new(status, headers, Bytes::copy_from_slice(body));
        Answer::new(reply, Secrets::default())
    }

    /// Bytes, and strings that are nearly valid.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\{\"(items|next)\":[\\[\\]{}0-9,\"a-zä]{0,20}\\}?".prop_map(String::into_bytes),
            "\\s?<(!doctype )?[hH]tml.{0,20}".prop_map(String::into_bytes),
        ]
    }

    fn harmless(error: &Error) -> bool {
        let message = error.to_string();
        !error.message().is_empty() && !message.contains(|c: char| c.is_control() && c != '\n')
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_body_is_a_value_or_an_error(body in body()) {
            let read = || answer(200, b"", &body);
            let errors = [
                read().json::<Page>().err(),
                read().optional_json::<Page>().err(),
                read().empty().err(),
            ];
            prop_assert!(errors.iter().flatten().all(harmless), "{errors:?}");
        }

        #[test]
        fn any_redirect_is_an_error(
            status in 300..=399_u16,
            location in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "(https?|ftp|data)?:?(//)?[a-z\\[\\]:@%.0-9]{0,12}(/\\PC{0,8})?".prop_map(String::into_bytes),
            ],
            body in body(),
        ) {
            let sent_to = Url::parse("https://example.org/items").unwrap();
            let error = answer(status, &location, &body).failure(&sent_to);
            prop_assert!(harmless(&error), "{error:?}");
        }
    }
}
