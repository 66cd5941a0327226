//! A server on loopback that records requests and plays the answers it was given.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use compute_kfp_runtime::operation::{Location, Operation, Parameter, Style};
use compute_kfp_runtime::{Request, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex as AsyncMutex, Notify};

pub struct Server {
    url: String,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    connections: AtomicUsize,
    bytes: Arc<AtomicU64>,
    requests: Mutex<Vec<Received>>,
    arrived: Notify,
    left: Notify,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "`{name}` came twice");
        first
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

enum Script {
    /// One answer for each connection; the last is repeated.
    Answers(Vec<Vec<u8>>),
    /// What the test hands over, as it does; then the connection is closed.
    Pieces(AsyncMutex<UnboundedReceiver<Vec<u8>>>),
}

impl Server {
    pub async fn playing<A: Into<Vec<u8>>>(answers: impl IntoIterator<Item = A>) -> Self {
        Self::start(Script::Answers(
            answers.into_iter().map(Into::into).collect(),
        ))
        .await
    }

    /// One that answers piece by piece; it says nothing while the sender is held and unused.
    pub async fn piecewise() -> (Self, UnboundedSender<Vec<u8>>) {
        let (sender, receiver) = unbounded_channel();
        (
            Self::start(Script::Pieces(AsyncMutex::new(receiver))).await,
            sender,
        )
    }

    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Log::default());
        let (script, served) = (Arc::new(script), log.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let index = served.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, index, script.clone(), served.clone()));
            }
        });
        Self { url, log }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn transport(&self) -> Transport {
        Transport::builder(self.url()).build().unwrap()
    }

    pub fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// Bytes of bodies that came so far.
    pub fn bytes(&self) -> Arc<AtomicU64> {
        self.log.bytes.clone()
    }

    pub fn requests(&self) -> Vec<Received> {
        self.log.requests.lock().unwrap().clone()
    }

    pub fn only(&self) -> Received {
        let [request] = self.requests().try_into().unwrap();
        request
    }

    /// Waits until a whole request came.
    pub async fn arrival(&self) {
        self.log.arrived.notified().await;
    }

    /// Waits until a client has closed its connection.
    pub async fn departure(&self) {
        self.log.left.notified().await;
    }
}

async fn serve(mut stream: TcpStream, index: usize, script: Arc<Script>, log: Arc<Log>) {
    let Some(request) = receive(&mut stream, &log.bytes).await else {
        log.left.notify_one();
        return;
    };
    log.requests.lock().unwrap().push(request);
    log.arrived.notify_one();
    match &*script {
        Script::Answers(answers) => {
            let answer = answers.get(index).or(answers.last()).unwrap();
            // A client that refuses an answer in the middle closes the connection.
            let _ = stream.write_all(answer).await;
        }
        Script::Pieces(pieces) => {
            let mut pieces = pieces.lock().await;
            let mut ignored = [0; 1024];
            loop {
                tokio::select! {
                    piece = pieces.recv() => match piece {
                        Some(piece) => stream.write_all(&piece).await.unwrap(),
                        None => break,
                    },
                    read = stream.read(&mut ignored) => if matches!(read, Ok(0) | Err(_)) {
                        log.left.notify_one();
                        return;
                    },
                }
            }
        }
    }
    let _ = stream.shutdown().await;
}

/// `None` where the client left before the request was whole.
async fn receive(stream: &mut TcpStream, bytes: &AtomicU64) -> Option<Received> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = find(&read, b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut read).await?;
    };
    let text = String::from_utf8(read[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (
        first.next().unwrap().to_owned(),
        first.next().unwrap().to_owned(),
    );
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Received {
        method,
        target,
        headers,
        body: read.split_off(head),
    };
    let chunked = request.header("transfer-encoding") == Some("chunked");
    let length: usize = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    bytes.fetch_add(request.body.len() as u64, Ordering::SeqCst);
    while if chunked {
        !request.body.ends_with(b"0\r\n\r\n")
    } else {
        request.body.len() < length
    } {
        let new = more(stream, &mut request.body).await?;
        bytes.fetch_add(new as u64, Ordering::SeqCst);
    }
    if chunked {
        request.body = unchunked(&request.body);
    }
    Some(request)
}

async fn more(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<usize> {
    read.reserve(64 * 1024);
    stream.read_buf(read).await.ok().filter(|new| *new > 0)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = find(rest, b"\r\n").unwrap();
        let length = usize::from_str_radix(str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + length]);
        rest = &rest[line + 2 + length + 2..];
    }
}

/// An answer with `Content-Length`, unless the headers say otherwise.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = if headers.to_ascii_lowercase().contains("transfer-encoding") {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let headers: String = headers
        .lines()
        .map(|line| format!("{}\r\n", line.trim()))
        .collect();
    let mut answer =
        format!("HTTP/1.1 {status} Some\r\n{headers}{length}connection: close\r\n\r\n")
            .into_bytes();
    answer.extend_from_slice(body);
    answer
}

pub fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "content-type: application/json", body)
}

pub fn html(status: u16) -> Vec<u8> {
    answer(
        status,
        "content-type: text/html; charset=utf-8",
        "<!DOCTYPE html>\n<title>Log in</title>",
    )
}

/// What the operations of the tests have in common.
pub const OPERATION: Operation = Operation::new("read_item", "read_item", "GET", "/items");

pub const fn parameter(name: &'static str, location: Location, style: Style) -> Parameter {
    Parameter::new(name, location, "string").style(style)
}

pub static GET: Operation = OPERATION;
pub static POST: Operation = Operation::new("read_item", "read_item", "POST", "/items");

pub fn get() -> Request {
    Request::new(&GET)
}
