//! The wire: one HTTP/1.1 connection for each call under way, and no decoding; and the same with the
//! pool of connections that reqwest has.

use std::cell::RefCell;
use std::process::ExitCode;

use bytes::Bytes;
use candidate::{Result, TOKEN, Task};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;

/// Connections that no call uses.
struct Connections<'a> {
    address: &'a str,
    idle: RefCell<Vec<SendRequest<Empty<Bytes>>>>,
}

impl Connections<'_> {
    async fn body(&self, path: &str) -> Result<Bytes> {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.ready().await?;
        let request = hyper::Request::get(path)
            .header("host", self.address)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept", "application/json")
            .body(Empty::new())?;
        let answer = connection.send_request(request).await?;
        if !answer.status().is_success() {
            return Err(format!("the server answered {}", answer.status()).into());
        }
        let body = answer.into_body().collect().await?.to_bytes();
        self.idle.borrow_mut().push(connection);
        Ok(body)
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>> {
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(socket)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

async fn pooled(task: &Task) -> Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let uri: hyper::Uri = format!("{}/apis/v2beta1/runs/run-1", task.url).parse()?;
    task.repeat(async || {
        let request = hyper::Request::get(uri.clone())
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept", "application/json")
            .body(Empty::new())?;
        let answer = client.request(request).await?;
        if !answer.status().is_success() {
            return Err(format!("the server answered {}", answer.status()).into());
        }
        Ok(answer.into_body().collect().await?.to_bytes().len())
    })
    .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = Task::from_arguments();
    let path = match task.work.as_str() {
        "run" => "/apis/v2beta1/runs/run-1",
        "run-pooled" => {
            pooled(&task).await?;
            return Ok(ExitCode::SUCCESS);
        }
        "runs" => "/apis/v2beta1/runs?page_size=200",
        "jobs" => "/jobs?size=100",
        _ => return Ok(task.not_offered()),
    };
    let connections = Connections {
        address: task.url.trim_start_matches("http://"),
        idle: RefCell::default(),
    };
    if task.show {
        let body = connections.body(path).await?;
        let shown = async || Ok(serde_json::from_slice::<Value>(&body)?);
        task.repeat(shown).await?;
    } else {
        task.repeat(async || Ok(connections.body(path).await?.len()))
            .await?;
    }
    Ok(ExitCode::SUCCESS)
}
