//! Waiting for what goes on at a server, and following it.
//!
//! [`Wait`] asks for a run or a job until it has ended. It asks again after a short time at first and
//! after longer ones while nothing changes, with some chance in it. What may pass does not end it: a broken connection, a
//! server that restarts, 429 and 5xx, a token that expires. What will not pass ends it with its own
//! error: no permission, no such run.
//!
//! Thousands can be waited for at a time: a wait takes little more memory than the JSON of what it read
//! last. Of those that belong to one client and its clones, at most 128 ask at the same time, and the
//! others when it is their turn.
//!
//! Dropping a future or stream of this module ends its requests.

mod ended;
mod following;
mod kept;
mod patience;
mod poller;
mod progress;
mod turns;

use std::fmt;
use std::time::Duration;

use compute_kfp_runtime::Error;
use futures_util::stream;

pub use self::ended::{Ended, Unfinished};
pub use self::following::Following;
pub(crate) use self::patience::{Settings, setters};
pub(crate) use self::poller::{Poller, Reader};
pub use self::progress::Progress;
pub(crate) use self::progress::sealed;
pub(crate) use self::turns::Turns;

/// A wait for the end of a run, a job or a batch job, to be set up and sent.
///
/// Of itself it asks after a second or two at first and after 8 to 15 seconds at last, without an overall
/// limit, and gives up when the server cannot be reached for ten minutes.
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
    what: String,
    reader: Reader<T>,
    settings: Settings,
    on_change: Option<OnChange<T>>,
}

type OnChange<T> = Box<dyn FnMut(&<T as Progress>::State) + Send>;

impl<T: Progress> Wait<T> {
    pub(crate) fn new(what: String, reader: Reader<T>) -> Self {
        Self {
            what,
            reader,
            settings: Settings::default(),
            on_change: None,
        }
    }

    setters!();

    #[cfg(feature = "compute")]
    pub(crate) fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Called with the first state that is read, and with each that differs from the one before.
    ///
    /// A state that this version does not know is among them; it does not end the wait.
    pub fn on_change(mut self, call: impl FnMut(&T::State) + Send + 'static) -> Self {
        self.on_change = Some(Box::new(call));
        self
    }

    /// Waits for the end, however it came about.
    ///
    /// # Errors
    ///
    /// Of kind [`Timeout`](crate::ErrorKind::Timeout) when the overall limit is over; it holds the
    /// last state: see [`Unfinished`]. Of the kind of the last fault, with the same in it, when the
    /// server could not be reached for longer than `max_outage`. Otherwise what a call met that will
    /// not pass of itself.
    pub async fn send(self) -> Result<Ended<T>, Error> {
        let (mut poller, mut on_change) = self.start();
        loop {
            let now = poller.changed().await?;
            if let Some(call) = &mut on_change {
                call(now.state());
            }
            if now.is_final() {
                return Ok(Ended::new(now));
            }
        }
    }

    /// The run or job as it is when first read, and again whenever its state has changed, until it
    /// has ended.
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
    pub fn changes(self) -> Following<T> {
        let (poller, on_change) = self.start();
        Following::new(stream::try_unfold(
            (poller, on_change, false),
            |(mut poller, mut on_change, ended)| async move {
                if ended {
                    return Ok(None);
                }
                let now = poller.changed().await?;
                if let Some(call) = &mut on_change {
                    call(now.state());
                }
                let ended = now.is_final();
                Ok(Some((now, (poller, on_change, ended))))
            },
        ))
    }

    fn start(self) -> (Poller<T>, Option<OnChange<T>>) {
        let poller = Poller::new(self.what, self.reader, self.settings);
        (poller, self.on_change)
    }
}

impl<T: Progress> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("for", &self.what)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
