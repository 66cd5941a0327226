//! A server of lists that records requests and fails at scripted points.

use std::collections::BTreeMap;

use compute_kfp_runtime::{RetryPolicy, Transport};
use compute_kfp_test_server::{Response, TestServer};
use tokio::sync::watch;

/// The query of a request.
pub type Query = BTreeMap<String, String>;

pub struct Server(TestServer);

impl Server {
    /// Answers the requests, numbered from 0 on, as `behaviour` says.
    pub fn start(behaviour: impl Fn(usize, &Query) -> Response + Send + Sync + 'static) -> Self {
        Self::together(0, behaviour)
    }

    /// Answers the first request, and none of the others before there are so many.
    pub fn together(
        together: usize,
        behaviour: impl Fn(usize, &Query) -> Response + Send + Sync + 'static,
    ) -> Self {
        let count = watch::Sender::new(0);
        Self(TestServer::keeping_alive(move |request| {
            let response = behaviour(request.index, &request.parameters());
            count.send_modify(|count| *count += 1);
            if request.index == 0 || together == 0 {
                return response;
            }
            let mut count = count.subscribe();
            response.after(async move {
                let _ = count.wait_for(|count| *count >= together).await;
            })
        }))
    }

    /// A transport that sends everything once, so that each fault is seen.
    pub fn transport(&self) -> Transport {
        let transport = Transport::builder(self.0.url()).retry(RetryPolicy::never());
        transport.build().unwrap()
    }

    /// Queries of the requests so far.
    pub fn queries(&self) -> Vec<String> {
        let requests = self.0.requests();
        requests
            .iter()
            .map(|one| one.query().unwrap_or_default().to_owned())
            .collect()
    }

    /// Waits until one more request came.
    pub async fn arrival(&self) {
        self.0.arrival().await;
    }
}

/// Hangs up without a response.
pub fn hang_up() -> Response {
    Response::raw("").then_close()
}

/// Hangs up in the middle of this response.
pub fn cut_off(body: String) -> Response {
    let half = body.len() / 2;
    Response::new(200, "", body).without_last(half)
}
