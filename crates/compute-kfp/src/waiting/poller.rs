//! Polling of a run or a job.

use std::future::Future;

use compute_kfp_runtime::{Error, ErrorKind};
use futures_core::future::BoxFuture;
use futures_util::TryFutureExt as _;

use super::ended::Unfinished;
use super::kept::Kept;
use super::patience::{Patience, PollPolicy, Stop};
use super::progress::Progress;
use super::request_limit::RequestLimit;

/// A function that reads a run or a job.
pub(crate) struct Reader<T> {
    request_limit: RequestLimit,
    call: Box<dyn Fn() -> BoxFuture<'static, Result<Box<T>, Error>> + Send + Sync>,
}

impl<T: Progress> Reader<T> {
    /// Creates a reader that calls `read` with a client when the limit on requests allows it.
    pub fn new<C, F>(
        client: &C,
        request_limit: &RequestLimit,
        read: impl Fn(C) -> F + Send + Sync + 'static,
    ) -> Self
    where
        C: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let client = client.clone();
        Self {
            request_limit: request_limit.clone(),
            call: Box::new(move || Box::pin(read(client.clone()).map_ok(Box::new))),
        }
    }

    /// Reads the value. It is boxed, so that waits for a permit reserve no space for it.
    async fn read(&self) -> Result<Box<T>, Error> {
        let _permit = self.request_limit.permit().await;
        (self.call)().await
    }
}

pub(crate) struct Poller<T: Progress> {
    what: String,
    reader: Reader<T>,
    patience: Patience,
    last: Option<Kept<T>>,
}

impl<T: Progress> Poller<T> {
    pub fn new(what: String, reader: Reader<T>, policy: PollPolicy) -> Self {
        Self {
            what,
            reader,
            patience: Patience::new(policy),
            last: None,
        }
    }

    /// Reads until the state differs from the previous one.
    pub async fn changed(&mut self) -> Result<T, Error> {
        loop {
            if self.last.is_some() {
                self.pause().await?;
            }
            let before = self.last.as_ref().map(|last| last.state.clone());
            let now = self.read().await?;
            if before.as_ref() != Some(now.state()) {
                self.refresh();
                return Ok(now);
            }
        }
    }

    /// Reads once.
    pub async fn read(&mut self) -> Result<T, Error> {
        // Boxed, so that a pause between two requests reserves no space for it.
        let read = Box::pin(self.patience.ask(|| self.reader.read())).await;
        let now = *read.map_err(|stop| self.stopped(stop))?;
        match &mut self.last {
            Some(last) => last.replace(&now),
            None => self.last = Some(Kept::new(&now)),
        }
        Ok(now)
    }

    /// Returns the response to another call, with the same limits, or `None` if it must be made again.
    #[cfg(feature = "compute")]
    pub async fn attempt<A>(
        &mut self,
        call: impl Future<Output = Result<A, Error>>,
    ) -> Result<Option<A>, Error> {
        let response = self.patience.attempt(call).await;
        response.map_err(|stop| self.stopped(stop))
    }

    pub async fn pause(&mut self) -> Result<(), Error> {
        let paused = self.patience.pause().await;
        paused.map_err(|stop| self.stopped(stop))
    }

    /// Makes the next pause short.
    pub fn refresh(&mut self) {
        self.patience.refresh();
    }

    fn stopped(&mut self, stop: Stop) -> Error {
        let what = &self.what;
        let policy = self.patience.policy();
        let error = match stop {
            Stop::Refused(error) => return error,
            Stop::Timeout => {
                let limit = policy.timeout.unwrap_or_default();
                let message = match &self.last {
                    Some(last) => format!(
                        "{what} was still {} after {limit:?}; allow more with `timeout`",
                        last.state
                    ),
                    None => format!("cannot read the state of {what} in {limit:?}"),
                };
                Error::new(ErrorKind::Timeout, message)
            }
            Stop::Outage(fault) => {
                let limit = policy.max_outage;
                let message = format!(
                    "gave up waiting for {what} after {limit:?} without a response; allow more with `max_outage`: {fault}"
                );
                let error = Error::new(fault.kind(), message);
                self.patience.fault = Some(fault);
                error
            }
        };
        let fault = self.patience.fault.take();
        let last = self.last.take().and_then(|last| last.value());
        error.caused_by(Unfinished::new(last, fault))
    }
}
