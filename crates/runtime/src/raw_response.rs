//! A response of a call before it is decoded.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::byte_stream::{self, ByteStream, REPORT};
use crate::error::Error;
use crate::fault::{self, begins, is_html};
use crate::json::{self, Fault};
use crate::operation::Operation;
use crate::response::{Response, ResponseBody};
use crate::secrets::Secrets;

/// A response with the credentials that must not appear in its errors.
pub(crate) struct RawResponse {
    pub response: Response<ResponseBody>,
    pub operation: &'static Operation,
    /// Maximum time without data of a body that the caller reads.
    pub longest_silence: Duration,
    /// Maximum size of a part of such a body that is held in memory, in bytes.
    pub limit: usize,
    /// Credentials that authorised the request.
    pub secrets: Secrets,
}

impl RawResponse {
    pub fn json<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        // A DELETE is done, also without a body.
        let body = match self.operation.method == "DELETE" && self.is_empty() {
            true => b"{}",
            false => &*self.response.read,
        };
        match json::read(body) {
            Ok(value) => Ok(self.into_head().map(|()| value)),
            Err(fault) => Err(self.unreadable(&fault)),
        }
    }

    pub fn optional_json<T: DeserializeOwned>(self) -> Result<Response<Option<T>>, Error> {
        if self.is_empty() {
            return Ok(self.response.map(|_| None));
        }
        Ok(self.json::<T>()?.map(Some))
    }

    pub fn empty(self) -> Result<Response<()>, Error> {
        if self.is_html() {
            return Err(self.login_page());
        }
        Ok(self.into_head())
    }

    /// Returns a part of the body as if it were a response.
    pub fn part(&self, status: StatusCode, body: Bytes) -> Self {
        Self {
            response: Response::new(body.into(), status, self.response.headers().clone()),
            secrets: self.secrets.clone(),
            ..*self
        }
    }

    /// Returns the body as a stream of bytes.
    pub fn stream(self) -> Response<ByteStream> {
        let (operation, longest_silence) = (self.operation, self.longest_silence);
        self.response.map(|body| {
            let response = match body.unread {
                Some(response) => *response,
                None => http::Response::new(body.read).into(),
            };
            byte_stream::pieces(response, operation, longest_silence)
        })
    }

    /// Returns the error that the body reports.
    pub fn reported(self) -> Error {
        fault::reported(self.redacted())
    }

    /// Returns the error for a successful response of another media type.
    pub fn unexpected(self, what: &str) -> Error {
        match self.is_html() {
            true => self.login_page(),
            false => fault::unreadable(what, self.redacted()),
        }
    }

    /// Returns the error for an unsuccessful response.
    ///
    /// `sent_to` is used as the address of the response if it has none, because middleware may have
    /// created it.
    pub fn failure(self, sent_to: &Url) -> Error {
        let from = self.response.url.as_deref().unwrap_or(sent_to).clone();
        fault::unsuccessful(&from, self.redacted())
    }

    /// Drops the body here, so that this code is not compiled for each type.
    #[inline(never)]
    fn into_head(self) -> Response<()> {
        self.response.map(|_| ())
    }

    fn is_empty(&self) -> bool {
        self.response.read.trim_ascii().is_empty()
    }

    fn is_html(&self) -> bool {
        is_html(self.response.headers(), &self.response.read)
    }

    fn login_page(self) -> Error {
        fault::login_page(self.redacted())
    }

    #[cold]
    pub fn unreadable(self, fault: &Fault) -> Error {
        if self.is_html() {
            return self.login_page();
        }
        let is_empty = self.is_empty();
        let what = match is_empty {
            true => "the response has no body".to_owned(),
            false => self.secrets.redact_text(&fault.to_string()),
        };
        let error = fault::unreadable(&what, self.redacted());
        match fault.ended && !is_empty {
            true => error.passing(Some(true)),
            false => error,
        }
    }

    fn redacted(self) -> Response<Bytes> {
        let start = |body: ResponseBody| body.read.slice(..body.read.len().min(REPORT));
        self.secrets.redact_response(self.response.map(start))
    }
}

/// Returns whether the response declares server-sent events or no media type at all.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE);
    media.is_none_or(|media| begins(media.as_bytes(), "text/event-stream"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::LOCATION;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read is of interest")]
    struct Page {
        items: Vec<u32>,
        next: Option<String>,
    }

    static OPERATION: Operation = Operation::new("read", "read", "GET", "/items");

    fn received(status: u16, location: &[u8], body: &[u8]) -> RawResponse {
        let location = HeaderValue::from_bytes(location).ok();
        let headers = HeaderMap::from_iter(location.map(|value| (LOCATION, value)));
        let status = StatusCode::from_u16(status).unwrap();
        let body = ResponseBody::from(Bytes::copy_from_slice(body));
        RawResponse {
            response: Response::new(body, status, headers),
            operation: &OPERATION,
            longest_silence: Duration::MAX,
            limit: usize::MAX,
            secrets: Secrets::default(),
        }
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
            let read = || received(200, b"", &body);
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
            let error = received(status, &location, &body).failure(&sent_to);
            prop_assert!(harmless(&error), "{error:?}");
        }
    }
}
