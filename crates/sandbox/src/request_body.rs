use axum::body::{Body, Bytes};
use http_body_util::BodyExt;

/// What a gRPC server takes by default.
const LARGEST_ACCEPTED: usize = 4 * 1024 * 1024;

/// A client that is still writing does not read an answer, so what follows an oversized body's
/// accepted part is read and thrown away, up to here.
const LARGEST_DRAINED: usize = 16 * LARGEST_ACCEPTED;

pub(crate) enum RequestBody {
    Complete(Bytes),
    TooLarge,
    Interrupted,
}

impl RequestBody {
    pub(crate) async fn read(mut body: Body) -> Self {
        let mut kept = Vec::new();
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Self::Interrupted;
            };
            let Some(data) = frame.data_ref() else {
                continue;
            };
            seen += data.len();
            if seen <= LARGEST_ACCEPTED {
                kept.extend_from_slice(data);
            } else if seen > LARGEST_DRAINED {
                break;
            }
        }
        if seen <= LARGEST_ACCEPTED {
            Self::Complete(kept.into())
        } else {
            Self::TooLarge
        }
    }

    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Complete(bytes) => bytes.clone(),
            Self::TooLarge | Self::Interrupted => Bytes::new(),
        }
    }
}
