//! Settings of a single call.

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::resume_point::ResumePoint;
use crate::retry::RetryPolicy;

const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// Settings of one call, which override those of its client.
///
/// Builders of generated clients take them in `options`. Settings that are omitted keep the values
/// of the client.
///
/// ```
/// use std::time::Duration;
///
/// use compute_kfp_runtime::{CallOptions, RetryPolicy};
///
/// let options = CallOptions::default()
///     .timeout(Duration::from_secs(5))
///     .retry(RetryPolicy::never())
///     .header("x-request-id", "nightly-4711");
/// # drop(options);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    pub(crate) problem: Option<String>,
}

impl CallOptions {
    /// Sets the time limit of the whole call; see [`timeout`](crate::TransportBuilder::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the time limit of one attempt; see
    /// [`attempt_timeout`](crate::TransportBuilder::attempt_timeout).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets the retry policy of the call.
    ///
    /// Each policy has its own budget. Clone one policy for all calls that should share a budget.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Adds a header that the operation does not define, such as `traceparent`.
    ///
    /// Headers that the spec defines are not replaced, and credentials are set on the client, not
    /// here. An invalid header is reported when the call is sent.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            (Ok(name), _) if CREDENTIALS.contains(&name) => self.refuse(format!(
                "the header `{name}` is a credential; set it on the client, which keeps it secret"
            )),
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.refuse(format!("{name:?} is not the name of a header")),
            // The value may be confidential.
            (Ok(name), Err(_)) => self.refuse(format!(
                "the value for the header `{name}` has characters that are not allowed in a header"
            )),
        }
        self
    }

    fn refuse(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}

/// The settings of a list in addition to its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagingOptions {
    pub max_items: Option<u64>,
    pub prefetch: usize,
    pub resume: Option<ResumePoint>,
}

/// Omits the values of headers, which may be confidential.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("problem", &self.problem)
            .finish()
    }
}
