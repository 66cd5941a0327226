//! A server on loopback that fails as it is told to, and counts what it was asked and what it did.
//!
//! Every call has a number, the last part of its path: `/items/7`. What a number was asked for is a
//! visit; where the server acts on it, an execution.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use compute_kfp_runtime::operation::{Location, Operation, Parameter, SchemeKind, SecurityScheme};
use compute_kfp_runtime::{Request, Transport, TransportBuilder};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub struct Server {
    address: SocketAddr,
    log: Arc<Log>,
}

/// What the server does about one request.
#[derive(Clone)]
pub struct Step {
    /// Whether it acts on the request before it reacts.
    pub acts: bool,
    pub reaction: Reaction,
}

#[derive(Clone)]
pub enum Reaction {
    /// The answer without a fault; the connection stays open.
    Succeed,
    /// Such bytes; the connection stays open.
    Answer(Bytes),
    /// A pause, then such bytes; the connection stays open.
    Delay(Duration, Bytes),
    /// Such bytes, then the end of the connection.
    Close(Bytes),
    /// Such bytes, then a reset of the connection.
    Reset(Bytes),
    /// Such bytes, then nothing until the client leaves.
    Stall(Bytes),
    /// Such bytes, then a piece again and again, with a pause before each, until the client leaves.
    Repeat(Bytes, Bytes, Duration),
}

/// A request as it came.
pub struct Visit {
    pub number: usize,
    /// Which visit of this number it is; the first is 1.
    pub count: u32,
    pub body: Bytes,
}

struct Log {
    connections: AtomicUsize,
    tallies: Box<[Tally]>,
    /// A permit for each visit, and for each connection that ended, that nobody waited for yet.
    visited: Semaphore,
    left: Semaphore,
}

#[derive(Default)]
struct Tally {
    visits: AtomicU32,
    executions: AtomicU32,
}

/// What a call without a fault answers: the number it was asked for.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub number: usize,
}

impl Server {
    /// One for calls with numbers below `calls`, which does with each visit as `plan` says.
    pub async fn start(
        calls: usize,
        plan: impl Fn(&Visit) -> Step + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log {
            connections: AtomicUsize::new(0),
            tallies: (0..calls).map(|_| Tally::default()).collect(),
            visited: Semaphore::new(0),
            left: Semaphore::new(0),
        });
        let (plan, served) = (Arc::new(plan), log.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                served.connections.fetch_add(1, Ordering::SeqCst);
                let (plan, log) = (plan.clone(), served.clone());
                tokio::spawn(async move {
                    // A client may leave at any point.
                    let _ = serve(stream, &*plan, &log).await;
                    log.left.add_permits(1);
                });
            }
        });
        Self { address, log }
    }

    /// One that fails with `step` at the first `faults` visits of each number, then succeeds.
    pub async fn failing(faults: u32, step: Step) -> Self {
        Self::start(64, move |visit| {
            if visit.count <= faults {
                step.clone()
            } else {
                Step::done(Reaction::Succeed)
            }
        })
        .await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn transport(&self) -> TransportBuilder {
        Transport::builder(self.url())
    }

    pub fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    pub fn visits(&self, number: usize) -> u32 {
        self.log.tallies[number].visits.load(Ordering::SeqCst)
    }

    pub fn executions(&self, number: usize) -> u32 {
        self.log.tallies[number].executions.load(Ordering::SeqCst)
    }

    /// Waits for a visit that nobody waited for yet.
    pub async fn visit(&self) {
        self.log.visited.acquire().await.unwrap().forget();
    }

    /// Waits for the end of a connection that nobody waited for yet.
    pub async fn departure(&self) {
        self.log.left.acquire().await.unwrap().forget();
    }
}

impl Step {
    pub fn done(reaction: Reaction) -> Self {
        Self {
            acts: true,
            reaction,
        }
    }

