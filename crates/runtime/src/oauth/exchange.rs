//! One request to a login server, and the handling of its response.

use std::error::Error as StdError;
use std::pin::Pin;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use oauth2::{AsyncHttpClient, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError};
use url::Url;

use crate::endpoint::{Endpoint, is_private};
use crate::error::Error;
use crate::fault::message::LONGEST;
use crate::fault::{self, is_html};
use crate::http_client::HttpClient;
use crate::secrets::Secrets;

/// Form fields that must not appear in an error, even if a server echoes them.
const SECRET_FIELDS: [&str; 5] = [
    "client_secret",
    "code_verifier",
    "device_code",
    "refresh_token",
    "token",
];

/// Parses the address of a login server, and checks that what is sent there stays private.
pub(super) fn address(what: &str, url: &str, allow_plain_http: bool) -> Result<Url, Error> {
    let wrong = |error: Error| {
        let message = format!("the {what} of the login server: {}", error.message());
        Error::configuration(message).caused_by(error)
    };
    // A query is allowed to these addresses, as some servers tell tenants apart by it.
    let (base, _) = url.split_once('?').unwrap_or((url, ""));
    let endpoint = Endpoint::parse(base).map_err(wrong)?;
    if !allow_plain_http && !is_private(&endpoint.url) {
        return Err(Error::configuration(format!(
            "the {what} of the login server, `{}`, would receive secrets over plain HTTP; use https, or allow it",
            endpoint.as_str()
        )));
    }
    Url::parse(url.trim()).map_err(|error| {
        Error::configuration(format!("the {what} of the login server is not a URL"))
            .caused_by(error)
    })
}

/// A series of exchanges with one login server.
pub(super) struct Exchange<'a> {
    http: &'a HttpClient,
    /// Name of what is requested, for messages.
    what: &'static str,
    /// Value that no error may contain, in addition to the secret fields of a form.
    secret: Option<HeaderValue>,
}

impl<'a> Exchange<'a> {
    pub fn new(http: &'a HttpClient, what: &'static str) -> Self {
        Self {
            http,
            what,
            secret: None,
        }
    }

    pub fn hiding(mut self, secret: &str) -> Self {
        self.secret = HeaderValue::from_str(secret).ok();
        self
    }

    /// Sends a request.
    ///
    /// Returns a success, or a refusal in the format of RFC 6749 without the secrets of the
    /// request. Everything else is an error. A response has no headers, because servers send wrong
    /// content types.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let secrets = self.secrets_of(&request);
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| self.failed(fault::http(error)))?;
        if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
            value.set_sensitive(true);
        }
        let url = request.url().clone();
        let response = self.http.execute(request).await;
        let response = response.map_err(|error| self.failed(error))?;
        let status = response.status();
        if status.is_success() && !is_html(response.headers(), &response) {
            return Ok(HttpResponse::new(response.to_vec()));
        }
        let response = secrets.redact_response(response);
        if status.is_client_error() && is_refusal(&response) {
            let mut refusal = HttpResponse::new(response.to_vec());
            *refusal.status_mut() = status;
            return Ok(refusal);
        }
        Err(self.failed(match status.is_success() {
            true => fault::login_page(response),
            false => fault::unsuccessful(&url, response),
        }))
    }

    fn secrets_of(&self, request: &HttpRequest) -> Secrets {
        let mut headers = HeaderMap::new();
        for (name, value) in url::form_urlencoded::parse(request.body()) {
            let secret = SECRET_FIELDS.iter().find(|secret| **secret == name);
            if let (Some(secret), Ok(value)) = (secret, HeaderValue::from_str(&value)) {
                headers.insert(HeaderName::from_static(secret), value);
            }
        }
        if let Some(secret) = &self.secret {
            headers.insert(HeaderName::from_static("client_secret"), secret.clone());
        }
        if let Some(value) = request.headers().get(AUTHORIZATION) {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let mut secrets = Secrets::default();
        secrets.add(&headers);
        secrets
    }

    fn failed(&self, error: Error) -> Error {
        let status = error.status();
        let status = status.map_or_else(String::new, |it| format!("{}: ", it.as_u16()));
        let message = self.none(&format!("{status}{}", error.message()));
        Error::of_credential(message, error)
    }

    fn none(&self, why: &str) -> String {
        format!("the login server returned no {}: {why}", self.what)
    }

    /// Converts an error from `oauth2`.
    pub fn error<R>(&self, error: RequestTokenError<Error, R>) -> Error
    where
        R: ErrorResponse + 'static,
    {
        match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(refusal) => self.refused(&refusal.to_string()),
            // The response and its values may be tokens; only the position is reported.
            RequestTokenError::Parse(error, _) => self.unreadable(&error),
            RequestTokenError::Other(what) => self.refused(&what),
        }
    }

    pub fn refused(&self, words: &str) -> Error {
        let words: String = words.chars().take(LONGEST).collect();
        Error::authentication(self.none(&words))
    }

    pub fn unreadable(&self, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
        let inner = error.inner();
        let what = match (inner.classify(), error.path().to_string().as_str()) {
            (serde_json::error::Category::Data, ".") => missing(inner),
            (serde_json::error::Category::Data, path) => format!("`{path}` cannot be read"),
            _ => "it is not JSON".to_owned(),
        };
        self.refused(&format!("{what}; check its address"))
    }
}

/// Sends the requests of `oauth2`.
impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Names a missing field. Other messages are dropped, as they may contain a value.
fn missing(error: &dyn StdError) -> String {
    let text = error.to_string();
    match text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'))
    {
        Some((field, _)) => format!("`{field}` is missing"),
        None => "it does not follow the standard".to_owned(),
    }
}

fn is_refusal(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|json| json.get("error").is_some_and(serde_json::Value::is_string))
}
