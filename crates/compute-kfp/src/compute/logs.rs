//! Following the log of a job.

use std::time::Duration;

use compute_kfp_runtime::paging::{Items, ResumePoint};
use compute_kfp_runtime::{Error, ValueStream};
use futures_util::stream;

use super::Client;
use super::types::{Job, JobLogLine, JobLogPage};
use crate::waiting::{PollPolicy, Poller, Progress, Reader, setters};

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
    setters!();

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
        let (client, id, start) = (self.client, self.id, self.start);
        let reader = Reader::new(
            &client,
            &client.request_limit,
            move |client: Client| async move {
                let job = client.read_job(id).send().await?;
                Ok(job.into_inner())
            },
        );
        let open = move |point: Option<ResumePoint>| {
            let mut lines = client.get_job_logs(id).page_size(u32::MAX);
            if let Some(start) = start {
                lines = lines.start(start);
            }
            if let Some(point) = point {
                lines = lines.resume(point);
            }
            lines.items()
        };
        let log = Log {
            poller: Poller::new(format!("job {id}"), reader, self.policy),
            lines: open(None),
            open: Box::new(open),
            next: Next::State,
            has_ended: false,
        };
        ValueStream::new(stream::try_unfold(log, |mut log| async move {
            let line = log.next().await?;
            Ok(line.map(|line| (line, log)))
        }))
    }
}

struct Log {
    poller: Poller<Job>,
    lines: Items<JobLogPage>,
    open: Open,
    next: Next,
    /// `true` if the job had ended before the current pass over the log.
    has_ended: bool,
}

/// Continues reading the log where it stopped.
type Open = Box<dyn Fn(Option<ResumePoint>) -> Items<JobLogPage> + Send>;

/// The next step.
enum Next {
    State,
    Line,
    Pause,
    Nothing,
}

impl Log {
    #[inline]
    async fn next(&mut self) -> Result<Option<JobLogLine>, Error> {
        loop {
            match self.next {
                // The state comes first: what is written before the end is in the lines after it.
                Next::State => {
                    self.has_ended = self.poller.read().await?.is_final();
                    self.next = Next::Line;
                }
                Next::Line => {
                    let lines = &mut self.lines;
                    let read = async { lines.next().await.transpose() };
                    match self.poller.attempt(read).await? {
                        Some(Some(line)) => {
                            self.poller.refresh();
                            return Ok(Some(line));
                        }
                        Some(None) if self.has_ended => self.next = Next::Nothing,
                        Some(None) => {
                            self.read_on();
                            self.next = Next::Pause;
                        }
                        None => self.read_on(),
                    }
                }
                Next::Pause => {
                    self.poller.pause().await?;
                    self.next = Next::State;
                }
                Next::Nothing => return Ok(None),
            }
        }
    }

    /// Starts a stream of lines where the last one ended, after the end of the log or after a fault.
    fn read_on(&mut self) {
        self.lines = (self.open)(self.lines.resume_point().cloned());
    }
}
