use std::io;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use compute_api_client::operations as compute;
use compute_kfp_runtime::operation::{BodyKind, Operation};
use http::StatusCode;
use http::request::Parts;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use kfp_api_client::operations as kfp;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio_io_timeout::TimeoutStream;

use crate::addressing;
use crate::authentication::authenticate;
use crate::compute::rules;
use crate::documents;
use crate::injection::{Body, ended, whole};
use crate::inspection::ReceivedRequest;
use crate::kfp::operations;
use crate::login;
use crate::operation::{ApiError, Call, Rejection, select};
use crate::request_body::{self, upload};
use crate::response::{Response, json_response};
use crate::shared::Shared;
use crate::store::Store;

/// Time for active requests to end when the server stops.
const TIME_TO_FINISH: Duration = Duration::from_secs(1);

/// Minimum time between writes of the data file. A killed process loses at most this time.
const SAVED_EVERY: Duration = Duration::from_secs(2);

/// Interval between checks for changes that have to be written.
const CHECKED_EVERY: Duration = Duration::from_millis(100);

/// Pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// A running server. Dropping `stop` stops it, and `stopped` completes afterwards.
pub(crate) struct Running {
    pub(crate) stop: watch::Sender<()>,
    pub(crate) stopped: oneshot::Receiver<io::Result<()>>,
}

/// Serves on its own thread and runtime. So it also serves callers that block their thread or have no
/// runtime.
pub(crate) fn serve(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Running> {
    let (stop, told_to_stop) = watch::channel(());
    let (has_stopped, stopped) = oneshot::channel();
    let (says_ready, ready) = mpsc::channel();
    listener.set_nonblocking(true)?;
    let work = move || {
        let outcome = run(listener, shared, told_to_stop, &says_ready);
        // Nobody may be waiting for either.
        match outcome {
            Ok(saved) => drop(has_stopped.send(saved)),
            Err(error) => drop(says_ready.send(Err(error))),
        }
    };
    std::thread::Builder::new()
        .name("sandbox".to_owned())
        .spawn(work)?;
    ready.recv().map_err(io::Error::other)??;
    Ok(Running { stop, stopped })
}

/// Runs the server. Fails if it cannot start; otherwise returns the outcome of the last save.
///
/// The runtime is built here, on the server's own thread. If dropped on a caller's async runtime, it
/// would panic.
fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    told_to_stop: watch::Receiver<()>,
    says_ready: &mpsc::Sender<io::Result<()>>,
) -> io::Result<io::Result<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let _ = says_ready.send(Ok(()));
        let saving = tokio::spawn(save_now_and_then(Arc::clone(&shared)));
        serve_until(listener, Arc::clone(&shared), told_to_stop).await;
        saving.abort();
        // At least the clock has advanced.
        shared.store().is_changed = true;
        Ok(shared.save().map(drop))
    })
}

async fn save_now_and_then(shared: Arc<Shared>) {
    if shared.data_file.is_none() {
        return;
    }
    let mut due = tokio::time::interval(CHECKED_EVERY);
    loop {
        due.tick().await;
        let shared = Arc::clone(&shared);
        // After a failure, requests are rejected until a write succeeds.
        let saved = tokio::task::spawn_blocking(move || shared.save()).await;
        if !matches!(saved, Ok(Ok(false))) {
            due.reset_after(SAVED_EVERY);
        }
    }
}

/// Serves until told to stop. hyper lets a service close a connection without a
/// response.
async fn serve_until(
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    mut told_to_stop: watch::Receiver<()>,
) {
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(shared.settings.request_time);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ended(&mut told_to_stop) => break,
        };
        let Ok((stream, _)) = accepted else {
            // The client has gone already, or too many files are open for the moment.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Without Nagle's algorithm, a response never waits for an acknowledgement. A socket that
        // rejects the option still works.
        let _ = stream.set_nodelay(true);
        let served = Arc::clone(&shared);
        let service = service_fn(move |request| receive(Arc::clone(&served), request));
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(shared.settings.request_time));
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    let _ = tokio::time::timeout(TIME_TO_FINISH, connections.shutdown()).await;
}

async fn receive(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> io::Result<http::Response<Body>> {
    // No path of the Compute API begins like this.
    if request.uri().path().starts_with("/apis/") {
        let has = |operation: &&Operation| shared.settings.kfp_server.has(operation);
        let operations = kfp::OPERATIONS.iter().copied().filter(has);
        handle(operations, operations::perform, &shared, request).await
    } else {
        let operations = compute::OPERATIONS.iter().copied();
        handle(operations, rules::perform, &shared, request).await
    }
}

async fn handle<E: ApiError>(
    operations: impl Iterator<Item = &'static Operation>,
    perform: fn(&mut Store, &Call<'_>) -> Result<Value, E>,
    shared: &Shared,
    request: http::Request<Incoming>,
) -> io::Result<http::Response<Body>> {
    let (head, body) = request.into_parts();
    let selected = select(operations, &head.method, head.uri.path());
    let described = selected.as_ref().ok().map(|(operation, _)| *operation);
    let kind = described.and_then(|described| Some(described.body()?.kind));
    let body = request_body::read(body, kind, &shared.large_bodies);
    let body = tokio::time::timeout(shared.settings.request_time, body).await;
    let body = body.unwrap_or(Err(Rejection::BodyInterrupted));
    let (bytes, received) = match body {
        Ok(bytes) => (bytes, Ok(())),
        Err(rejection) => (Bytes::new(), Err(rejection)),
    };
    let upload = match kind {
        Some(BodyKind::Multipart([part, ..])) => {
            upload(&head.headers, bytes.clone(), part.name).await
        }
        _ => None,
    };
    let operation_id = described.map(|described| described.id);
    if shared.settings.recording {
        let request = ReceivedRequest::new(operation_id, &head, bytes.clone());
        shared.received().push(request);
    }
    if let Some(response) = beside_the_apis(shared, &head, &bytes) {
        return Ok(whole(response));
    }
    let respond = || {
        let (described, path_values) = selected?;
        let mut store = shared.store();
        let credentials = &shared.settings.credentials;
        let admitted = authenticate(&head.headers, credentials, &store, described);
        admitted.and(received).map_err(E::rejected)?;
        if described.method != "GET" {
            if let Some(failure) = &store.save_failure {
                return Err(E::rejected(Rejection::Failed(failure)));
            }
            store.is_changed = true;
        }
        let call = Call {
            described,
            path_values,
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &bytes,
            upload,
        };
        let content = perform(&mut store, &call)?;
        let status = StatusCode::from_u16(described.success_status).unwrap_or_default();
        Ok(json_response(status, &content))
    };
    let respond = || respond().unwrap_or_else(E::into_response);
    let Some(mut met) = described.and_then(|described| shared.faults.meeting(described)) else {
        return Ok(whole(respond()));
    };
    met.wait().await;
    let response = met.fault.lets_operation_be_done().then(respond);
    let response = match (met.fault.status_code(), response) {
        (None, Some(response)) => response,
        (status, _) => E::rejected(Rejection::Injected(status.unwrap_or_default())).into_response(),
    };
    met.spoil(response)
}

/// Returns the response to a request that is for no operation, or that no operation may get.
fn beside_the_apis(shared: &Shared, head: &Parts, body: &[u8]) -> Option<Response> {
    let refusal = addressing::refusal(&head.headers).filter(|_| !shared.settings.exposed);
    refusal
        .or_else(|| login::respond(head, body, &shared.settings.credentials))
        .or_else(|| documents::respond(shared, head))
}
