//! The log of a job.

use clap::{Args, Subcommand};
use compute_kfp::Timestamp;
use compute_kfp::compute::FollowJobLogs;
use compute_kfp::compute::types::JobLogLine;
use serde_json::json;

use crate::failure::Failure;
use crate::options::{Interval, Options, with};
use crate::output::Format;
use crate::printable::printable;
use crate::settings::Settings;

#[derive(Clone, Debug, Subcommand)]
pub enum Logs {
    /// Print the log of a job of Quantum Inspire
    ///
    /// Each line is printed with its time. With --output json or jsonl it is an object as the API
    /// returns it, with its time in nanoseconds since 1970. The exit status does not depend on how the
    /// job ended; use `compute-kfp wait job` for that.
    Job(Job),
}

#[derive(Args, Clone, Debug)]
pub struct Job {
    /// Id of the job
    id: i64,
    /// Print new lines as they are written, until the job ends or --timeout is over
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    interval: Interval,
}

impl Job {
    pub async fn run(&self, options: &Options) -> Result<(), Failure> {
        options.refuse_dry_run("preview `compute get-job-logs`, which reads the same log")?;
        let client = Settings::read(options)?.compute()?;
        let output = options.format();
        if !self.follow {
            let mut lines = client.get_job_logs(self.id).page_size(u32::MAX).items();
            while let Some(line) = lines.next().await {
                print(output, &line?)?;
            }
            return Ok(());
        }
        let log = client.follow_job_logs(self.id);
        let log = with(log, options.timeout, FollowJobLogs::timeout);
        let log = with(log, self.interval.interval, FollowJobLogs::min_interval);
        let mut lines = log.lines();
        while let Some(line) = lines.next().await {
            print(output, &line?)?;
        }
        Ok(())
    }
}

fn print(output: Format, line: &JobLogLine) -> Result<(), Failure> {
    let time = match Timestamp::from_unix_nanos(line.timestamp.into()) {
        Ok(time) => time.to_string(),
        Err(_) => line.timestamp.to_string(),
    };
    // A line of the log is one line here, whatever is in it.
    let text = format!("{time} {}", printable(&line.line).replace('\n', "␊"));
    output.event(&json!(line), &text)
}
