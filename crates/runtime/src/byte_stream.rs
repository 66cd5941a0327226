//! Response bodies as streams of bytes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use tokio::time::timeout;

use crate::error::Error;
use crate::fault;
use crate::operation::Operation;
use crate::value_stream::ValueStream;

/// Maximum number of bytes that are read of a response that reports an error or cannot be decoded.
pub(crate) const REPORT: usize = 1024 * 1024;

/// A response body that is not decoded, as a stream of pieces. The pieces have the sizes in which the
/// network delivers them.
pub type ByteStream = ValueStream<Bytes>;

/// Returns the body of a response, piece by piece.
pub(crate) fn pieces(
    response: reqwest::Response,
    operation: &'static Operation,
    longest_silence: Duration,
) -> ByteStream {
    ValueStream::new(try_unfold(response, move |mut response| async move {
        let piece = next_chunk(&mut response, Some(longest_silence)).await;
        let piece = piece.map_err(|error| error.during(operation))?;
        Ok(piece.map(|piece| (piece, response)))
    }))
}

/// Reads the next piece of a body; fails if none arrives for too long.
pub(crate) async fn next_chunk(
    response: &mut reqwest::Response,
    longest_silence: Option<Duration>,
) -> Result<Option<Bytes>, Error> {
    let Some(longest_silence) = longest_silence else {
        return response.chunk().await.map_err(fault::http);
    };
    match timeout(longest_silence, response.chunk()).await {
        Ok(chunk) => chunk.map_err(fault::http),
        Err(_) => Err(fault::silent(longest_silence)),
    }
}

/// Reads a whole body; returns `None` if it has more bytes than allowed.
pub(crate) async fn whole(
    response: &mut reqwest::Response,
    limit: usize,
    longest_silence: Option<Duration>,
) -> Result<Option<Bytes>, Error> {
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > limit {
        return Ok(None);
    }
    let mut body = BytesMut::with_capacity(announced.min(REPORT));
    // A piece is released before the next is read. Otherwise the connection allocates another
    // buffer, and both grow to 400 KB.
    while let Some(piece) = next_chunk(response, longest_silence).await? {
        if body.len() + piece.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body.freeze()))
}
