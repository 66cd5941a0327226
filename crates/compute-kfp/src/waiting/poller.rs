//! Asking for a run or a job again and again.

use std::future::Future;

use compute_kfp_runtime::{Error, ErrorKind};
use futures_core::future::BoxFuture;

use super::ended::Unfinished;
use super::patience::{Patience, Settings, Stop};
use super::progress::Progress;

/// How a run or a job is read.
pub(crate) type Read<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, Error>> + Send + Sync>;

/// A way to read that needs a client.
pub(crate) fn reading<C, T, F>(client: &C, read: impl Fn(C) -> F + Send + Sync + 'static) -> Read<T>
where
    C: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let client = client.clone();
    Box::new(move || Box::pin(read(client.clone())))
}

pub(crate) struct Poller<T> {
    what: String,
    read: Read<T>,
    patience: Patience,
    last: Option<T>,
}

impl<T: Progress> Poller<T> {
    pub fn new(what: String, read: Read<T>, settings: Settings) -> Self {
        Self {
            what,
            read,
            patience: Patience::new(settings),
            last: None,
        }
    }

    /// Reads until the state differs from the one that was read before.
    pub async fn changed(&mut self) -> Result<T, Error> {
        loop {
            let before = self.last.as_ref().map(|last| last.state().clone());
            if before.is_some() {
                self.pause().await?;
            }
            let now = self.read().await?;
            if before.as_ref() != Some(now.state()) {
                let now = now.clone();
                self.refresh();
                return Ok(now);
            }
        }
    }

    /// Reads once.
    pub async fn read(&mut self) -> Result<&T, Error> {
        let read = self.patience.ask(&self.read).await;
        match read {
            Ok(now) => Ok(self.last.insert(now)),
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    /// The answer to another call, with the same patience; `None` where it is to be made again.
    #[cfg(feature = "compute")]
    pub async fn attempt<A>(
        &mut self,
        call: impl Future<Output = Result<A, Error>>,
    ) -> Result<Option<A>, Error> {
        let answer = self.patience.attempt(call).await;
        answer.map_err(|stop| self.stopped(stop))
    }

    pub async fn pause(&mut self) -> Result<(), Error> {
        let paused = self.patience.pause().await;
        paused.map_err(|stop| self.stopped(stop))
    }

    /// Asks again soon.
    pub fn refresh(&mut self) {
        self.patience.refresh();
    }

    fn stopped(&mut self, stop: Stop) -> Error {
        let what = &self.what;
        let settings = self.patience.settings();
        let error = match stop {
            Stop::Refused(error) => return error,
            Stop::Timeout => {
                let limit = settings.timeout.unwrap_or_default();
                let message = match &self.last {
                    Some(last) => format!(
                        "{what} was still {} after {limit:?}; allow more with `timeout`",
                        last.state()
                    ),
                    None => format!("the state of {what} could not be read in {limit:?}"),
                };
                Error::new(ErrorKind::Timeout, message)
            }
            Stop::Outage(fault) => {
                let limit = settings.max_outage;
                let message = format!(
                    "waiting for {what} was given up, since nothing could be read for {limit:?}: {fault}"
                );
                let error = Error::new(fault.kind(), message);
                self.patience.fault = Some(fault);
                error
            }
        };
        let fault = self.patience.fault.take();
        error.caused_by(Unfinished::new(self.last.take(), fault))
    }
}
