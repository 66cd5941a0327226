//! Waiting for jobs and batch jobs.

use compute_kfp_runtime::{Error, ErrorKind};

use super::Client;
use super::types::{BatchJob, BatchJobStatus, Job, JobStatus};
use crate::waiting::{Poller, Progress, Wait, sealed};

impl Client {
    /// Waits until a job has ended: it was completed or cancelled, or it failed.
    ///
    /// See [`Wait`] for intervals and limits.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let ended = compute.wait_for_job(4711).send().await?;
    /// if !ended.succeeded() {
    ///     println!("{}: {}", ended.state(), ended.message().unwrap_or("no reason"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait_for_job(&self, id: i64) -> Wait<Job> {
        let read = move |client: Self| async move {
            let job = client.read_job(id).send().await?;
            Ok(job.into_inner())
        };
        let what = format!("job {id}");
        Wait::new(Poller::new(what, self, &self.request_limit, read))
    }

    /// Waits until a batch job is finished.
    ///
    /// The jobs in it have their own states, which say how they ended. See [`Wait`] for intervals and limits.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let ended = compute.wait_for_batch_job(815).send().await?;
    /// for job_id in &ended.job_ids {
    ///     println!("{}", compute.read_job(*job_id).send().await?.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait_for_batch_job(&self, id: i64) -> Wait<BatchJob> {
        let read = move |client: Self| async move {
            // The API has no operation that reads a single one.
            let found = client.read_batch_jobs().id(id).send().await?.into_inner();
            let missing = || {
                let message = format!("no batch job {id} of the authenticated user");
                Error::new(ErrorKind::NotFound, message)
            };
            found.items.into_iter().next().ok_or_else(missing)
        };
        let what = format!("batch job {id}");
        Wait::new(Poller::new(what, self, &self.request_limit, read))
    }
}

impl sealed::Sealed for Job {}

impl Progress for Job {
    type State = JobStatus;

    fn state(&self) -> &JobStatus {
        &self.status
    }

    fn is_final(&self) -> bool {
        [
            JobStatus::Completed,
            JobStatus::Cancelled,
            JobStatus::Failed,
        ]
        .contains(&self.status)
    }

    fn has_succeeded(&self) -> bool {
        self.status == JobStatus::Completed
    }

    fn message(&self) -> Option<&str> {
        Some(self.message.as_str()).filter(|message| !message.is_empty())
    }
}

impl sealed::Sealed for BatchJob {}

impl Progress for BatchJob {
    type State = BatchJobStatus;

    fn state(&self) -> &BatchJobStatus {
        &self.status
    }

    fn is_final(&self) -> bool {
        self.status == BatchJobStatus::Finished
    }

    fn has_succeeded(&self) -> bool {
        self.is_final()
    }

    fn message(&self) -> Option<&str> {
        None
    }
}
