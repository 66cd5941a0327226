use http::Request;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::request::Parts;
use hyper::body::Bytes;

/// A request that reached a sandbox, whatever its response.
///
/// `Debug` shows neither the `Authorization` nor the `Cookie` header.
///
/// ```
/// # async fn example(sandbox: &compute_kfp_sandbox::Sandbox) {
/// let third_pages = sandbox
///     .received()
///     .iter()
///     .filter(|request| request.query_value("page").as_deref() == Some("3"))
///     .count();
/// assert_eq!(third_pages, 0, "page 3 was never asked for");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    operation_id: Option<&'static str>,
    request: Request<Bytes>,
}

impl ReceivedRequest {
    pub(crate) fn new(operation_id: Option<&'static str>, head: &Parts, body: Bytes) -> Self {
        let mut request = Request::from_parts(head.clone(), body);
        for (name, value) in request.headers_mut() {
            // `Debug` does not show sensitive values.
            value.set_sensitive([AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name));
        }
        Self {
            operation_id,
            request,
        }
    }

    /// Returns the operation id of the requested operation, as in the API's spec.
    ///
    /// `None` if no operation has this path and method.
    #[must_use]
    pub fn operation_id(&self) -> Option<&str> {
        self.operation_id
    }

    /// Returns the HTTP method, in capitals.
    #[must_use]
    pub fn method(&self) -> &str {
        self.request.method().as_str()
    }

    /// Returns the path as sent, without the query and still percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.uri().path()
    }

    /// Returns the query as sent, without the `?` and still percent-encoded.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    /// Returns the decoded value of a query parameter. If there are several, returns the first.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query_values(name).into_iter().next()
    }

    /// Returns the decoded values of a query parameter, in the order sent.
    #[must_use]
    pub fn query_values(&self, name: &str) -> Vec<String> {
        form_urlencoded::parse(self.query().unwrap_or_default().as_bytes())
            .filter(|(sent, _)| sent == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// Returns the headers in the order sent, with names in lower case. Credentials are included.
    ///
    /// A value that is not UTF-8 is omitted; [`header`](Self::header) returns `None` for it.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.request.headers().iter();
        headers.filter_map(|(name, value)| {
            Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?))
        })
    }

    /// Returns the value of a header. If there are several, returns the first. Case is ignored in the
    /// name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.request.headers().get(name)?.as_bytes()).ok()
    }

    /// Returns the body. It is also empty if it was larger than a sandbox accepts.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.request.body()
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the body is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(self.request.body())
    }
}
