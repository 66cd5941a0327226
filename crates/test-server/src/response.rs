//! Scripted responses.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

/// A scripted response: what is written, when, and what becomes of the connection.
#[derive(Clone)]
pub struct Response {
    content: Content,
    after: Option<Shared<BoxFuture<'static, ()>>>,
    pub(crate) then: Then,
}

#[derive(Clone)]
enum Content {
    Http {
        status: u16,
        headers: String,
        body: Bytes,
    },
    Raw(Bytes),
    Later(Shared<BoxFuture<'static, Response>>),
}

/// The fate of the connection after the bytes of a response.
#[derive(Clone)]
pub(crate) enum Then {
    /// It serves the next request, or is closed if the server closes connections.
    Next,
    Close,
    Reset,
    /// Nothing more is sent until the client leaves.
    Stall,
    /// This is sent again and again, with a pause before each, until the client leaves.
    Repeat(Bytes, Duration),
    /// The test hands over pieces; the connection is closed after the last.
    Pieces(Arc<Mutex<UnboundedReceiver<Vec<u8>>>>),
    /// It is connected to the target of the request.
    Tunnel,
}

impl Response {
    /// Creates a response with further headers, one a line, and `Content-Length` unless it is chunked.
    pub fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let lines = headers.lines().map(str::trim);
        let mut headers: String = lines
            .filter(|line| !line.is_empty())
            .map(|line| format!("{line}\r\n"))
            .collect();
        let body = body.as_ref();
        if !headers.to_ascii_lowercase().contains("transfer-encoding") {
            headers += &format!("content-length: {}\r\n", body.len());
        }
        let body = Bytes::copy_from_slice(body);
        Self::of(Content::Http {
            status,
            headers,
            body,
        })
    }

    /// Creates a response with JSON as its body.
    pub fn json(status: u16, body: impl Display) -> Self {
        Self::new(status, "content-type: application/json", body.to_string())
    }

    /// Creates a response without a body and without `Content-Length`.
    pub fn empty(status: u16) -> Self {
        Self::of(Content::Http {
            status,
            headers: String::new(),
            body: Bytes::new(),
        })
    }

    /// Creates a response that consists of these bytes, whether they are HTTP or not.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::of(Content::Raw(Bytes::copy_from_slice(bytes.as_ref())))
    }

    /// Creates a response whose bytes the test hands over piece by piece.
    pub fn pieces(pieces: UnboundedReceiver<Vec<u8>>) -> Self {
        Self::raw("").then(Then::Pieces(Arc::new(Mutex::new(pieces))))
    }

    /// Creates the response of a proxy that connects the client to the target of its request.
    pub fn tunnel() -> Self {
        Self::raw("HTTP/1.1 200 Connection established\r\n\r\n").then(Then::Tunnel)
    }

    /// Creates a response that is not known yet.
    pub fn later(response: impl Future<Output = Self> + Send + 'static) -> Self {
        Self::of(Content::Later(response.boxed().shared()))
    }

    /// Delays the response until the future is ready.
    #[must_use]
    pub fn after(mut self, ready: impl Future<Output = ()> + Send + 'static) -> Self {
        self.after = Some(ready.boxed().shared());
        self
    }

    /// Omits the last bytes, so many, and closes the connection.
    #[must_use]
    pub fn without_last(self, count: usize) -> Self {
        let bytes = self.bytes(true);
        Self::raw(&bytes[..bytes.len() - count]).then_close()
    }

    /// Closes the connection after the response.
    #[must_use]
    pub fn then_close(self) -> Self {
        self.then(Then::Close)
    }

    /// Resets the connection after the response.
    #[must_use]
    pub fn then_reset(self) -> Self {
        self.then(Then::Reset)
    }

    /// Sends nothing more and keeps the connection open until the client leaves.
    #[must_use]
    pub fn then_stall(self) -> Self {
        self.then(Then::Stall)
    }

    /// Sends a piece again and again, with a pause before each, until the client leaves.
    #[must_use]
    pub fn then_repeat(self, piece: impl Into<Bytes>, pause: Duration) -> Self {
        self.then(Then::Repeat(piece.into(), pause))
    }

    /// Waits until the response is known and may be sent.
    pub(crate) async fn ready(self) -> Self {
        if let Some(ready) = self.after.clone() {
            ready.await;
        }
        match self.content {
            Content::Later(response) => response.await,
            _ => self,
        }
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            after: None,
            then: Then::Next,
        }
    }

    fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// Returns the response as it is written to a connection that is closed after it, or is not.
    pub fn bytes(&self, close: bool) -> Bytes {
        match &self.content {
            Content::Raw(bytes) => bytes.clone(),
            Content::Later(_) => panic!("the response is not known yet"),
            Content::Http {
                status,
                headers,
                body,
            } => {
                let close = if close { "connection: close\r\n" } else { "" };
                let head = format!("HTTP/1.1 {status} Some\r\n{headers}{close}\r\n");
                [head.as_bytes(), body].concat().into()
            }
        }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn status(&self) -> u16 {
        match &self.content {
            Content::Http { status, .. } => *status,
            Content::Raw(_) | Content::Later(_) => panic!("HTTP/2 takes a status only"),
        }
    }
}

/// A response with status 200.
impl From<Value> for Response {
    fn from(body: Value) -> Self {
        Self::json(200, body)
    }
}

impl Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Later(_) => f.write_str("Response(later)"),
            _ => write!(f, "Response({:?})", self.bytes(false)),
        }
    }
}
