//! Following the tasks of a run.

use std::collections::HashMap;
use std::time::Duration;
use std::vec;

use compute_kfp_runtime::ValueStream;
use futures_util::stream;

use super::Client;
use super::types::{PipelineTask, PipelineTaskTaskState, Run};
use crate::waiting::{PollPolicy, Poller, Progress, setters};

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
        let watch = Watch {
            poller,
            states: HashMap::new(),
            tasks: Vec::new().into_iter(),
            has_ended: false,
        };
        ValueStream::new(stream::try_unfold(watch, |mut watch| async move {
            let task = watch.next().await?;
            Ok(task.map(|task| (task, watch)))
        }))
    }
}

struct Watch {
    poller: Poller<Run>,
    /// The last state of each task, by its identifier.
    states: HashMap<Option<String>, Option<PipelineTaskTaskState>>,
    /// The rest of the tasks that were read last.
    tasks: vec::IntoIter<PipelineTask>,
    has_ended: bool,
}

impl Watch {
    #[inline]
    async fn next(&mut self) -> Result<Option<PipelineTask>, crate::Error> {
        loop {
            for task in self.tasks.by_ref() {
                let state = self.states.insert(task.task_id.clone(), task.state.clone());
                if state.as_ref() != Some(&task.state) {
                    self.poller.refresh();
                    return Ok(Some(task));
                }
            }
            if self.has_ended {
                return Ok(None);
            }
            let run = self.poller.next().await?;
            self.has_ended = run.is_final();
            self.tasks = run.tasks.unwrap_or_default().into_iter();
        }
    }
}
