//! Streamed responses: sequences of JSON values, and server-sent events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::byte_stream::ByteStream;
use crate::error::Error;
use crate::json::{self, without_byte_order_mark};
use crate::null;
use crate::operation::ResponseKind;
use crate::raw_response::{RawResponse, is_event_stream};
use crate::response::Response;
use crate::value_stream::ValueStream;

/// Errors and values of a stream, for which the response is kept without its body.
impl RawResponse {
    fn head(&self) -> Arc<Self> {
        Arc::new(self.with_body(Bytes::new()))
    }

    fn with_body(&self, body: Bytes) -> Self {
        self.part(self.response.status(), body)
    }

    fn read<T: DeserializeOwned>(&self, json: &Bytes) -> Result<T, Error> {
        json::read(json).map_err(|fault| {
            let part = self.with_body(json.clone());
            part.unreadable(&fault).during(self.operation)
        })
    }

    /// Decodes a value of a stream of JSON.
    fn value<T: DeserializeOwned>(&self, record: &Bytes) -> Result<T, Error> {
        if self.operation.response != Some(ResponseKind::JsonResults) {
            return self.read(record);
        }
        let line: ResultLine<T> = self.read(record)?;
        match (line.error, line.result) {
            (Some(error), _) => Err(self.reported_within(&error)),
            (None, Some(value)) => Ok(value),
            (None, None) => {
                Err(self.broken("an item of the stream has neither `result` nor `error`"))
            }
        }
    }

    /// Returns the error that a server reports within the stream, as if it were a response.
    #[cold]
    fn reported_within(&self, error: &Value) -> Error {
        let code = |name: &str| error.get(name).and_then(Value::as_u64);
        let status = code("http_code")
            .and_then(|code| StatusCode::from_u16(code.try_into().ok()?).ok())
            .unwrap_or_else(|| status_of(code("code")));
        let part = self.part(status, error.to_string().into());
        part.reported().during(self.operation)
    }

    fn too_long(&self) -> Error {
        let what = format!(
            "a part of the stream has more than {} bytes; raise `max_response_bytes`",
            self.limit
        );
        self.broken(&what)
    }

    fn cut_off(&self) -> Error {
        let error = self.broken("the stream ended within an event");
        error.passing(Some(true))
    }

    fn broken(&self, what: &str) -> Error {
        let part = self.with_body(Bytes::new());
        part.unexpected(what).during(self.operation)
    }
}

/// JSON values that a server sends one after the other, as a stream.
///
/// Each value is yielded as soon as it has arrived. An error that the server reports within the stream
/// ends it.
pub type JsonStream<T> = ValueStream<T>;

/// Returns the JSON values of a response.
pub(crate) fn json_values<T: DeserializeOwned + 'static>(
    response: RawResponse,
) -> Response<JsonStream<T>> {
    let head = response.head();
    let framing = match response.operation.response {
        Some(ResponseKind::JsonSequence) => Framing::Sequence(Nesting::default()),
        _ => Framing::Lines,
    };
    response.stream().map(|body| {
        let lines = Lines::new(body, head.clone());
        let records = try_unfold((lines, framing), record);
        ValueStream::new(records.map(move |record| head.value(&record?)))
    })
}

