//! Response bodies as streams of bytes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use crate::error::Error;
use crate::fault;
use crate::operation::Operation;

/// A response body that is not decoded, as a stream of pieces.
///
/// Drop it to cancel the download.
///
/// ```no_run
/// # async fn example(mut log: compute_kfp_runtime::ByteStream) -> compute_kfp_runtime::Result<()> {
/// while let Some(piece) = log.chunk().await? {
///     print!("{}", String::from_utf8_lossy(&piece));
/// }
/// # Ok(())
/// # }
/// ```
pub struct ByteStream {
    response: reqwest::Response,
    operation: &'static Operation,
    longest_silence: Duration,
}

impl ByteStream {
    pub(crate) fn new(
        response: reqwest::Response,
        operation: &'static Operation,
        longest_silence: Duration,
    ) -> Self {
        Self {
            response,
            operation,
            longest_silence,
        }
    }

    /// Returns the next piece, or `None` at the end. The pieces have the sizes in which the network
    /// delivers them.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Connection`](crate::ErrorKind::Connection) if the connection
    /// broke before the end, or of kind [`Timeout`](crate::ErrorKind::Timeout) if no data arrived
    /// for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = next_chunk(&mut self.response, self.longest_silence).await;
        piece.map_err(|error| error.during(self.operation))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("operation", &self.operation.name)
            .finish_non_exhaustive()
    }
}

/// Reads the next piece of a body; fails if none arrives for too long.
pub(crate) async fn next_chunk(
    response: &mut reqwest::Response,
    longest_silence: Duration,
) -> Result<Option<Bytes>, Error> {
    match timeout(longest_silence, response.chunk()).await {
        Ok(chunk) => chunk.map_err(fault::http),
        Err(_) => Err(fault::silent(longest_silence)),
    }
}
