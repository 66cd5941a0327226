//! Following the log of a job.

use std::time::Duration;

use compute_kfp_runtime::paging::{Items, ResumePoint};
use compute_kfp_runtime::{Error, ValueStream};
use futures_util::stream;

use super::Client;
use super::types::{Job, JobLogLine, JobLogPage};
use crate::waiting::{PollPolicy, Poller, Progress, setters};

impl Client {
    /// Follows the log of a job, until the job has ended.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let mut lines = compute.follow_job_logs(4711).lines();
    /// while let Some(line) = lines.next().await {
    ///     println!("{}", line?.line);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn follow_job_logs(&self, id: i64) -> FollowJobLogs {
        FollowJobLogs {
            client: self.clone(),
            id,
            start: None,
            policy: PollPolicy::default(),
        }
    }
}

/// Follows the log of a job. Created by [`Client::follow_job_logs`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the stream of `lines` is polled"]
pub struct FollowJobLogs {
    client: Client,
    id: i64,
    start: Option<i64>,
    policy: PollPolicy,
}

impl FollowJobLogs {
    setters!(policy);

    /// Sets the time of the first line, in nanoseconds since the Unix epoch [default: the beginning of
    /// the log].
    pub fn start(mut self, time: i64) -> Self {
        self.start = Some(time);
        self
    }

    /// Returns a stream of the existing lines and of those that follow, ordered by time.
    ///
    /// All lines that share a time are returned, and no line is returned twice. The stream ends when
    /// the job has ended and the log was then read to its end.
    #[inline]
    pub fn lines(self) -> ValueStream<JobLogLine> {
        let mut poller = self.client.wait_for_job(self.id).poller;
        poller.policy = self.policy.clone();
        let log = Log {
            poller,
            lines: self.open(None),
            follow: self,
            is_read: true,
            has_ended: false,
        };
        ValueStream::new(stream::try_unfold(log, |mut log| async move {
            let line = log.next().await?;
            Ok(line.map(|line| (line, log)))
        }))
    }

    /// Reads the log from the start, or where it stopped.
    #[inline]
    fn open(&self, point: Option<&ResumePoint>) -> Items<JobLogPage> {
        let mut lines = self.client.get_job_logs(self.id).page_size(u32::MAX);
        if let Some(start) = self.start {
            lines = lines.start(start);
        }
        if let Some(point) = point {
            lines = lines.resume(point.clone());
        }
        lines.items()
    }
}

struct Log {
    follow: FollowJobLogs,
    poller: Poller<Job>,
    lines: Items<JobLogPage>,
    /// `true` if the log was read to its end, as far as it was written.
    is_read: bool,
    /// `true` if the job had ended before the current pass over the log.
    has_ended: bool,
}

impl Log {
    #[inline]
    async fn next(&mut self) -> Result<Option<JobLogLine>, Error> {
        loop {
            if self.is_read {
                if self.has_ended {
                    return Ok(None);
                }
                // The state comes first: what is written before the end is in the lines after it.
                self.has_ended = self.poller.next().await?.is_final();
                self.is_read = false;
            }
            let lines = &mut self.lines;
            let read = async { lines.next().await.transpose() };
            match self.poller.attempt(read).await? {
                Some(Some(line)) => {
                    self.poller.refresh();
                    return Ok(Some(line));
                }
                Some(None) => self.is_read = true,
                None => {}
            }
            // After the end of the log or a fault, the next lines start where the last ones ended.
            self.lines = self.follow.open(self.lines.resume_point());
        }
    }
}
