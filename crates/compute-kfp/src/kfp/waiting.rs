//! Waiting for runs.

use serde_json::Value;

use super::Client;
use super::types::{GoogleRpcStatus, Run, RuntimeState};
use crate::waiting::{Progress, Reader, Wait, sealed};

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
        let run_id: String = run_id.into();
        let what = format!("run `{run_id}`");
        let reader = Reader::new(self, &self.request_limit, move |client: Self| {
            let run_id = run_id.clone();
            async move {
                match client.get_run(run_id).send().await {
                    Ok(run) => Ok(run.into_inner()),
                    Err(error) => Err(client.with_release(error).await),
                }
            }
        });
        Wait::new(what, reader)
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
