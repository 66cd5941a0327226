//! A server on loopback that asks the test for each answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use compute_kfp::{RetryPolicy, TransportBuilder, compute, kfp};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Between two requests of a test that does not look at the time.
pub const SOON: Duration = Duration::from_millis(1);
/// Longer than any test takes.
pub const NEVER: Duration = Duration::from_secs(100_000);

pub enum Answer {
    Json(u16, Value),
    /// 503, to be asked again after so many seconds.
    Later(u64),
    /// The connection is closed in the middle of the answer.
    Broken,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self::Json(200, body)
    }
}

pub struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub body: String,
    pub authorization: Option<String>,
    /// How many came before.
    pub index: usize,
}

impl Request {
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Method and path, as tables of operations have them.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path())
    }

    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl Server {
    pub async fn answering(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, log.clone(), answer.clone()));
            }
        });
        Self { url, requests }
    }

    /// Gives one answer after the other; the last is repeated.
    pub async fn playing<A: Into<Answer>>(answers: impl IntoIterator<Item = A>) -> Self {
        let answers: Vec<Answer> = answers.into_iter().map(Into::into).collect();
        Self::answering(move |request| {
            match answers.get(request.index).or(answers.last()).unwrap() {
                Answer::Json(status, body) => Answer::Json(*status, body.clone()),
                Answer::Later(seconds) => Answer::Later(*seconds),
                Answer::Broken => Answer::Broken,
            }
        })
        .await
    }

    pub fn kfp(&self) -> kfp::Client {
        let client = kfp::Client::builder(&self.url).bearer_token("t");
        client.transport(once).build().unwrap()
    }

    pub fn compute(&self) -> compute::Client {
        let client = compute::Client::builder().endpoint(&self.url);
        client.bearer_token("t").transport(once).build().unwrap()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// What the transport repeats would hide what the wait does.
fn once(transport: TransportBuilder) -> TransportBuilder {
    transport.retry(RetryPolicy::never())
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Request>>>,
    answer: Arc<impl Fn(&Request) -> Answer>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let request = {
        let mut log = log.lock().unwrap();
        let request = Request {
            method: head.split(' ').next().unwrap().to_owned(),
            target: head.split(' ').nth(1).unwrap().to_owned(),
            body: String::from_utf8(body).unwrap(),
            authorization: header("authorization"),
            index: log.len(),
        };
        log.push(request.clone());
        request
    };
    let (status, header, body) = match answer(&request) {
        Answer::Json(status, body) => (status, String::new(), body.to_string()),
        Answer::Later(seconds) => (503, format!("retry-after: {seconds}\r\n"), "{}".to_owned()),
        Answer::Broken => {
            let start = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
            let _ = stream.write_all(start).await;
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} S\r\n{header}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that was dropped in the middle has closed the connection.
    let _ = stream.write_all((head + &body).as_bytes()).await;
}
