//! Responses: what a call returns, and what the document says of failures.

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::{Reader, any, essence, is_json, prose};
use crate::model::{Response, ResponseContent, Schema, Success};
use crate::pointer::Pointer;

impl<'a> Reader<'a> {
    /// What a call returns: all successful answers are read into one type.
    pub(super) fn read_success(
        &mut self,
        operation: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Success {
        let at = at.at("responses");
        let Some(responses) = operation.get("responses") else {
            return Success::Bytes;
        };
        let Some(responses) = self.object(responses, &at, "the list of responses") else {
            return Success::Bytes;
        };
        let succeeded = |status: &str| status.starts_with('2');
        let mut chosen: Vec<_> = responses
            .iter()
            .filter(|(status, _)| succeeded(status))
            .collect();
        if chosen.is_empty() {
            chosen = responses
                .iter()
                .filter(|(status, _)| *status == "default")
                .collect();
        }
        let mut schemas: Vec<Schema> = Vec::new();
        let mut empty = false;
        let mut bytes = chosen.is_empty();
        for (status, response) in chosen {
            let Some((response, at)) = self.resolve(response, &at.at(status)) else {
                continue;
            };
            let content = response
                .get("content")
                .and_then(Value::as_object)
                .filter(|content| !content.is_empty());
            let Some(content) = content else {
                empty = true;
                continue;
            };
            match content.iter().find(|(media, _)| is_json(media)) {
                Some((media, value)) => {
                    let at = at.at("content").at(media).at("schema");
                    let schema = match value.get("schema") {
                        Some(schema) => self.schema(schema, &at, &format!("{hint}Response")),
                        None => any(),
                    };
                    if !schemas.contains(&schema) {
                        schemas.push(schema);
                    }
                }
                None => bytes = true,
            }
        }
        let mut schemas: Vec<Schema> = schemas
            .into_iter()
            .map(Schema::without_integer_text)
            .collect();
        match (schemas.len(), bytes, empty) {
            (0, false, _) => Success::Empty,
            (1, false, false) => Success::Json(schemas.swap_remove(0)),
            (1, false, true) => Success::OptionalJson(schemas.swap_remove(0)),
            (_, false, false) => Success::Json(any()),
            (_, false, true) => Success::OptionalJson(any()),
            (_, true, _) => Success::Bytes,
        }
    }
}

impl Reader<'_> {
    /// The declared responses. A broken one was reported with the success, or is left out.
    pub(super) fn read_responses(
        &self,
        operation: &Map<String, Value>,
        success: &Success,
    ) -> Vec<Response> {
        let declared = operation.get("responses").and_then(Value::as_object);
        let declared = declared.into_iter().flatten();
        let read = |(status, response): (&String, &Value)| {
            let response = self.find(response)?.as_object()?;
            let content = response.get("content").and_then(Value::as_object);
            let content = content.and_then(|content| {
                let json = content.iter().find(|(media, _)| is_json(media));
                json.or_else(|| content.iter().next())
            });
            let content = match (content, success) {
                (None, _) => ResponseContent::Empty,
                (Some((media, _)), _) if !is_json(media) => {
                    ResponseContent::Other(essence(media).to_owned())
                }
                (Some(_), Success::Json(schema) | Success::OptionalJson(schema))
                    if status.starts_with('2') =>
                {
                    ResponseContent::Json(Some(schema.clone()))
                }
                (Some((_, value)), _) => {
                    ResponseContent::Json(value.get("schema").and_then(|it| self.named_type(it)))
                }
            };
            Some(Response {
                status: status.clone(),
                description: prose(response, "description").unwrap_or_default(),
                content,
            })
        };
        declared.filter_map(read).collect()
    }

    /// The media types of success that a call can read, where they are not the usual ones.
    pub(super) fn accepted(
        &self,
        operation: &Map<String, Value>,
        success: &Success,
    ) -> Option<String> {
        let responses = operation.get("responses")?.as_object()?;
        let has_success = responses.keys().any(|status| status.starts_with('2'));
        let mut accepted: IndexSet<&str> = IndexSet::new();
        for (status, response) in responses {
            if has_success && !status.starts_with('2') || !has_success && status != "default" {
                continue;
            }
            let content = self
                .find(response)
                .and_then(|it| it.get("content")?.as_object());
            let media = content.into_iter().flat_map(Map::keys);
            accepted.extend(media.filter_map(|media| match success {
                Success::Json(_) | Success::OptionalJson(_) => {
                    is_json(media).then(|| essence(media))
                }
                Success::Bytes => Some(essence(media)),
                _ => None,
            }));
        }
        let usual = match success {
            Success::Bytes => "application/octet-stream",
            _ => "application/json",
        };
        let is_open =
            |media: &&str| media.contains('*') || !media.bytes().all(|it| it.is_ascii_graphic());
        let accepted: Vec<&str> = accepted.into_iter().collect();
        if accepted.is_empty() || accepted == [usual] || accepted.iter().any(is_open) {
            return None;
        }
        Some(accepted.join(", "))
    }

    /// Follows references; those that lead nowhere are not reported.
    fn find<'v>(&'v self, mut value: &'v Value) -> Option<&'v Value> {
        for _ in 0..16 {
            let Some(target) = value.get("$ref") else {
                return Some(value);
            };
            value = self.document.pointer(target.as_str()?.strip_prefix('#')?)?;
        }
        None
    }
}

/// The first status of success that the document gives.
pub(super) fn success_status(operation: &Map<String, Value>) -> u16 {
    operation
        .get("responses")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(status, _)| status.parse().ok())
        .find(|status| (200..300).contains(status))
        .unwrap_or(200)
}