    pub fn refused(reaction: Reaction) -> Self {
        Self {
            acts: false,
            reaction,
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    plan: &(impl Fn(&Visit) -> Step + ?Sized),
    log: &Log,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = BytesMut::new();
    while let Some(visit) = receive(&mut stream, &mut read, log).await? {
        let step = plan(&visit);
        if step.acts {
            log.tallies[visit.number]
                .executions
                .fetch_add(1, Ordering::SeqCst);
        }
        log.visited.add_permits(1);
        match step.reaction {
            Reaction::Succeed => stream.write_all(&item(visit.number)).await?,
            Reaction::Answer(answer) => stream.write_all(&answer).await?,
            Reaction::Delay(pause, answer) => {
                tokio::time::sleep(pause).await;
                stream.write_all(&answer).await?;
            }
            Reaction::Close(answer) => {
                stream.write_all(&answer).await?;
                return stream.shutdown().await;
            }
            Reaction::Reset(answer) => {
                stream.write_all(&answer).await?;
                return stream.set_zero_linger();
            }
            Reaction::Stall(answer) => {
                stream.write_all(&answer).await?;
                while stream.read_buf(&mut read).await? > 0 {}
                return Ok(());
            }
            Reaction::Repeat(answer, piece, pause) => {
                stream.write_all(&answer).await?;
                loop {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&piece).await?;
                }
            }
        }
    }
    Ok(())
}

/// The next request of a connection; `None` where the client left.
async fn receive(
    stream: &mut TcpStream,
    read: &mut BytesMut,
    log: &Log,
) -> io::Result<Option<Visit>> {
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    };
    let head = read.split_to(end);
    read.advance(4);
    let head = str::from_utf8(&head).unwrap();
    let mut lines = head.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap();
    let number: usize = path.rsplit('/').next().unwrap().parse().unwrap();
    let length: usize = lines
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.parse().unwrap());
    while read.len() < length {
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
    let visits = &log.tallies[number].visits;
    Ok(Some(Visit {
        number,
        count: visits.fetch_add(1, Ordering::SeqCst) + 1,
        body: read.split_to(length).freeze(),
    }))
}

/// The answer to the call of that number.
pub fn item(number: usize) -> Bytes {
    json(200, "", &serde_json::to_string(&Item { number }).unwrap())
}

/// An answer with such further headers, one a line, and `Content-Length`.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Bytes {
    let length = format!("content-length: {}", body.as_ref().len());
    let mut answer = head(status, &format!("{headers}\n{length}")).to_vec();
    answer.extend_from_slice(body.as_ref());
    answer.into()
}

pub fn json(status: u16, headers: &str, body: &str) -> Bytes {
    let headers = format!("content-type: application/json\n{headers}");
    answer(status, &headers, body)
}

/// An answer up to its body.
pub fn head(status: u16, headers: &str) -> Bytes {
    let headers: String = headers
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n"))
        .collect();
    format!("HTTP/1.1 {status} Some\r\n{headers}\r\n").into()
}

const OPERATION: Operation = Operation::new("read_item", "read_item", "GET", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(USERS);

const USERS: &[&[&SecurityScheme]] = &[&[&USER]];
static USER: SecurityScheme = SecurityScheme::new("user", SchemeKind::Bearer);

pub static GET: Operation = OPERATION;
pub static PUT: Operation = Operation::new("read_item", "read_item", "PUT", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);
pub static DELETE: Operation =
    Operation::new("read_item", "read_item", "DELETE", "/items/{number}")
        .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
        .security(&[&[&USER]]);
pub static POST: Operation = Operation::new("read_item", "read_item", "POST", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);
pub static PATCH: Operation = Operation::new("read_item", "read_item", "PATCH", "/items/{number}")
    .parameters(&[Parameter::new("number", Location::Path, "integer").required()])
    .security(&[&[&USER]]);

/// The call of that number; with a body where the method has one.
pub fn call(operation: &'static Operation, number: usize) -> Request {
    let mut request = Request::new(operation);
    request.set("number", &number);
    if matches!(operation.method, "PUT" | "POST" | "PATCH") {
        request.json_body(Ok(Item { number }));
    }
    request
}
