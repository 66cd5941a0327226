//! Following the log of a job.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind, Nullable};
use futures_util::stream;

use super::Client;
use super::types::{Job, JobLogLine, JobLogPage};
use crate::waiting::{Following, Poller, Progress, Settings, reading, setters};

/// The largest page that the server gives.
const PAGE: usize = 200;

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
            settings: Settings::default(),
        }
    }
}

/// The log of a job while it is written, to be set up; [`Client::follow_job_logs`] makes it.
#[must_use = "nothing is sent before the stream of `lines` is polled"]
pub struct FollowJobLogs {
    client: Client,
    id: i64,
    start: Option<i64>,
    settings: Settings,
}

impl FollowJobLogs {
    setters!();

    /// Time of the first line that is wanted, in nanoseconds since the Unix epoch; the beginning of
    /// the log unless set.
    pub fn start(mut self, time: i64) -> Self {
        self.start = Some(time);
        self
    }

    /// The lines that are there, and those that follow, in the order of their times.
    ///
    /// Lines that share a time are all given, and none is given twice. The stream ends when the job
    /// has ended and the log was read to its end after that.
    pub fn lines(self) -> Following<JobLogLine> {
        let (client, id) = (self.client, self.id);
        let read = reading(&client, move |client: Client| async move {
            let job = client.read_job(id).send().await?;
            Ok(job.into_inner())
        });
        let log = Log {
            poller: Poller::new(format!("job {id}"), read, self.settings),
            client,
            id,
            position: Position {
                start: self.start,
                given: HashMap::new(),
            },
            lines: VecDeque::new(),
            next: Next::State,
            has_ended: false,
        };
        Following::new(stream::try_unfold(log, |mut log| async move {
            let line = log.next().await?;
            Ok(line.map(|line| (line, log)))
        }))
    }
}

impl fmt::Debug for FollowJobLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowJobLogs")
            .field("id", &self.id)
            .field("start", &self.start)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

struct Log {
    poller: Poller<Job>,
    client: Client,
    id: i64,
    position: Position,
    /// Read, and not given yet.
    lines: VecDeque<JobLogLine>,
    next: Next,
    /// Whether the job had ended before the log was last read from here on.
    has_ended: bool,
}

/// What is to be done when all lines that were read are given.
enum Next {
    State,
    Page,
    Pause,
    Nothing,
}

impl Log {
    async fn next(&mut self) -> Result<Option<JobLogLine>, Error> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            match self.next {
                // The state comes first: what is written before the end is in the pages after it.
                Next::State => {
                    self.has_ended = self.poller.read().await?.is_final();
                    self.next = Next::Page;
                }
                Next::Page => {
                    let goes_on = self.read_page().await?;
                    if !self.lines.is_empty() {
                        self.poller.refresh();
                    }
                    self.next = match (goes_on, self.has_ended) {
                        (true, _) => Next::Page,
                        (false, true) => Next::Nothing,
                        (false, false) => Next::Pause,
                    };
                }
                Next::Pause => {
                    self.poller.pause().await?;
                    self.next = Next::State;
                }
                Next::Nothing => return Ok(None),
            }
        }
    }

    /// Reads a page; whether there are more of them.
    async fn read_page(&mut self) -> Result<bool, Error> {
        let (client, id, start) = (&self.client, self.id, self.position.start);
        let page = self.poller.ask(|| async move {
            let mut request = client.get_job_logs(id).limit(PAGE as i64);
            if let Some(start) = start {
                request = request.start(start);
            }
            Ok(request.send().await?.into_inner())
        });
        let page = page.await?;
        self.position.take(page, &mut self.lines)
    }
}

/// Where in the log the next page starts: at the time of the last line, which others may share.
struct Position {
    start: Option<i64>,
    /// The lines of that time that were given, and how often.
    given: HashMap<String, usize>,
}

impl Position {
    /// Takes the lines that are new out of a page; whether there are further pages.
    fn take(&mut self, page: JobLogPage, lines: &mut VecDeque<JobLogLine>) -> Result<bool, Error> {
        let is_full = page.logs.len() >= PAGE;
        let before = lines.len();
        let first = self.start;
        let mut again = self.given.clone();
        for line in page.logs {
            let time = line.timestamp;
            if first.is_some_and(|first| time < first) {
                continue;
            }
            if first == Some(time)
                && let Some(count) = again.get_mut(&line.line)
                && *count > 0
            {
                *count -= 1;
                continue;
            }
            if self.start.is_none_or(|start| time > start) {
                self.start = Some(time);
                self.given.clear();
            }
            if self.start == Some(time) {
                *self.given.entry(line.line.clone()).or_default() += 1;
            }
            lines.push_back(line);
        }
        let Nullable::Value(next) = page.next_start else {
            return Ok(false);
        };
        if lines.len() > before {
            return Ok(true);
        }
        match self.start {
            Some(start) if is_full => Err(Error::new(
                ErrorKind::Protocol,
                format!(
                    "more than {PAGE} lines of the log have the time {start} ns; the server gives no more of one time"
                ),
            )),
            Some(start) if next <= start => Ok(false),
            _ => {
                self.start = Some(next);
                self.given.clear();
                Ok(true)
            }
        }
    }
}
