//! The server.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Handle};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::received::receive;
use crate::response::Then;
use crate::{Received, Response};

#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
pub use tls::{Authority, Tls};

/// An HTTP server on loopback. It stops, with all its connections, when it is dropped.
pub struct TestServer {
    address: SocketAddr,
    url: String,
    log: Arc<Log>,
    stop: Option<oneshot::Sender<()>>,
    stopped: oneshot::Receiver<()>,
}

pub(crate) type Respond = Box<dyn Fn(&Received) -> Response + Send + Sync>;

pub(crate) struct Shared {
    pub(crate) respond: Respond,
    pub(crate) log: Arc<Log>,
    keep_alive: bool,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// The requests and connections of a server so far.
pub(crate) struct Log {
    connections: AtomicUsize,
    body_bytes: Arc<AtomicU64>,
    requests: Mutex<Vec<Received>>,
    /// `true` if requests are recorded.
    records: bool,
    count: AtomicUsize,
    /// A permit for each request, and for each connection that ended, that nobody waited for yet.
    arrived: Semaphore,
    left: Semaphore,
}

/// Settings of a server in addition to its responses.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) listener: Option<std::net::TcpListener>,
    pub(crate) keep_alive: bool,
    pub(crate) forgets: bool,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<tokio_rustls::TlsAcceptor>,
}

impl TestServer {
    /// Starts a server that calls `respond` for each request, and closes each connection after its
    /// response.
    pub fn start(respond: impl Fn(&Received) -> Response + Send + Sync + 'static) -> Self {
        Self::start_with(Settings::default(), Box::new(respond))
    }

    /// Starts a server that serves many requests on one connection.
    pub fn keeping_alive(respond: impl Fn(&Received) -> Response + Send + Sync + 'static) -> Self {
        let keep_alive = true;
        let settings = Settings {
            keep_alive,
            ..Settings::default()
        };
        Self::start_with(settings, Box::new(respond))
    }

    /// Starts a server that serves many requests on one connection and does not record them.
    pub fn forgetting(respond: impl Fn(&Received) -> Response + Send + Sync + 'static) -> Self {
        let settings = Settings {
            keep_alive: true,
            forgets: true,
            ..Settings::default()
        };
        Self::start_with(settings, Box::new(respond))
    }

    /// Starts a server like [`keeping_alive`](Self::keeping_alive), at an address where another has
    /// stopped.
    pub async fn again_at(
        address: SocketAddr,
        respond: impl Fn(&Received) -> Response + Send + Sync + 'static,
    ) -> Self {
        // A connection of another test may use the port for a moment.
        let listener = loop {
            match std::net::TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let settings = Settings {
            listener: Some(listener),
            keep_alive: true,
            ..Settings::default()
        };
        Self::start_with(settings, Box::new(respond))
    }

    /// Starts a server that sends one response after the other, and the last one again and again.
    pub fn playing<R: Into<Response>>(responses: impl IntoIterator<Item = R>) -> Self {
        let responses: Vec<Response> = responses.into_iter().map(Into::into).collect();
        Self::start(move |request| {
            let response = responses.get(request.index).or(responses.last());
            response.unwrap().clone()
        })
    }

    /// Starts a server to whose responses the test adds piece by piece; one connection is closed when
    /// the sender is dropped.
    pub fn piecewise() -> (Self, UnboundedSender<Vec<u8>>) {
        let (sender, receiver) = unbounded_channel();
        (Self::playing([Response::pieces(receiver)]), sender)
    }

    /// Starts a proxy that tunnels `CONNECT` and responds to everything else with 204.
    pub fn proxy() -> Self {
        Self::start(|request| match request.method.as_str() {
            "CONNECT" => Response::tunnel(),
            _ => Response::empty(204),
        })
    }

    /// Not generic, so that this crate compiles it, and not each test for its own responses.
    pub(crate) fn start_with(settings: Settings, respond: Respond) -> Self {
        let listener = settings
            .listener
            .unwrap_or_else(|| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log {
            connections: AtomicUsize::new(0),
            body_bytes: Arc::default(),
            requests: Mutex::default(),
            records: !settings.forgets,
            count: AtomicUsize::new(0),
            arrived: Semaphore::new(0),
            left: Semaphore::new(0),
        });
        let shared = Arc::new(Shared {
            respond,
            log: log.clone(),
            keep_alive: settings.keep_alive,
            #[cfg(feature = "tls")]
            tls: settings.tls,
        });
        let (stop, stopping) = oneshot::channel();
        let (has_stopped, stopped) = oneshot::channel();
        let serving = async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            tokio::select! {
                _ = stopping => {}
                () = accept(&listener, &mut connections, &shared) => {}
            }
            // The port is free, and no connection is left, when `stop` goes on.
            drop(listener);
            connections.shutdown().await;
            let _ = has_stopped.send(());
        };
        if Handle::try_current().is_ok() {
            tokio::spawn(serving);
        } else {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            thread::spawn(move || runtime.unwrap().block_on(serving));
        }
        Self {
            address,
            url: format!("http://{address}"),
            log,
            stop: Some(stop),
            stopped,
        }
    }

