//! Following the tasks of a run.

use std::collections::HashMap;
use std::time::Duration;

use compute_kfp_runtime::{Error, ValueStream};
use futures_util::{TryStreamExt as _, stream};

use super::Client;
use super::types::PipelineTask;
use crate::waiting::{PollPolicy, Progress as _, setters};

impl Client {
    /// Follows the tasks of a run, until the run has ended.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// let mut tasks = kfp.watch_run("6a1f0c52").tasks();
    /// while let Some(task) = tasks.next().await {
    ///     let task = task?;
    ///     println!("{:?} is {:?}", task.name, task.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_run(&self, run_id: impl Into<String>) -> WatchRun {
        WatchRun {
            client: self.clone(),
            run_id: run_id.into(),
            policy: PollPolicy::default(),
        }
    }
}

/// Follows the tasks of a run. Created by [`Client::watch_run`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the stream of `tasks` is polled"]
pub struct WatchRun {
    client: Client,
    run_id: String,
    policy: PollPolicy,
}

impl WatchRun {
    setters!(policy);

    /// Returns a stream of the tasks: each task when it is first read, and again after each change of
    /// state.
    ///
    /// The stream ends when the run has ended and its tasks were read after that. If a state lasted
    /// less than the time between two requests, only the task's `state_history` shows it. Servers that
    /// predate the `tasks` of a run return none.
    #[inline]
    pub fn tasks(self) -> ValueStream<PipelineTask> {
        let mut poller = self.client.poller_of_run(self.run_id, true);
        poller.policy = self.policy;
        // The last state of each task, by its identifier.
        let watch = Some((poller, HashMap::new()));
        let changes = stream::try_unfold(watch, |watch| async move {
            let Some((mut poller, mut states)) = watch else {
                return Ok::<_, Error>(None);
            };
            let run = poller.next().await?;
            let has_ended = run.is_final();
            let mut tasks = run.tasks.unwrap_or_default();
            tasks.retain(|task| {
                let state = states.insert(task.task_id.clone(), task.state.clone());
                state.as_ref() != Some(&task.state)
            });
            if !tasks.is_empty() {
                poller.refresh();
            }
            let watch = (!has_ended).then_some((poller, states));
            Ok(Some((stream::iter(tasks.into_iter().map(Ok)), watch)))
        });
        ValueStream::new(changes.try_flatten())
    }
}
