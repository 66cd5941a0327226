use compute_kfp_runtime::operation::BodyKind;
use std::io;

use futures_util::stream;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use tokio::sync::Semaphore;

use crate::operation::{Rejection, Upload};

/// Default maximum of a gRPC server.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// Maximum size of an upload: a file, and the multipart framing.
const LARGEST_UPLOAD: usize = 33 * 1024 * 1024;

/// Maximum size without a permit. It limits the memory of many incomplete uploads.
const LARGEST_WITHOUT_PERMIT: usize = 256 * 1024;

/// Number of larger bodies that are read at the same time.
pub(crate) const PERMITS: usize = 2;

/// Maximum size that is read and discarded. A client that is still writing does not read a response, so
/// the rest of an oversized body is drained up to here.
const LARGEST_DRAINED: usize = 64 * 1024 * 1024;

pub(crate) async fn read(
    mut body: Incoming,
    kind: Option<BodyKind>,
    permits: &Semaphore,
) -> Result<Bytes, Rejection<'static>> {
    let mut permit = None;
    let largest = match kind {
        Some(BodyKind::Multipart(_)) => LARGEST_UPLOAD,
        _ => LARGEST_MESSAGE,
    };
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Rejection::BodyInterrupted)?;
        let data = frame.into_data().unwrap_or_default();
        seen += data.len();
        if seen > LARGEST_DRAINED {
            break;
        } else if seen > largest {
            (kept, permit) = (Vec::new(), None);
            continue;
        } else if seen >= LARGEST_WITHOUT_PERMIT && permit.is_none() {
            permit = permits.acquire().await.ok();
        }
        kept.extend_from_slice(&data);
    }
    if seen > largest {
        return Err(Rejection::BodyTooLarge);
    }
    Ok(kept.into())
}

/// Returns the file with that name in a body, if there is one.
pub(crate) async fn upload(headers: &HeaderMap, body: Bytes, name: &str) -> Option<Upload> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(content_type).ok()?;
    let mut multipart = multer::Multipart::new(stream::iter([io::Result::Ok(body)]), boundary);
    while let Some(field) = multipart.next_field().await.ok()? {
        if field.name() == Some(name) {
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let content = field.bytes().await.ok()?;
            return Some(Upload { file_name, content });
        }
    }
    None
}
