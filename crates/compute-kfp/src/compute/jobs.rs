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

    /// Requests the newest calibration of a backend: the Metadata that it reported last.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let calibration = compute.latest_calibration(7).send().await?;
    /// println!("{}: {} figures", calibration.created_on, calibration.data.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest_calibration(&self, backend_id: i64) -> LatestCalibration<'_> {
        LatestCalibration {
            client: self,
            backend_id,
        }
    }
}

/// Requests the newest calibration of a backend. Created by [`Client::latest_calibration`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct LatestCalibration<'a> {
    client: &'a Client,
    backend_id: i64,
}

impl LatestCalibration<'_> {
    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`NotFound`](ErrorKind::NotFound) if the backend has reported none, or
    /// the error of the call.
    #[inline]
    pub async fn send(self) -> Result<Metadata, Error> {
        #[allow(deprecated, reason = "the public service no longer has it, others do")]
        let history = self.client.read_metadata_by_backend_id(self.backend_id);
        let latest = history.latest(true).size(1).send().await?.into_inner();
        latest.items.into_iter().next().ok_or_else(|| {
            let message = format!("backend {} has reported no calibration", self.backend_id);
            Error::new(ErrorKind::NotFound, message)
        })
    }
}
