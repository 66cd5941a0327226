//! The release of a server that lacks an operation.

use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind, RetryPolicy};

use super::Client;

/// Time limit of the request. A server that has just responded does so again quickly or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    /// Adds the server's release to the error of an operation that the server lacks, or a hint to check
    /// the endpoint. Other errors are returned unchanged.
    ///
    /// It sends a request to `/healthz`, which takes at most 5 s. This crate's multi-call methods use
    /// it themselves. Single operations do not, since it is an additional request.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// let listed = kfp.list_artifacts().send().await;
    /// if let Err(error) = listed {
    ///     // … the server is release `2.17.0`
    ///     return Err(kfp.with_release(error).await);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_release(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Unsupported {
            return error;
        }
        let health = self
            .get_healthz()
            .options(|options| options.timeout(PATIENCE).retry(RetryPolicy::never()));
        match health.send().await {
            Ok(health) => match health.tag_name.as_deref() {
                Some(release) if !matches!(release, "" | "unknown") => {
                    error.with_note(&format!("the server is release `{release}`"))
                }
                _ => error.with_note("the server does not say which release it is"),
            },
            Err(_) => error.with_note(
                "`/healthz` fails there, too; check the endpoint: behind the Kubeflow dashboard it ends in \
                 `/pipeline`",
            ),
        }
    }
}
