//! Code of an application around every attempt of a call.
//!
//! A [`Middleware`] sees each attempt before it is sent and what came of it, and may change either.
//! It stands outside of the credentials: it never sees them and cannot replace them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::error::Error;
use crate::operation::Operation;

/// What comes of an attempt, in time.
pub type Outcome<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;

/// Something that is asked around every attempt of every call.
///
/// What stands before [`Next::run`] happens before the attempt, what stands behind it afterwards.
/// Middleware is set with [`TransportBuilder::middleware`](crate::TransportBuilder::middleware); the
/// first that was set is the outermost. Where only one side is of interest, [`before`] and [`after`]
/// make one of a closure.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use compute_kfp_runtime::Transport;
/// use compute_kfp_runtime::middleware::{Attempt, Middleware, Next, Outcome};
///
/// /// Counts answers and adds up the time they took.
/// #[derive(Default)]
/// struct Metrics {
///     answers: AtomicU64,
///     milliseconds: AtomicU64,
/// }
///
/// impl Middleware for Metrics {
///     fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> Outcome<'a> {
///         Box::pin(async move {
///             let begun = Instant::now();
///             let reply = next.run(attempt).await?;
///             self.answers.fetch_add(1, Ordering::Relaxed);
///             let took = begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
///             self.milliseconds.fetch_add(took, Ordering::Relaxed);
///             Ok(reply)
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
    /// Runs the attempt, or answers in its place.
    ///
    /// An error it returns is treated like one of the network: it may be retried where its
    /// [`Error::is_retryable`] says so, and otherwise reaches the caller.
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> Outcome<'a>;
}

/// Shares one middleware among transports and with the application.
impl<M: Middleware + ?Sized> Middleware for Arc<M> {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> Outcome<'a> {
        (**self).handle(attempt, next)
    }
}

/// Middleware that does something before each attempt, such as adding a header.
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
        fn handle<'a>(&'a self, mut attempt: Attempt, next: Next<'a>) -> Outcome<'a> {
            Box::pin(async move {
                (self.0)(&mut attempt)?;
                next.run(attempt).await
            })
        }
    }
    Before(act)
}

/// Middleware that looks at what came of each attempt.
///
/// ```
/// use compute_kfp_runtime::{Transport, middleware};
///
/// let transport = Transport::builder("https://example.org")
///     .middleware(middleware::after(|operation, outcome| match outcome {
///         Ok(reply) => println!("{}: {}", operation.name, reply.status()),
///         Err(error) => println!("{}: {error}", operation.name),
///     }))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), compute_kfp_runtime::Error>(())
/// ```
pub fn after(
    act: impl Fn(&'static Operation, &Result<Reply, Error>) + Send + Sync + 'static,
) -> impl Middleware {
    struct After<F>(F);
    impl<F> Middleware for After<F>
    where
        F: Fn(&'static Operation, &Result<Reply, Error>) + Send + Sync + 'static,
    {
        fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> Outcome<'a> {
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

/// One attempt of a call, before it is sent.
///
/// Its body and its credentials are not part of it.
pub struct Attempt {
    pub(crate) operation: &'static Operation,
    pub(crate) number: u32,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
}

impl Attempt {
    /// The operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Which attempt of its call it is; the first is 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it goes, with all its parameters.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers it has so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to be changed; those of credentials replace what is set here.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

/// Names of headers only, and no parameters: values may be confidential.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("operation", &self.operation.name)
            .field("number", &self.number)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What came back: whatever the status is.
pub struct Reply {
    /// Where it came from, if it is a failure that a server reported. This and what is unread is rare,
    /// and boxed because a reply is moved often.
    pub(crate) url: Option<Box<Url>>,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// What was read of the body: for a failure its beginning.
    pub(crate) body: Bytes,
    /// What is left to the caller to read.
    pub(crate) unread: Option<Box<reqwest::Response>>,
}

impl Reply {
    /// An answer that did not come from a server, as a cache or a test gives it.
    ///
    /// ```
    /// use compute_kfp_runtime::middleware::Reply;
    ///
    /// let reply = Reply::new(http::StatusCode::OK, http::HeaderMap::new(), "{}".into());
    /// assert_eq!(reply.body(), Some(&b"{}"[..]));
    /// ```
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            url: None,
            status,
            headers,
            body,
            unread: None,
        }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, where it was read; `None` where it is handed to the caller piece by piece.
    pub fn body(&self) -> Option<&[u8]> {
        self.unread.is_none().then_some(&*self.body)
    }
}

/// Headers and body are left out: a server may repeat a secret in them.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The rest of an attempt: other middleware, the credentials, the network.
pub struct Next<'a> {
    pub(crate) rest: &'a [Arc<dyn Middleware>],
    pub(crate) last: &'a dyn Last,
}

/// What an attempt ends in.
pub(crate) trait Last: Send + Sync {
    fn send(&self, attempt: Attempt) -> Outcome<'_>;
}

impl<'a> Next<'a> {
    /// Runs it and gives what came of it.
    ///
    /// # Errors
    ///
    /// Whatever keeps an answer from coming; an answer that reports a failure is not an error yet.
    pub fn run(self, attempt: Attempt) -> Outcome<'a> {
        match self.rest.split_first() {
            Some((middleware, rest)) => middleware.handle(
                attempt,
                Next {
                    rest,
                    last: self.last,
                },
            ),
            None => self.last.send(attempt),
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
