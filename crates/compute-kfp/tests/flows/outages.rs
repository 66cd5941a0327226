//! A server that goes away in the middle, with its port and its connections, and comes back.

use std::net::SocketAddr;
use std::sync::Arc;

use compute_kfp::{ErrorKind, RetryPolicy, compute, middleware};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};

use super::jobs::job;
use super::server::SOON;

/// What is answered at a path.
type Answers = Arc<dyn Fn(&str) -> Value + Send + Sync>;

/// A place for a server, and a client that knows when it met none.
struct Place {
    address: SocketAddr,
    asked: (UnboundedSender<()>, UnboundedReceiver<()>),
    failures: UnboundedReceiver<ErrorKind>,
    client: compute::Client,
    server: Option<JoinHandle<()>>,
}

impl Place {
    async fn new(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (failed, failures) = unbounded_channel();
        let client = compute::Client::builder()
            .endpoint(format!("http://{address}"))
            .bearer_token("t")
            .transport(|transport| {
                let note = middleware::after(move |_, outcome| {
                    if let Err(error) = outcome {
                        let _ = failed.send(error.kind());
                    }
                });
                transport.retry(RetryPolicy::never()).middleware(note)
            })
            .build()
            .unwrap();
        let mut place = Self {
            address,
            asked: unbounded_channel(),
            failures,
            client,
            server: None,
        };
        place.serve(listener, answers);
        place
    }

    fn serve(&mut self, listener: TcpListener, answers: Answers) {
        let asked = self.asked.0.clone();
        self.server = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, answers.clone(), asked.clone()));
            }
        }));
    }

    async fn asked(&mut self, times: usize) {
        for _ in 0..times {
            self.asked.1.recv().await.unwrap();
        }
    }

    /// Closes the port and every connection, and opens it again when enough requests have failed.
    async fn restart(&mut self, answers: Answers) {
        let server = self.server.take().unwrap();
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
        for _ in 0..5 {
            assert_eq!(self.failures.recv().await, Some(ErrorKind::Connection));
        }
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        self.serve(listener, answers);
    }
}

/// Answers on one connection until it is closed.
async fn serve(mut stream: TcpStream, answers: Answers, asked: UnboundedSender<()>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
        let target = text.split(' ').nth(1).unwrap();
        let body = answers(target.split('?').next().unwrap()).to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let _ = asked.send(());
    }
}

#[tokio::test]
async fn a_wait_goes_on_when_its_server_is_back() {
    let mut place = Place::new(Arc::new(|_| job("running"))).await;
    let wait = place.client.wait_for_job(7).min_interval(SOON);
    let wait = tokio::spawn(wait.max_interval(SOON).send());
    place.asked(3).await;
    place.restart(Arc::new(|_| job("running"))).await;
    place.asked(3).await;
    place.restart(Arc::new(|_| job("completed"))).await;
    assert!(wait.await.unwrap().unwrap().succeeded());
}

#[tokio::test]
async fn a_log_is_followed_over_a_restart_of_its_server() {
    // What was written meanwhile stands among the lines of the last time, too.
    let answers = |state: &'static str, lines: &'static [(i64, &str)]| -> Answers {
        Arc::new(move |path| match path {
            "/jobs/7" => job(state),
            _ => {
                let lines = lines.iter();
                let lines = lines.map(|(time, line)| json!({"timestamp": time, "line": line}));
                json!({"logs": lines.collect::<Vec<_>>(), "next_start": null})
            }
        })
    };
    let mut place = Place::new(answers("running", &[(1, "a"), (2, "b"), (2, "d")])).await;
    let follow = place.client.follow_job_logs(7).min_interval(SOON);
    let mut lines = follow.max_interval(SOON).lines();
    let following = tokio::spawn(async move {
        let mut read = Vec::new();
        while let Some(line) = lines.next().await {
            read.push(line.unwrap().line);
        }
        read
    });
    place.asked(6).await;
    let after = [(1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e")];
    let after: &'static [_] = Box::leak(Box::new(after));
    place.restart(answers("completed", after)).await;
    assert_eq!(following.await.unwrap(), ["a", "b", "d", "c", "e"]);
}
