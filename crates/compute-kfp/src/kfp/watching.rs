//! Following the tasks of a run.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use compute_kfp_runtime::ValueStream;
use futures_util::stream;

use super::Client;
use super::types::{GetRunView, PipelineTask, PipelineTaskTaskState, Run};
use crate::waiting::{PollPolicy, Poller, Progress, Reader, setters};

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
    setters!();

    /// Returns a stream of the tasks: each task when it is first read, and again after each change of
    /// state.
    ///
    /// The stream ends when the run has ended and its tasks were read after that. If a state lasted
    /// less than the time between two requests, only the task's `state_history` shows it. Servers that
    /// predate the `tasks` of a run return none.
    #[inline]
    pub fn tasks(self) -> ValueStream<PipelineTask> {
        let what = format!("run `{}`", self.run_id);
        let run_id = self.run_id;
        let reader = Reader::new(
            &self.client,
            &self.client.request_limit,
            move |client: Client| {
                let run_id = run_id.clone();
                async move {
                    match client.get_run(run_id).view(GetRunView::Full).send().await {
                        Ok(run) => Ok(run.into_inner()),
                        Err(error) => Err(client.with_release(error).await),
                    }
                }
            },
        );
        let watch = Watch {
            poller: Poller::new(what, reader, self.policy),
            states: HashMap::new(),
            changed: VecDeque::new(),
            is_first: true,
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
    changed: VecDeque<PipelineTask>,
    is_first: bool,
    has_ended: bool,
}

impl Watch {
    #[inline]
    async fn next(&mut self) -> Result<Option<PipelineTask>, crate::Error> {
        loop {
            if let Some(task) = self.changed.pop_front() {
                return Ok(Some(task));
            }
            if self.has_ended {
                return Ok(None);
            }
            if !std::mem::take(&mut self.is_first) {
                self.poller.pause().await?;
            }
            let run = self.poller.read().await?;
            self.has_ended = run.is_final();
            for task in run.tasks.into_iter().flatten() {
                let before = self.states.get(&task.task_id);
                if before != Some(&task.state) {
                    self.states.insert(task.task_id.clone(), task.state.clone());
                    self.changed.push_back(task);
                }
            }
            if !self.changed.is_empty() {
                self.poller.refresh();
            }
        }
    }
}
