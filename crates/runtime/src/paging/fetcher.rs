//! The requests of the pages of a list.

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::page::ListPage;
use crate::error::{Error, ErrorKind};
use crate::fault;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::Response;
use crate::resume_point::{Position, ResumePoint};
use crate::transport::Transport;

/// The request of a list, which is copied for each page.
pub(super) struct PageFetcher {
    transport: Transport,
    request: Request,
    /// Digest of the values that page tokens contain.
    held: Option<u64>,
}

/// A page and the position after it; `None` after the last page.
pub(super) type Fetched<P> = Option<(Response<P>, Option<ResumePoint>)>;

/// A page that is fetched in the background; the request is cancelled when it is dropped.
pub(super) type Ahead<P> = JoinSet<Result<Response<P>, Error>>;

impl PageFetcher {
    pub fn new(transport: Transport, request: Request) -> Self {
        Self {
            held: request.held_by_token(),
            transport,
            request,
        }
    }

    pub fn operation(&self) -> &'static Operation {
        self.request.operation()
    }

    /// Checks that a resume point belongs to this list.
    pub fn check(&self, point: &ResumePoint) -> Result<(), Error> {
        let operation = self.operation();
        if point.operation != operation.id {
            return Err(Error::invalid(format!(
                "the resume point belongs to `{}`, not to `{}`; nothing was sent",
                point.operation, operation.id
            )));
        }
        if point.held != self.held {
            return Err(Error::invalid(
                "the resume point belongs to a list with another filter or order; set the same; nothing was sent",
            ));
        }
        Ok(())
    }

    /// Returns the value of a parameter that the caller has set.
    pub fn value(&self, name: &str) -> Option<String> {
        self.request.value(name).map(str::to_owned)
    }

    pub async fn fetch<P: ListPage>(
        &self,
        set: impl FnOnce(&mut Request),
    ) -> Result<Response<P>, Error> {
        let mut request = self.request.clone();
        set(&mut request);
        page(&self.transport, request).await
    }

    pub fn fetch_ahead<P: ListPage>(&self, set: impl FnOnce(&mut Request)) -> Ahead<P> {
        let (transport, mut request) = (self.transport.clone(), self.request.clone());
        set(&mut request);
        let fetching = async move { page(&transport, request).await };
        let mut ahead = JoinSet::new();
        ahead.spawn(fetching.in_current_span());
        ahead
    }

    pub fn at(&self, position: Position, given: u64) -> ResumePoint {
        ResumePoint {
            operation: self.operation().id.to_owned(),
            position,
            held: self.held,
            given_of_page: 0,
            given,
        }
    }

    /// Creates the error for a response that would make a list endless or wrong.
    pub fn broken(&self, what: String) -> Error {
        fault::unreadable_list(what).during(self.operation())
    }
}

async fn page<P: ListPage>(transport: &Transport, request: Request) -> Result<Response<P>, Error> {
    let operation = request.operation();
    let (page, status, headers) = transport.send_json::<P>(request).await?.into_parts();
    match page.of(operation) {
        Ok(page) => Ok(Response::new(page, status, headers)),
        Err(what) => Err(fault::unreadable_list(what).during(operation)),
    }
}

/// Waits for a page that was fetched ahead.
pub(super) async fn arrived<P: 'static>(mut ahead: Ahead<P>) -> Result<Response<P>, Error> {
    let ended = Error::new(
        ErrorKind::Connection,
        "the page was not fetched: its async runtime has stopped",
    );
    match ahead.join_next().await {
        Some(Ok(page)) => page,
        Some(Err(error)) => Err(ended.caused_by(error)),
        None => Err(ended),
    }
}
