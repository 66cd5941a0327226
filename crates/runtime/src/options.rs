//! What is set for one call and not for a whole client.

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::retry::RetryPolicy;

const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// Settings of one call, in place of those of its client.
///
/// Builders of generated clients take them in `options`; what is not set stays as the client has it.
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
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    pub(crate) problem: Option<String>,
}

impl CallOptions {
    /// How long the call may take in all; see [`timeout`](crate::TransportBuilder::timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long one attempt may take; see
    /// [`attempt_timeout`](crate::TransportBuilder::attempt_timeout).
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How the call is sent again.
    ///
    /// A policy has its own budget; give a clone of one policy to the calls that are to share it.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sends a header that the operation does not know of, such as `traceparent`.
    ///
    /// A header that the API description knows is not replaced, and credentials are not given here but
    /// to the client. What cannot be sent is reported when the call is sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            (Ok(name), _) if CREDENTIALS.contains(&name) => self.refuse(format!(
                "the header `{name}` is a credential; give it to the client, where it stays secret"
            )),
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.refuse(format!("{name:?} is not the name of a header")),
            // The value may be confidential.
            (Ok(name), Err(_)) => self.refuse(format!(
                "the value for the header `{name}` has characters that no header can hold"
            )),
        }
        self
    }

    fn refuse(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}

/// Values of headers may be confidential.
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
