//! Recorded requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Number of requests that the server received before this one.
    pub index: usize,
    /// Method, in upper case.
    pub method: String,
    /// Received target: path and query, or what a proxy is asked for.
    pub target: String,
    /// Version of the protocol, such as `HTTP/1.1`.
    pub version: &'static str,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Body without its transfer encoding.
    pub body: Vec<u8>,
}

impl Received {
    /// Returns the value of a header.
    ///
    /// # Panics
    ///
    /// Panics if the header was sent more than once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "`{name}` came twice");
        first
    }

    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        let target = self.target.as_str();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// Returns the query as it was sent, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Returns the decoded value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<String> {
        decoded(self.query().unwrap_or_default().as_bytes()).remove(name)
    }

    /// Returns the decoded parameters of the query.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        decoded(self.query().unwrap_or_default().as_bytes())
    }

    /// Returns the decoded fields of a form in the body.
    pub fn form(&self) -> BTreeMap<String, String> {
        decoded(&self.body)
    }

    /// Returns the body as a string.
    ///
    /// # Panics
    ///
    /// Panics if the body is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    ///
    /// Panics if the body is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns method and path, as tables of operations have them.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path())
    }

    /// Returns method, target and version.
    pub fn first_line(&self) -> String {
        format!("{} {} {}", self.method, self.target, self.version)
    }
}

fn decoded(pairs: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(pairs).into_owned().collect()
}

/// Reads the next request of a connection; `None` if the client left before it was complete.
pub(crate) async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    read: &mut BytesMut,
    body_bytes: &AtomicU64,
) -> Option<Received> {
    let mut request = loop {
        if let Some((request, length)) = head(read) {
            read.advance(length);
            break request;
        }
        more(stream, read).await?;
    };
    if request.header("transfer-encoding") == Some("chunked") {
        body_bytes.fetch_add(read.len() as u64, Ordering::SeqCst);
        request.body = chunks(stream, read, body_bytes).await?;
    } else if let Some(length) = request.header("content-length") {
        let length = length.parse().unwrap();
        body_bytes.fetch_add(read.len() as u64, Ordering::SeqCst);
        while read.len() < length {
            let new = more(stream, read).await?;
            body_bytes.fetch_add(new, Ordering::SeqCst);
        }
        request.body = read.split_to(length).into();
    }
    Some(request)
}

fn head(read: &[u8]) -> Option<(Received, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = parsed.parse(read).unwrap() else {
        return None;
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = parsed.headers.iter();
    let request = Received {
        index: 0,
        method: parsed.method.unwrap().to_owned(),
        target: parsed.path.unwrap().to_owned(),
        version: "HTTP/1.1",
        headers: headers
            .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
            .collect(),
        body: Vec::new(),
    };
    Some((request, length))
}

async fn chunks(
    stream: &mut (impl AsyncRead + Unpin),
    read: &mut BytesMut,
    body_bytes: &AtomicU64,
) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (digits, length) = loop {
            if let httparse::Status::Complete(found) = httparse::parse_chunk_size(read).unwrap() {
                break found;
            }
            let new = more(stream, read).await?;
            body_bytes.fetch_add(new, Ordering::SeqCst);
        };
        let length = usize::try_from(length).unwrap();
        while read.len() < digits + length + 2 {
            let new = more(stream, read).await?;
            body_bytes.fetch_add(new, Ordering::SeqCst);
        }
        read.advance(digits);
        body.extend_from_slice(&read.split_to(length));
        read.advance(2);
        if length == 0 {
            return Some(body);
        }
    }
}

/// Reads more bytes; `None` if there are none.
async fn more(stream: &mut (impl AsyncRead + Unpin), read: &mut BytesMut) -> Option<u64> {
    read.reserve(64 * 1024);
    let new = stream.read_buf(read).await.ok().filter(|new| *new > 0)?;
    Some(new as u64)
}
