//! Responses: the return types of calls, and the declared errors.

use indexmap::IndexSet;

use super::node::Node;
use super::{Reader, any, essence, is_json};
use crate::model::{Kind, Response, ResponseContent, Schema, StreamFormat, Success};

/// The responses of an operation.
pub(super) struct Responses {
    pub declared: Vec<Response>,
    /// The type that all successful responses are decoded into.
    pub success: Success,
    /// The data of server-sent events.
    pub events: Option<Schema>,
    /// The media types of success that a call can read, if they are not the usual ones.
    pub accept: Option<String>,
}

/// A response in the document.
struct Declared<'a> {
    status: &'a str,
    response: Node<'a>,
    /// The media types.
    content: Vec<(&'a String, Node<'a>)>,
    is_success: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn read_responses(&mut self, operation: &Node<'a>, hint: &str) -> Responses {
        let declared = self.declared(operation);
        let successes: Vec<_> = declared.iter().filter(|it| it.is_success).collect();
        let (success, events) = self.read_success(&successes, hint);
        let responses = declared.iter().map(|it| self.response(it, &success));
        Responses {
            declared: responses.collect(),
            accept: accepted(&successes, &success),
            success,
            events,
        }
    }

    /// Finds the responses. Only a success that does not exist is a problem.
    fn declared(&mut self, operation: &Node<'a>) -> Vec<Declared<'a>> {
        let responses = operation.child("responses");
        if operation.has("responses") {
            self.object(&responses, "the list of responses");
        }
        let has_success = responses.entries().any(|(it, _)| it.starts_with('2'));
        let mut declared = Vec::new();
        for (status, response) in responses.entries() {
            let is_success = match has_success {
                true => status.starts_with('2'),
                false => status == "default",
            };
            let found = match is_success {
                true => self.resolve(response),
                false => self.find(response).ok(),
            };
            if let Some(response) = found.filter(|it| it.value.is_object()) {
                declared.push(Declared {
                    status,
                    content: response.child("content").entries().collect(),
                    response,
                    is_success,
                });
            }
        }
        declared
    }

    fn read_success(
        &mut self,
        successes: &[&Declared<'a>],
        hint: &str,
    ) -> (Success, Option<Schema>) {
        let mut schemas: Vec<Schema> = Vec::new();
        let mut streams: Vec<(Schema, StreamFormat)> = Vec::new();
        let mut events = None;
        let mut empty = false;
        let mut bytes = successes.is_empty();
        for Declared {
            response, content, ..
        } in successes
        {
            if content.is_empty() {
                empty = true;
                continue;
            }
            let is_events = |media: &str| essence(media) == "text/event-stream";
            if let Some((_, value)) = content.iter().find(|(media, _)| is_events(media)) {
                let hint = format!("{hint}Event");
                events.get_or_insert(self.content_schema(value, &hint));
            }
            let json = content.iter().find(|(media, _)| is_json(media));
            let stream = (content.iter())
                .find_map(|(media, value)| Some((media, value, stream_format(media)?)));
            let hint = format!("{hint}Response");
            match (json, stream) {
                (Some((_, value)), None) => match self.grpc_stream(response, value, &hint) {
                    Some(None) => bytes = true,
                    Some(Some(item)) => streams.push((item, StreamFormat::Results)),
                    None => schemas.push(self.content_schema(value, &hint)),
                },
                (Some((media, value)), Some((left_out, stream, _))) => {
                    schemas.push(self.content_schema(value, &hint));
                    self.problems.warn(
                        &stream.at,
                        format!("`{left_out}` is declared beside `{media}`"),
                        format!("`send` requests `{media}`"),
                    );
                }
                (None, Some((media, value, format)))
                    if (content.iter()).all(|(it, _)| it == media || is_events(it)) =>
                {
                    streams.push((self.content_schema(value, &hint), format));
                }
                (None, _) => bytes = true,
            }
        }
        (success(schemas, streams, bytes, empty), events)
    }

    fn response(&self, declared: &Declared<'a>, success: &Success) -> Response {
        let content = &declared.content;
        let json = content.iter().find(|(media, _)| is_json(media));
        let stream = || content.iter().find(|it| stream_format(it.0).is_some());
        let media = json.or_else(stream).or_else(|| content.first());
        let content = match (media, success) {
            (None, _) => ResponseContent::Empty,
            (Some((media, _)), Success::Stream(_, format)) if declared.is_success => {
                ResponseContent::Stream(match format {
                    StreamFormat::Results => "application/x-ndjson".to_owned(),
                    _ => essence(media).to_owned(),
                })
            }
            (Some((media, _)), _) if !is_json(media) => {
                ResponseContent::Other(essence(media).to_owned())
            }
            (Some(_), Success::Json(schema) | Success::OptionalJson(schema))
                if declared.is_success =>
            {
                ResponseContent::Json(Some(schema.clone()))
            }
            (Some((_, value)), _) => {
                ResponseContent::Json(value.value.get("schema").and_then(|it| {
                    let name = self.component_names.get(self.component_of(it)?)?;
                    Some(Schema::of(Kind::Reference(name.clone())))
                }))
            }
        };
        Response {
            status: declared.status.to_owned(),
            is_success: declared.is_success,
            description: declared.response.prose("description").unwrap_or_default(),
            content,
        }
    }

    fn content_schema(&mut self, content: &Node<'a>, hint: &str) -> Schema {
        match content.get("schema") {
            Some(schema) => self.schema(&schema, hint),
            None => any(),
        }
    }

    /// Returns the items of a stream of grpc-gateway, without the schema of its envelope.
    ///
    /// grpc-gateway declares streams as an object with `result` and `error`; old versions declared
    /// only the message.
    fn grpc_stream(
        &mut self,
        response: &Node<'a>,
        content: &Node<'a>,
        hint: &str,
    ) -> Option<Option<Schema>> {
        let schema = content.get("schema")?;
        let target = self.find(schema.clone()).ok()?;
        let said = response.text("description").unwrap_or_default();
        let is_said = said.trim_end().ends_with("(streaming responses)");
        let title = target.text("title").unwrap_or_default();
        let properties = target.child("properties");
        let mut names = properties.entries().map(|(name, _)| name);
        let is_envelope = properties.has("result")
            && names.all(|name| ["result", "error"].contains(&name.as_str()));
        if !is_said && !title.starts_with("Stream result of ") {
            return None;
        }
        let item = match is_envelope {
            true => properties.child("result"),
            false if is_said => schema,
            false => return None,
        };
        if item
            .str("$ref")
            .is_some_and(|name| name.ends_with("HttpBody"))
        {
            return Some(None);
        }
        Some(Some(self.schema(&item, hint)))
    }
}

/// Merges all successful responses into one type.
fn success(
    schemas: Vec<Schema>,
    streams: Vec<(Schema, StreamFormat)>,
    bytes: bool,
    empty: bool,
) -> Success {
    let mut distinct: Vec<Schema> = Vec::new();
    for schema in schemas {
        let schema = schema.without_integer_text();
        if !distinct.contains(&schema) {
            distinct.push(schema);
        }
    }
    if let Some((item, format)) = streams.first() {
        if bytes || !distinct.is_empty() || streams.iter().any(|(_, other)| other != format) {
            return Success::Bytes;
        }
        let is_one = streams.iter().all(|(other, _)| other == item);
        let item = if is_one { item.clone() } else { any() };
        return Success::Stream(item.without_integer_text(), *format);
    }
    match (distinct.len(), bytes, empty) {
        (0, false, _) => Success::Empty,
        (1, false, false) => Success::Json(distinct.swap_remove(0)),
        (1, false, true) => Success::OptionalJson(distinct.swap_remove(0)),
        (_, false, false) => Success::Json(any()),
        (_, false, true) => Success::OptionalJson(any()),
        (_, true, _) => Success::Bytes,
    }
}

fn stream_format(media: &str) -> Option<StreamFormat> {
    match essence(media) {
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines"
        | "application/stream+json" => Some(StreamFormat::Lines),
        media if media.ends_with("json-seq") => Some(StreamFormat::Sequence),
        _ => None,
    }
}

/// Returns the media types of success that a call can read, if they are not the usual ones.
fn accepted(successes: &[&Declared<'_>], success: &Success) -> Option<String> {
    let contents = successes.iter().flat_map(|it| &it.content);
    let media = contents.map(|(media, _)| media.as_str());
    let usual = match success {
        Success::Bytes => "application/octet-stream",
        _ => "application/json",
    };
    let accepted: IndexSet<&str> = match success {
        Success::Json(_) | Success::OptionalJson(_) => {
            media.filter(|it| is_json(it)).map(essence).collect()
        }
        Success::Bytes => media.map(essence).collect(),
        _ => return None,
    };
    let is_open =
        |media: &&str| media.contains('*') || !media.bytes().all(|it| it.is_ascii_graphic());
    let accepted: Vec<&str> = accepted.into_iter().collect();
    if accepted.is_empty() || accepted == [usual] || accepted.iter().any(is_open) {
        return None;
    }
    Some(accepted.join(", "))
}
