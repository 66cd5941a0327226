//! Active faults and their effect on responses.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use compute_kfp_runtime::operation::Operation;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Frame, SizeHint};
use tokio::sync::watch;

use crate::fault::{Fault, Lost};
use crate::reply::Response;
use crate::uuids::scramble;

/// Closes the connection without a response.
#[derive(Debug)]
pub(crate) struct Disconnected;

impl std::fmt::Display for Disconnected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a fault closes the connection")
    }
}

impl std::error::Error for Disconnected {}

#[derive(Default)]
pub(crate) struct Faults {
    in_force: Mutex<Vec<InForce>>,
}

struct InForce {
    fault: Fault,
    /// Number of requests that the fault could have applied to.
    seen: u64,
    /// Dropped when the fault is cleared, which releases the held requests.
    hold: watch::Sender<()>,
}

impl InForce {
    fn is_used_up(&self) -> bool {
        self.fault.times == Some(0)
    }

    /// Returns whether it applies to this request, and counts the request if so.
    fn meets(&mut self, operation: &Operation) -> bool {
        if self.is_used_up() || !self.fault.fits(operation) || !self.comes_up() {
            return false;
        }
        if let Some(times) = &mut self.fault.times {
            *times -= 1;
        }
        true
    }

    fn comes_up(&mut self) -> bool {
        self.seen += 1;
        let number = scramble(scramble(self.fault.seed).wrapping_add(self.seen));
        // As many bits as an `f64` holds, as a number from 0 to 1.
        let number = f64::from(u32::try_from(number >> 32).unwrap_or(u32::MAX));
        number / (f64::from(u32::MAX) + 1.0) < self.fault.rate
    }
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        let (hold, _) = watch::channel(());
        self.in_force().push(InForce {
            fault,
            seen: 0,
            hold,
        });
    }

    pub(crate) fn clear(&self) {
        self.in_force().clear();
    }

    /// Returns the faults, each with its remaining number of times.
    pub(crate) fn all(&self) -> Vec<Fault> {
        let in_force = self.in_force();
        let left = in_force.iter().filter(|one| !one.is_used_up());
        left.map(|one| one.fault.clone()).collect()
    }

    /// Returns the fault that applies to a request for this operation.
    pub(crate) fn meeting(&self, operation: &Operation) -> Option<Met> {
        let mut in_force = self.in_force();
        let met = in_force.iter_mut().find_map(|one| {
            one.meets(operation).then(|| Met {
                fault: one.fault.clone(),
                hold: one.hold.subscribe(),
            })
        });
        // One that holds requests is still needed to let them go.
        in_force.retain(|one| one.fault.held || !one.is_used_up());
        met
    }

    fn in_force(&self) -> MutexGuard<'_, Vec<InForce>> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until the sender is dropped.
pub(crate) async fn ended(stop: &mut watch::Receiver<()>) {
    while stop.changed().await.is_ok() {}
}

/// A fault that applies to one request.
pub(crate) struct Met {
    pub(crate) fault: Fault,
    hold: watch::Receiver<()>,
}

impl Met {
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.fault.delay).await;
        if self.fault.held {
            ended(&mut self.hold).await;
        }
    }

    /// Returns the response that replaces this one.
    pub(crate) fn spoil(
        self,
        mut response: Response,
    ) -> Result<http::Response<Body>, Disconnected> {
        let fault = self.fault;
        if let Some(body) = fault.body {
            *response.body_mut() = body.into();
        }
        let content_type = fault.content_type.map(|it| HeaderValue::from_str(&it).ok());
        if let Some(content_type) = content_type.flatten() {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        if let Some(pause) = fault.retry_after {
            let seconds = HeaderValue::from(pause.as_secs());
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        if has_no_body(response.status()) {
            response.body_mut().clear();
        }
        match fault.lost {
            None => Ok(whole(response)),
            Some(Lost::InTheBody) if !response.body().is_empty() => Ok(response.map(half)),
            Some(_) => Err(Disconnected),
        }
    }
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// The body of a response on the wire.
pub(crate) type Body = Either<Full<Bytes>, HalfBody>;

pub(crate) fn whole(response: Response) -> http::Response<Body> {
    response.map(|body| Either::Left(Full::new(body)))
}

fn half(body: Bytes) -> Body {
    Either::Right(HalfBody {
        length: u64::try_from(body.len()).unwrap_or(u64::MAX),
        half: Some(body.slice(..body.len() / 2)),
        flushed: false,
    })
}

/// The first half of a body with the length of the whole, then a failure.
pub(crate) struct HalfBody {
    length: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl hyper::body::Body for HalfBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // A body that has to wait lets the connection send what it holds back.
        if !self.flushed {
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other(Disconnected))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