/// Converts a gRPC status code to the HTTP status.
fn status_of(code: Option<u64>) -> StatusCode {
    match code {
        Some(3 | 9 | 11) => StatusCode::BAD_REQUEST,
        Some(4) => StatusCode::GATEWAY_TIMEOUT,
        Some(5) => StatusCode::NOT_FOUND,
        Some(6 | 10) => StatusCode::CONFLICT,
        Some(7) => StatusCode::FORBIDDEN,
        Some(8) => StatusCode::TOO_MANY_REQUESTS,
        Some(12) => StatusCode::NOT_IMPLEMENTED,
        Some(14) => StatusCode::SERVICE_UNAVAILABLE,
        Some(16) => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A line of a stream from grpc-gateway.
#[derive(serde::Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct ResultLine<T> {
    #[serde(default, deserialize_with = "null::as_value")]
    result: Option<T>,
    error: Option<Value>,
}

/// The framing of the values in a stream.
enum Framing {
    /// A value ends at the end of its line.
    Lines,
    /// A value ends at a record separator (RFC 7464), or at a line end outside of all brackets.
    Sequence(Nesting),
}

#[derive(Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

const RECORD_SEPARATOR: u8 = 0x1e;

impl Framing {
    fn ends_at(&mut self, byte: u8) -> bool {
        let at = match self {
            Self::Lines => return byte == b'\n',
            Self::Sequence(at) => at,
        };
        match byte {
            RECORD_SEPARATOR => {
                *at = Nesting::default();
                return true;
            }
            _ if at.escaped => at.escaped = false,
            b'\\' => at.escaped = at.in_string,
            b'"' => at.in_string = !at.in_string,
            _ if at.in_string => {}
            b'{' | b'[' => at.depth += 1,
            b'}' | b']' => at.depth = at.depth.saturating_sub(1),
            b'\n' => return at.depth == 0,
            _ => {}
        }
        false
    }
}

/// Returns the next record that is not empty.
async fn record(
    (mut lines, mut framing): (Lines, Framing),
) -> Result<Option<(Bytes, (Lines, Framing))>, Error> {
    while let Some(line) = lines.next(|byte| framing.ends_at(byte)).await? {
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == RECORD_SEPARATOR;
        let Some(start) = line.iter().position(|byte| !is_between(byte)) else {
            continue;
        };
        let end = line.iter().rposition(|byte| !is_between(byte));
        let record = line.slice(start..=end.unwrap_or(start));
        return Ok(Some((record, (lines, framing))));
    }
    Ok(None)
}

/// A body, split after certain bytes.
struct Lines {
    body: ByteStream,
    head: Arc<RawResponse>,
    pending: BytesMut,
    /// Number of pending bytes that were searched and contain no line end.
    searched: usize,
}

impl Lines {
    fn new(body: ByteStream, head: Arc<RawResponse>) -> Self {
        Self {
            body,
            head,
            pending: BytesMut::new(),
            searched: 0,
        }
    }

    /// Returns the next line with the byte that ends it; the last line may lack that byte.
    ///
    /// `ends_at` is called once for each byte.
    async fn next(&mut self, mut ends_at: impl FnMut(u8) -> bool) -> Result<Option<Bytes>, Error> {
        loop {
            let mut unseen = self.pending[self.searched..].iter();
            let end = unseen.position(|byte| ends_at(*byte));
            let length = end.map_or(self.pending.len(), |at| self.searched + at + 1);
            if length > self.head.limit {
                return Err(self.head.too_long());
            }
            if end.is_some() {
                self.searched = 0;
                return Ok(Some(self.pending.split_to(length).freeze()));
            }
            self.searched = length;
            let Some(piece) = self.body.next().await else {
                self.searched = 0;
                let rest = self.pending.split().freeze();
                return Ok((!rest.is_empty()).then_some(rest));
            };
            self.pending.extend_from_slice(&piece?);
        }
    }
}

/// A server-sent event.
#[derive(Clone)]
pub struct Event {
    name: String,
    data: String,
    id: String,
    retry: Option<Duration>,
    head: Arc<RawResponse>,
}

impl Event {
    /// Returns the name of the event [default: `message`].
    pub fn name(&self) -> &str {
        match self.name.as_str() {
            "" => "message",
            name => name,
        }
    }

    /// Returns the data as the server wrote it, with line feeds between its lines.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Decodes the data as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Protocol`](crate::ErrorKind::Protocol) if the data is not JSON of
    /// this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.head
            .read(&Bytes::copy_from_slice(self.data.as_bytes()))
    }

    /// Returns the last ID that the server sent for an event of the stream.
    ///
    /// A request with the header `Last-Event-ID` continues after it, if the server supports that:
    /// `.options(|it| it.header("Last-Event-ID", id))`.
    pub fn id(&self) -> Option<&str> {
        Some(self.id.as_str()).filter(|id| !id.is_empty())
    }

    /// Returns the wait before reconnecting that the server sent last.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("name", &self.name())
            .field("data", &self.data)
            .field("id", &self.id())
            .field("retry", &self.retry)
            .finish()
    }
}

