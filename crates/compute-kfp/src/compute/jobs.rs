//! Single calls that are made often.

use compute_kfp_runtime::{Error, ErrorKind};

use super::types::{JobPatch, JobStatus, Metadata};
use super::{Client, builder};

impl Client {
    /// Asks for a job to be cancelled.
    ///
    /// Only the status is sent, so that everything else stays as the server has it. The job may go
    /// on for a while: see [`wait_for_job`](Self::wait_for_job).
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// compute.cancel_job(4711).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_job(&self, id: i64) -> builder::UpdateJobStatus<'_> {
        self.update_job_status(id, JobPatch::builder().status(JobStatus::Cancelled))
    }

    /// The newest calibration of a backend: what it last reported as its Metadata.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let calibration = compute.latest_calibration(7).await?;
    /// println!("{}: {} figures", calibration.created_on, calibration.data.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Of kind [`NotFound`](ErrorKind::NotFound) where the backend has reported none; otherwise what
    /// the call met.
    #[inline]
    pub async fn latest_calibration(&self, backend_id: i64) -> Result<Metadata, Error> {
        #[allow(deprecated, reason = "the public service no longer has it, others do")]
        let latest = self.read_metadata_by_backend_id(backend_id).latest(true);
        let found = latest.size(1).send().await?.into_inner();
        found.items.into_iter().next().ok_or_else(|| {
            let message = format!("backend {backend_id} has reported no calibration");
            Error::new(ErrorKind::NotFound, message)
        })
    }
}