    /// Returns the address at which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the server, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    #[cfg(feature = "tls")]
    pub(crate) fn with_url(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// Returns the requests so far, in the order in which they were complete.
    pub fn requests(&self) -> Vec<Received> {
        self.log.requests.lock().unwrap().clone()
    }

    /// Returns the only request.
    ///
    /// # Panics
    ///
    /// Panics if there was none, or another.
    #[track_caller]
    pub fn only(&self) -> Received {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// Returns a counter of the bytes of bodies that were received so far.
    pub fn body_bytes(&self) -> Arc<AtomicU64> {
        self.log.body_bytes.clone()
    }

    /// Waits for a request that nobody waited for yet.
    pub async fn arrival(&self) {
        self.log.arrived.acquire().await.unwrap().forget();
    }

    /// Waits for the end of a connection that nobody waited for yet.
    pub async fn departure(&self) {
        self.log.left.acquire().await.unwrap().forget();
    }

    /// Closes the port and every connection.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.stopped).await.unwrap();
    }
}

impl Log {
    pub(crate) fn add(&self, request: &mut Received) {
        let mut requests = self.requests.lock().unwrap();
        request.index = self.count.fetch_add(1, Ordering::SeqCst);
        if self.records {
            requests.push(request.clone());
        }
    }
}

async fn accept(listener: &TcpListener, connections: &mut JoinSet<()>, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.log.connections.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        connections.spawn(async move {
            serve_connection(stream, &shared).await;
            shared.log.left.add_permits(1);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_connection(stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &shared.tls {
        // A client that does not trust the certificate leaves.
        if let Ok(stream) = acceptor.accept(stream).await {
            tls::serve(stream, shared).await;
        }
        return;
    }
    serve(stream, shared).await;
}

/// A connection that may be reset.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {
    fn reset(&mut self);
}

impl Stream for TcpStream {
    fn reset(&mut self) {
        self.set_zero_linger().unwrap();
    }
}

pub(crate) async fn serve(mut stream: impl Stream, shared: &Shared) {
    let mut read = BytesMut::new();
    while let Some(mut request) = receive(&mut stream, &mut read, &shared.log.body_bytes).await {
        shared.log.add(&mut request);
        let response = (shared.respond)(&request);
        shared.log.arrived.add_permits(1);
        // A client may leave at any point.
        match send(&mut stream, response, &request, shared.keep_alive).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Sends a response; whether the connection serves the next request.
async fn send(
    stream: &mut impl Stream,
    response: Response,
    request: &Received,
    keep_alive: bool,
) -> std::io::Result<bool> {
    let response = response.ready().await;
    // In one piece: two would wait for each other.
    stream.write_all(&response.bytes(!keep_alive)).await?;
    let mut ignored = [0; 1024];
    match response.then {
        Then::Next if keep_alive => return Ok(true),
        Then::Next | Then::Close => {}
        Then::Reset => {
            stream.reset();
            return Ok(false);
        }
        Then::Stall => {
            while stream.read(&mut ignored).await? > 0 {}
            return Ok(false);
        }
        Then::Repeat(piece, pause) => loop {
            tokio::time::sleep(pause).await;
            stream.write_all(&piece).await?;
        },
        Then::Pieces(pieces) => {
            let mut pieces = pieces.lock().await;
            loop {
                tokio::select! {
                    piece = pieces.recv() => match piece {
                        Some(piece) => stream.write_all(&piece).await?,
                        None => break,
                    },
                    read = stream.read(&mut ignored) => if read? == 0 {
                        return Ok(false);
                    },
                }
            }
        }
        Then::Tunnel => {
            let mut target = TcpStream::connect(&request.target).await?;
            copy_bidirectional(stream, &mut target).await?;
            return Ok(false);
        }
    }
    stream.shutdown().await?;
    Ok(false)
}
