//! Shortcuts for frequent calls.

use compute_kfp_runtime::{Error, ErrorKind};

use super::types::{JobPatch, JobStatus, Metadata};
use super::{Client, builder};

impl Client {
    /// Requests the cancellation of a job.
    ///
    /// Only the status is sent, so all other fields keep their values on the server. The job may run
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

    /// Returns the newest calibration of a backend: the Metadata that it reported last.
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
    /// Returns an error of kind [`NotFound`](ErrorKind::NotFound) if the backend has reported none, or
    /// the error of the call.
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
