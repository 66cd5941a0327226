//! A server that remembers what it was sent and gives one answer to everything.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// Stops listening when it is dropped.
pub struct RecordingServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    stopped: Arc<AtomicBool>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl RecordingServer {
    /// Answers with this status and body, which is declared to be JSON.
    pub fn answering(status: u16, body: &Value) -> Self {
        Self::answering_with(format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    /// Answers 204, with no body.
    pub fn answering_nothing() -> Self {
        Self::answering_with("HTTP/1.1 204 -\r\nconnection: close\r\n\r\n".to_owned())
    }

    fn answering_with(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            stopped: Arc::default(),
        };
        let (received, stopped, answer) = (
            Arc::clone(&server.received),
            Arc::clone(&server.stopped),
            Arc::new(answer),
        );
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (received, answer) = (Arc::clone(&received), Arc::clone(&answer));
                thread::spawn(move || serve(connection, &received, &answer));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was received so far, in the order in which it was complete.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The one request that was received.
    #[track_caller]
    pub fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }
}

impl Drop for RecordingServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Every connection carries one request.
fn serve(connection: TcpStream, received: &Mutex<Vec<Received>>, answer: &str) -> io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let request = read(&mut reader)?;
    received.lock().unwrap().push(request);
    (&connection).write_all(answer.as_bytes())
}

fn read(reader: &mut impl BufRead) -> io::Result<Received> {
    let request_line = line(reader)?;
    let mut words = request_line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = Vec::new();
    loop {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (target, None),
    };
    let mut request = Received {
        method,
        path,
        query,
        headers,
        body: Vec::new(),
    };
    if let Some(length) = request.header("content-length") {
        request.body = bytes(reader, length.parse().unwrap())?;
    } else if request.header("transfer-encoding").is_some() {
        request.body = chunks(reader)?;
    }
    Ok(request)
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}

fn bytes(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(reader)?, 16).unwrap();
        body.extend(bytes(reader, length)?);
        line(reader)?;
        if length == 0 {
            return Ok(body);
        }
    }
}
