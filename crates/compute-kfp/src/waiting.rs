//! Waiting for runs and jobs, and following them.
//!
//! [`Wait`] polls a run or a job until it has ended. The interval is short at first and grows while
//! nothing changes, with jitter. Transient faults do not end a wait: a broken connection, a server that
//! restarts, 429 and 5xx, an expired token. Permanent faults end it with their own error: no
//! permission, no such run.
//!
//! Thousands of waits can run concurrently. A wait takes little more memory than the JSON of what it
//! read last. Of the waits that belong to one client and its clones, at most 128 send a request at the
//! same time; the others wait.
//!
//! Dropping a future or stream of this module cancels its requests.

mod ended;
mod poll_policy;
mod poller;

use std::fmt;
use std::time::Duration;

use compute_kfp_runtime::{Error, ValueStream};
use futures_util::stream;

pub(crate) use self::ended::sealed;
pub use self::ended::{Ended, Progress, Unfinished};
pub(crate) use self::poll_policy::{PollPolicy, setters};
pub(crate) use self::poller::{Poller, RequestLimit, request_limit};

/// Waits for the end of a run, a job or a batch job.
///
/// ```no_run
/// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
/// use std::time::Duration;
///
/// use compute_kfp::ErrorKind;
/// use compute_kfp::kfp::types::Run;
/// use compute_kfp::waiting::Unfinished;
///
/// let wait = kfp
///     .wait_for_run("6a1f0c52")
///     .timeout(Duration::from_secs(3600))
///     .on_change(|state| println!("{state}"));
/// match wait.send().await {
///     Ok(ended) if ended.succeeded() => println!("done"),
///     Ok(ended) => println!("{}: {}", ended.state(), ended.message().unwrap_or("no reason")),
///     Err(error) if error.kind() == ErrorKind::Timeout => {
///         let last = Unfinished::<Run>::of(&error).and_then(Unfinished::last);
///         println!("still {:?}", last.and_then(|run| run.state.as_ref()));
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before `send`"]
pub struct Wait<T: Progress> {
    pub(crate) poller: Poller<T>,
    on_change: Option<OnChange<T>>,
}

type OnChange<T> = Box<dyn FnMut(&<T as Progress>::State) + Send>;

impl<T: Progress> Wait<T> {
    pub(crate) fn new(poller: Poller<T>) -> Self {
        Self {
            poller,
            on_change: None,
        }
    }

    setters!(poller.policy);

    /// Sets a callback for the state. It is called with the first state, and again after each change.
    ///
    /// It is also called with states that this version does not know. They do not end the wait.
    pub fn on_change(mut self, call: impl FnMut(&T::State) + Send + 'static) -> Self {
        self.on_change = Some(Box::new(call));
        self
    }

    /// Waits for the end, whether successful or not.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Timeout`](crate::ErrorKind::Timeout) when the overall limit is
    /// reached. It holds the last state: see [`Unfinished`]. If the server could not be reached for
    /// longer than `max_outage`, the error has the kind of the last fault, and holds the last state
    /// too. A permanent fault of a call is returned unchanged.
    pub async fn send(mut self) -> Result<Ended<T>, Error> {
        loop {
            let now = self.changed().await?;
            if now.is_final() {
                return Ok(Ended(now));
            }
        }
    }

    /// Returns a stream of the run or job: as it is when first read, and again after each change of its
    /// state, until it has ended.
    ///
    /// A state that came and went between two requests is not seen.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let mut changes = compute.wait_for_job(4711).changes();
    /// while let Some(job) = changes.next().await {
    ///     println!("{}", job?.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn changes(self) -> ValueStream<T> {
        ValueStream::new(stream::try_unfold(Some(self), |wait| async move {
            let Some(mut wait) = wait else {
                return Ok(None);
            };
            let now = wait.changed().await?;
            let wait = (!now.is_final()).then_some(wait);
            Ok(Some((now, wait)))
        }))
    }

    /// Reads until the state differs from the previous one.
    async fn changed(&mut self) -> Result<T, Error> {
        loop {
            let before = self.poller.state().cloned();
            let now = self.poller.next().await?;
            if before.as_ref() != Some(now.state()) {
                self.poller.refresh();
                if let Some(call) = &mut self.on_change {
                    call(now.state());
                }
                return Ok(now);
            }
        }
    }
}

impl<T: Progress> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("for", &self.poller.what)
            .field("policy", &self.poller.policy)
            .finish_non_exhaustive()
    }
}