/// Server-sent events, as a stream.
///
/// Events are parsed according to the [WHATWG standard], with two differences: the stream does not
/// reconnect by itself, and one that ends within an event ends with an error. Comments only keep it
/// alive and are not yielded.
///
/// ```no_run
/// # async fn example(mut events: compute_kfp_runtime::EventStream) -> compute_kfp_runtime::Result<()> {
/// while let Some(event) = events.next().await {
///     let event = event?;
///     println!("{}: {}", event.name(), event.data());
/// }
/// # Ok(())
/// # }
/// ```
///
/// [WHATWG standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html
pub type EventStream = ValueStream<Event>;

/// Returns the server-sent events of a response.
pub(crate) fn events(response: RawResponse) -> Result<Response<EventStream>, Error> {
    if !is_event_stream(response.response.headers()) {
        return Err(response.unexpected("the response is not a `text/event-stream`"));
    }
    let head = response.head();
    Ok(response.stream().map(|body| {
        let reader = EventReader::new(body, head);
        ValueStream::new(try_unfold(reader, |mut reader| async move {
            Ok(reader.next().await?.map(|event| (event, reader)))
        }))
    }))
}

/// Builds events from their lines.
struct EventReader {
    lines: Lines,
    event: Event,
    is_first_line: bool,
    after_return: bool,
}

impl EventReader {
    fn new(body: ByteStream, head: Arc<RawResponse>) -> Self {
        Self {
            lines: Lines::new(body, head.clone()),
            event: Event {
                name: String::new(),
                data: String::new(),
                id: String::new(),
                retry: None,
                head,
            },
            is_first_line: true,
            after_return: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Event>, Error> {
        while let Some(line) = self.line().await? {
            if !line.is_empty() {
                self.field(&line);
                if self.event.data.len() > self.event.head.limit {
                    return Err(self.event.head.too_long());
                }
                continue;
            }
            let name = std::mem::take(&mut self.event.name);
            let mut data = std::mem::take(&mut self.event.data);
            if data.pop().is_some() {
                return Ok(Some(Event {
                    name,
                    data,
                    ..self.event.clone()
                }));
            }
        }
        match self.event.data.is_empty() {
            true => Ok(None),
            false => Err(self.event.head.cut_off()),
        }
    }

    /// Returns the next line without its end, which is a line feed, a carriage return or both.
    async fn line(&mut self) -> Result<Option<String>, Error> {
        loop {
            let line = self.lines.next(|byte| matches!(byte, b'\n' | b'\r'));
            let Some(line) = line.await? else {
                return Ok(None);
            };
            let is_second_half = std::mem::take(&mut self.after_return) && *line == *b"\n";
            self.after_return = line.ends_with(b"\r");
            if is_second_half {
                continue;
            }
            let Some((b'\n' | b'\r', mut text)) = line.split_last() else {
                return match line.starts_with(b":") {
                    true => Ok(None),
                    false => Err(self.event.head.cut_off()),
                };
            };
            if std::mem::take(&mut self.is_first_line) {
                text = without_byte_order_mark(text);
            }
            return Ok(Some(String::from_utf8_lossy(text).into_owned()));
        }
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event.name = value.to_owned(),
            "data" => {
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            "id" if !value.contains('\0') => self.event.id = value.to_owned(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let milliseconds = value.parse().map(Duration::from_millis);
                self.event.retry = milliseconds.ok().or(self.event.retry);
            }
            _ => {}
        }
    }
}
