//! A proxy that tunnels to this machine, and answers plain requests by itself.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

pub struct Proxy {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn url(&self) -> &str {
        &self.url
    }

    /// First lines of the requests that came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub async fn start() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, log.clone()));
        }
    });
    Proxy { url, requests }
}

async fn serve(stream: TcpStream, log: Arc<Mutex<Vec<String>>>) {
    let mut client = BufReader::new(stream);
    let mut first = String::new();
    client.read_line(&mut first).await.unwrap();
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        client.read_line(&mut line).await.unwrap();
    }
    log.lock().unwrap().push(first.trim_end().to_owned());
    let Some(target) = first.strip_prefix("CONNECT ") else {
        let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        client.get_mut().write_all(answer).await.unwrap();
        return;
    };
    let target = target.split(' ').next().unwrap();
    let mut server = TcpStream::connect(target).await.unwrap();
    let answer = b"HTTP/1.1 200 Connection established\r\n\r\n";
    client.get_mut().write_all(answer).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
