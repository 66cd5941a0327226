//! Active faults and their effect on responses.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use compute_kfp_runtime::operation::Operation;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http_body_util::{Either, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::sync::watch;

use crate::fault::{Fault, Lost, invalid};
use crate::response::Response;

#[derive(Default)]
pub(crate) struct Faults {
    in_force: Mutex<Vec<InForce>>,
}

struct InForce {
    fault: Fault,
    /// Decides about each request that the fault could apply to.
    random: fastrand::Rng,
    /// Dropped when the fault is cleared, which releases the held requests.
    hold: watch::Sender<()>,
}

impl InForce {
    /// Returns whether it applies to this request, and counts the request if so.
    fn meets(&mut self, operation: &'static Operation) -> bool {
        let fault = &mut self.fault;
        if fault.times == Some(0)
            || !fault.fits(operation)
            || fault.rate.is_some_and(|rate| self.random.f64() >= rate)
        {
            return false;
        }
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        true
    }
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) -> io::Result<()> {
        fault.check().map_err(invalid)?;
        let (hold, _) = watch::channel(());
        self.in_force().push(InForce {
            random: fastrand::Rng::with_seed(fault.seed),
            fault,
            hold,
        });
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.in_force().clear();
    }

    /// Returns the faults, each with its remaining number of times.
    pub(crate) fn all(&self) -> Vec<Fault> {
        let in_force = self.in_force();
        let left = in_force.iter().filter(|one| one.fault.times != Some(0));
        left.map(|one| one.fault.clone()).collect()
    }

    /// Returns the fault that applies to a request for this operation.
    pub(crate) fn meeting(&self, operation: &'static Operation) -> Option<Met> {
        let mut in_force = self.in_force();
        in_force.iter_mut().find_map(|one| {
            one.meets(operation).then(|| Met {
                fault: one.fault.clone(),
                hold: one.hold.subscribe(),
            })
        })
    }

    fn in_force(&self) -> MutexGuard<'_, Vec<InForce>> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    pub(crate) fn spoil(self, mut response: Response) -> io::Result<http::Response<Body>> {
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
        if matches!(response.status().as_u16(), 204 | 205 | 304) {
            response.body_mut().clear();
        }
        match fault.lost {
            None => Ok(whole(response)),
            Some(Lost::InTheBody) if !response.body().is_empty() => Ok(cut(response)),
            Some(_) => Err(disconnected()),
        }
    }
}

/// The body of a response on the wire: all of it, or a part and then a failure.
pub(crate) type Body =
    Either<Full<Bytes>, StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>>;

pub(crate) fn whole(response: Response) -> http::Response<Body> {
    response.map(|body| Either::Left(Full::new(body)))
}

/// Closes the connection in the middle of the body, whose length is that of the whole.
fn cut(mut response: Response) -> http::Response<Body> {
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response.map(|body| {
        let half = Frame::data(body.slice(..body.len() / 2));
        // A body that has to wait lets the connection send what it holds back.
        let failure = tokio::task::yield_now().map(|()| Err(disconnected()));
        let frames = stream::iter([Ok(half)]).chain(failure.into_stream());
        Either::Right(StreamBody::new(frames.boxed()))
    })
}

/// Returns the error that closes a connection without a response.
fn disconnected() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "a fault closes the connection",
    )
}
