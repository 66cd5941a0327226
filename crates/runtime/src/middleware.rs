//! Application code that runs around every attempt of a call.
//!
//! A [`Middleware`] sees each attempt before it is sent, and its outcome, and may change either. It
//! runs outside of the credentials: it never sees them and cannot replace them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderMap;
use url::Url;

use crate::error::Error;
use crate::operation::{Operation, SecurityScheme};
use crate::response::{Response, ResponseBody};

/// The future response of an attempt, whatever its status.
pub type ResponseFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Error>> + Send + 'a>>;

/// Code that runs around every attempt of every call.
///
/// Code before [`Next::run`] runs before the attempt, code after it runs afterwards. Add middleware
/// with [`TransportBuilder::middleware`](crate::TransportBuilder::middleware); the first one added
/// is the outermost. If only one side is of interest, [`before`] and [`after`] create middleware
/// from a closure.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::middleware::{Attempt, Middleware, Next, ResponseFuture};
///
/// /// Adds up the time that responses took.
/// #[derive(Default)]
/// struct Metrics {
///     milliseconds: AtomicU64,
/// }
///
/// impl Middleware for Metrics {
///     fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
///         Box::pin(async move {
///             let begun = Instant::now();
///             let response = next.run(attempt).await?;
///             let took = begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
///             self.milliseconds.fetch_add(took, Ordering::Relaxed);
///             Ok(response)
///         })
///     }
/// }
///
/// let metrics = Arc::new(Metrics::default());
/// let transport = Transport::builder("https://example.org")
///     .middleware(metrics.clone())
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Runs the attempt, or returns a response or an error in its place.
    ///
    /// An error it returns is treated like a network error: the attempt may be retried if
    /// [`Error::is_retryable`] allows it, otherwise the caller gets the error.
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a>;
}

/// Shares one middleware among transports and with the application.
impl<M: Middleware + ?Sized> Middleware for Arc<M> {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
        (**self).handle(attempt, next)
    }
}

/// Creates middleware that runs before each attempt, for example to add a header.
///
/// ```
/// use compute_kfp_runtime::{Transport, middleware};
/// use http::HeaderValue;
///
/// let transport = Transport::builder("https://example.org")
///     .middleware(middleware::before(|attempt| {
///         let team = HeaderValue::from_static("calibration");
///         attempt.headers_mut().insert("x-team", team);
///         Ok(())
///     }))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
pub fn before(
    act: impl Fn(&mut Attempt) -> Result<(), Error> + Send + Sync + 'static,
) -> impl Middleware {
    struct Before<F>(F);
    impl<F: Fn(&mut Attempt) -> Result<(), Error> + Send + Sync + 'static> Middleware for Before<F> {
        fn handle<'a>(&'a self, mut attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
            Box::pin(async move {
                (self.0)(&mut attempt)?;
                next.run(attempt).await
            })
        }
    }
    Before(act)
}

/// Creates middleware that sees the outcome of each attempt.
///
/// ```
/// use compute_kfp_runtime::{Transport, middleware};
///
/// let transport = Transport::builder("https://example.org")
///     .middleware(middleware::after(|operation, outcome| match outcome {
///         Ok(response) => println!("{}: {}", operation.name, response.status()),
///         Err(error) => println!("{}: {error}", operation.name),
///     }))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
pub fn after(
    act: impl Fn(&'static Operation, &Result<Response<ResponseBody>, Error>) + Send + Sync + 'static,
) -> impl Middleware {
    struct After<F>(F);
    impl<F> Middleware for After<F>
    where
        F: Fn(&'static Operation, &Result<Response<ResponseBody>, Error>) + Send + Sync + 'static,
    {
        fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
            Box::pin(async move {
                let operation = attempt.operation();
                let outcome = next.run(attempt).await;
                (self.0)(operation, &outcome);
                outcome
            })
        }
    }
    After(act)
}

/// An attempt of a call, before it is sent.
///
/// It does not contain the body and the credentials.
pub struct Attempt {
    pub(crate) operation: &'static Operation,
    pub(crate) number: u32,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) security: Vec<&'static SecurityScheme>,
}

impl Attempt {
    /// Returns the operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Returns the number of the attempt within its call; the first is 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the address of the request, with all its parameters.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the headers that have been set so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the security schemes whose credentials are sent with the request.
    pub fn security(&self) -> &[&'static SecurityScheme] {
        &self.security
    }

    /// Returns the headers for modification; headers of credentials override those set here.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

/// Shows only the names of headers and no parameters: values may be confidential.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("operation", &self.operation.name)
            .field("number", &self.number)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The rest of an attempt: further middleware, the credentials, the network.
pub struct Next<'a> {
    pub(crate) rest: &'a [Arc<dyn Middleware>],
    pub(crate) last: &'a Last<'a>,
}

/// The last step of an attempt.
pub(crate) type Last<'a> = dyn Fn(Attempt) -> ResponseFuture<'a> + Send + Sync + 'a;

impl<'a> Next<'a> {
    /// Runs the rest of the attempt and returns its outcome.
    ///
    /// # Errors
    ///
    /// Returns an error if no response was received. A response that reports a failure is not an
    /// error yet.
    pub fn run(self, attempt: Attempt) -> ResponseFuture<'a> {
        match self.rest.split_first() {
            Some((middleware, rest)) => middleware.handle(
                attempt,
                Next {
                    rest,
                    last: self.last,
                },
            ),
            None => (self.last)(attempt),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("middleware", &self.rest.len())
            .finish_non_exhaustive()
    }
}
