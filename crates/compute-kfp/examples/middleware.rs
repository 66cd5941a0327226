//! Code of an application around every attempt of a call: one middleware adds a header, another
//! records metrics.
//!
//! Runs against a sandbox inside this process.

// The Metadata operations are deprecated, because the public service no longer has them.
#![allow(deprecated)]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use compute_kfp::compute;
use compute_kfp::middleware::{self, Attempt, Middleware, Next, ResponseFuture};
use compute_kfp_sandbox::{BACKEND_ID, Sandbox};

/// Attempts, failures and time of each operation.
#[derive(Default)]
struct Metrics(Mutex<BTreeMap<&'static str, Figures>>);

#[derive(Default)]
struct Figures {
    attempts: u32,
    failures: u32,
    time: Duration,
}

impl Middleware for Metrics {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
        Box::pin(async move {
            let (operation, begun) = (attempt.operation(), Instant::now());
            let outcome = next.run(attempt).await;
            let failed = outcome
                .as_ref()
                .is_ok_and(|reply| !reply.status().is_success());

            let mut metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let figures = metrics.entry(operation.name).or_default();
            figures.attempts += 1;
            figures.failures += u32::from(failed || outcome.is_err());
            figures.time += begun.elapsed();
            outcome
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let metrics = Arc::new(Metrics::default());
    let recorded = metrics.clone();
    let client = compute::Client::builder()
        .endpoint(sandbox.url())
        .bearer_token(sandbox.compute_token())
        .api_key(sandbox.compute_api_key())
        .transport(|transport| {
            transport
                .middleware(middleware::before(|attempt| {
                    let team = "calibration".parse().map_err(|_| {
                        compute_kfp::Error::configuration(
                            "the name of the team is not a valid header value",
                        )
                    })?;
                    attempt.headers_mut().insert("x-team", team);
                    Ok(())
                }))
                .middleware(recorded)
        })
        .build()?;

    client
        .read_metadata_by_backend_id(BACKEND_ID)
        .send()
        .await?;
    client.read_metadata(1).send().await?;
    if let Err(error) = client.read_metadata(4711).send().await {
        println!("{error}");
    }

    for (operation, figures) in &*metrics.0.lock().unwrap_or_else(PoisonError::into_inner) {
        let Figures {
            attempts,
            failures,
            time,
        } = figures;
        println!("{operation}: {attempts} attempts, {failures} failed, {time:?}");
    }
    for request in sandbox.received() {
        let team = request.header("x-team").unwrap_or("none");
        println!("{} {}, team {team}", request.method(), request.path());
    }
    sandbox.shutdown().await;
    Ok(())
}
