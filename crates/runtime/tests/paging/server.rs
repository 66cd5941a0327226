//! A server of lists that records what is asked of it and breaks where it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use compute_kfp_runtime::{RetryPolicy, Transport};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The query of a request.
pub type Query = HashMap<String, String>;

/// What becomes of a request.
pub enum Reaction {
    Answer(String),
    /// Hangs up without an answer.
    HangUp,
    /// Hangs up in the middle of this answer.
    CutOff(String),
}

type Behaviour = dyn Fn(usize, &Query) -> Reaction + Send + Sync;

pub struct Server {
    url: String,
    queries: Arc<Mutex<Vec<String>>>,
    arrivals: UnboundedReceiver<()>,
}

struct Shared {
    behaviour: Box<Behaviour>,
    queries: Arc<Mutex<Vec<String>>>,
    arrived: UnboundedSender<()>,
    /// How many requests have to be there before the second is answered.
    together: usize,
    count: tokio::sync::watch::Sender<usize>,
}

impl Server {
    /// Answers the requests, numbered from 0 on, as `behaviour` says.
    pub async fn start(
        behaviour: impl Fn(usize, &Query) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        Self::together(0, behaviour).await
    }

    /// Answers the first request, and none of the others before there are so many.
    pub async fn together(
        together: usize,
        behaviour: impl Fn(usize, &Query) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let queries = Arc::<Mutex<Vec<String>>>::default();
        let (arrived, arrivals) = unbounded_channel();
        let shared = Arc::new(Shared {
            behaviour: Box::new(behaviour),
            queries: queries.clone(),
            arrived,
            together,
            count: tokio::sync::watch::Sender::new(0),
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self {
            url,
            queries,
            arrivals,
        }
    }

    /// A transport that sends everything once, so that each fault is seen.
    pub fn transport(&self) -> Transport {
        let transport = Transport::builder(&self.url).retry(RetryPolicy::never());
        transport.build().unwrap()
    }

    /// Queries of the requests so far.
    pub fn queries(&self) -> Vec<String> {
        self.queries.lock().unwrap().clone()
    }

    /// Waits until one more request came.
    pub async fn arrival(&mut self) {
        self.arrivals.recv().await.unwrap();
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(query) = receive(&mut stream).await {
        let number = {
            let mut queries = shared.queries.lock().unwrap();
            queries.push(query.clone());
            queries.len() - 1
        };
        let _ = shared.arrived.send(());
        shared.count.send_replace(number + 1);
        let enough = |count: &usize| number == 0 || *count >= shared.together;
        shared.count.subscribe().wait_for(enough).await.unwrap();
        let fields: Query = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let (body, cut) = match (shared.behaviour)(number, &fields) {
            Reaction::Answer(body) => (body, None),
            Reaction::CutOff(body) => {
                let half = body.len() / 2;
                (body, Some(half))
            }
            Reaction::HangUp => return,
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let sent = &body.as_bytes()[..cut.unwrap_or(body.len())];
        // In one piece: two would wait for each other.
        let answered = stream.write_all(&[head.as_bytes(), sent].concat()).await;
        if answered.is_err() || cut.is_some() {
            return;
        }
    }
}

/// The query of the next request; `None` where the client left.
async fn receive(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    if stream.read_line(&mut first).await.ok()? == 0 {
        return None;
    }
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
    }
    let target = first.split(' ').nth(1)?;
    Some(
        target
            .split_once('?')
            .map_or("", |(_, query)| query)
            .to_owned(),
    )
}
