//! Waiting for runs.

use serde_json::Value;

use super::Client;
use super::types::{GetRunView, GoogleRpcStatus, Run, RuntimeState};
use crate::waiting::{Poller, Progress, Wait, sealed};

/// State of a run without one: the server omits it.
static UNSPECIFIED: RuntimeState = RuntimeState::RuntimeStateUnspecified;

impl Client {
    /// Waits until a run has ended: it succeeded, was skipped, failed or was cancelled.
    ///
    /// See [`Wait`] for intervals and limits.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// let ended = kfp.wait_for_run("6a1f0c52").send().await?;
    /// if !ended.succeeded() {
    ///     println!("{}: {}", ended.state(), ended.message().unwrap_or("no reason"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait_for_run(&self, run_id: impl Into<String>) -> Wait<Run> {
        Wait::new(self.poller_of_run(run_id.into(), false))
    }

    /// Returns a poller of a run, with its tasks or without.
    #[inline]
    pub(super) fn poller_of_run(&self, run_id: String, with_tasks: bool) -> Poller<Run> {
        let what = format!("run `{run_id}`");
        let read = move |client: Self| {
            let run_id = run_id.clone();
            async move {
                let mut call = client.get_run(run_id);
                if with_tasks {
                    call = call.view(GetRunView::Full);
                }
                match call.send().await {
                    Ok(run) => Ok(run.into_inner()),
                    Err(error) => Err(client.with_release(error).await),
                }
            }
        };
        Poller::new(what, self, &self.request_limit, read)
    }
}

impl sealed::Sealed for Run {}

impl Progress for Run {
    type State = RuntimeState;

    fn state(&self) -> &RuntimeState {
        self.state.as_ref().unwrap_or(&UNSPECIFIED)
    }

    fn is_final(&self) -> bool {
        use RuntimeState::{Canceled, Failed, Skipped, Succeeded};
        [Succeeded, Skipped, Failed, Canceled].contains(self.state())
    }

    fn has_succeeded(&self) -> bool {
        [RuntimeState::Succeeded, RuntimeState::Skipped].contains(self.state())
    }

    fn message(&self) -> Option<&str> {
        message(self.error.as_ref()?)
    }
}

/// Returns the message for a person: that of the first detail, else that of the status.
fn message(status: &GoogleRpcStatus) -> Option<&str> {
    let detail = || status.details.as_ref()?.first()?.extra.get("message");
    let detail = detail().and_then(Value::as_str);
    let own = status.message.as_deref();
    [detail, own]
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty())
}
