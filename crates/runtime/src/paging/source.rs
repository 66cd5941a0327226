//! The source that requests the pages.

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::page::ListPage;
use super::resume::{List, Position, ResumePoint};
use crate::error::Error;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::ResponseValue;
use crate::transport::Transport;

/// The request of a list, which is copied for each page.
pub(super) struct Source {
    transport: Transport,
    request: Request,
    list: List,
}

/// A page that is fetched in the background; the request is cancelled when it is dropped.
pub(super) type Ahead<P> = JoinSet<Result<ResponseValue<P>, Error>>;

impl Source {
    pub fn new(transport: Transport, request: Request) -> Self {
        let list = List {
            operation: request.operation(),
            held: request.held_by_token(),
        };
        Self {
            transport,
            request,
            list,
        }
    }

    pub fn operation(&self) -> &'static Operation {
        self.list.operation
    }

    /// Checks the point from which the list resumes.
    pub fn start(&self, point: ResumePoint) -> Result<ResumePoint, Error> {
        point.of(self.list)
    }

    /// Returns the value of a parameter that the caller has set.
    pub fn value(&self, name: &str) -> Option<String> {
        self.request.value(name).map(str::to_owned)
    }

    pub async fn fetch<P: ListPage>(
        &self,
        set: impl FnOnce(&mut Request),
    ) -> Result<ResponseValue<P>, Error> {
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
        ResumePoint::new(self.list, position, given)
    }

    /// Creates the error for a response that would make a list endless or wrong.
    pub fn broken(&self, what: String) -> Error {
        Error::unreadable_list(what).during(self.operation())
    }
}

async fn page<P: ListPage>(
    transport: &Transport,
    request: Request,
) -> Result<ResponseValue<P>, Error> {
    let operation = request.operation();
    let (page, status, headers) = transport.send_json::<P>(request).await?.into_parts();
    match page.of(operation) {
        Ok(page) => Ok(ResponseValue::new(page, status, headers)),
        Err(what) => Err(Error::unreadable_list(what).during(operation)),
    }
}

/// Waits for a page that was fetched ahead.
pub(super) async fn arrived<P: 'static>(mut ahead: Ahead<P>) -> Result<ResponseValue<P>, Error> {
    let ended = Error::new(
        crate::ErrorKind::Connection,
        "the page was not fetched: the runtime that fetched it ended",
    );
    match ahead.join_next().await {
        Some(Ok(page)) => page,
        Some(Err(error)) => Err(ended.caused_by(error)),
        None => Err(ended),
    }
}
