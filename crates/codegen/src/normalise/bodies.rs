//! Request bodies: their media types, and the parts of forms.

use serde_json::Value;

use super::node::Node;
use super::parameters::argument_name;
use super::{Reader, any, essence, is_json};
use crate::model::{
    Body, BodyContent, FormField, FormPart, Kind, Location, MediaBody, Object, Schema, Style,
};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Extensions of the encoding of a part; the generator's README describes them.
const MAX_BYTES: &str = "x-max-bytes";
const FILE_ENDINGS: &str = "x-file-endings";

impl<'a> Reader<'a> {
    pub(super) fn read_body(&mut self, operation: &Node<'a>, hint: &str) -> Option<Body> {
        let body = self.resolve(operation.get("requestBody")?)?;
        self.object(&body, "the request body")?;
        let mut declared: Vec<_> = body.child("content").entries().collect();
        if declared.is_empty() {
            self.problems.warn(
                &body.at,
                "the request body declares no media type",
                "no body is sent",
            );
            return None;
        }
        declared.sort_by_key(|(media, _)| preference(media));
        let example = declared.first();
        let example = example.and_then(|(_, content)| content.value.get("example").cloned());
        let mut schemas = Vec::new();
        let mut bodies = Vec::new();
        for (media, content) in &declared {
            bodies.push(self.read_content(media, content, hint, &mut schemas));
        }
        let mut bodies = bodies.into_iter();
        let preferred = MediaBody {
            ident: "body".to_owned(),
            ..bodies.next()?
        };
        Some(Body {
            place: (&body.at).into(),
            // Swagger has no optional body without a default, and FastAPI marks its own.
            required: body.flag("required"),
            example,
            description: body.prose("description"),
            preferred,
            others: bodies.collect(),
        })
    }

    fn read_content(
        &mut self,
        media: &str,
        content: &Node<'a>,
        hint: &str,
        known: &mut Vec<(&'a Value, Schema)>,
    ) -> MediaBody {
        let hint = format!("{hint}Body");
        let mut schema = |reader: &mut Self| -> Schema {
            let Some(node) = content.get("schema") else {
                return any();
            };
            // The same schema under several media types becomes one type.
            if let Some((_, schema)) = known.iter().find(|(known, _)| *known == node.value) {
                return schema.clone();
            }
            let schema = reader.schema(&node, &hint).without_integer_text();
            known.push((node.value, schema.clone()));
            schema
        };
        let (read, media) = match essence(media) {
            FORM => {
                let schema = schema(self);
                let fields = self.read_fields(&schema, content);
                (BodyContent::Form(schema, fields), media)
            }
            MULTIPART => match self.read_parts(content, &hint) {
                parts if parts.is_empty() => {
                    self.problems.warn(
                        content.at.at("schema"),
                        "the multipart body declares no parts",
                        "the caller provides the whole body, with a media type that contains the boundary",
                    );
                    (BodyContent::Raw, media)
                }
                parts => (BodyContent::Multipart(parts), media),
            },
            range if range.contains('*') => {
                let may_be_json = range.starts_with("*/") || range.starts_with("application/");
                let json = may_be_json && content.has("schema") && {
                    let schema = schema(self);
                    !matches!(
                        self.known_kind(&schema.kind),
                        Some(Kind::Binary | Kind::String | Kind::Timestamp | Kind::Enum(_))
                    )
                };
                match json {
                    true => (BodyContent::Json(schema(self)), "application/json"),
                    false => (BodyContent::Raw, range),
                }
            }
            _ if is_json(media) => (BodyContent::Json(schema(self)), media),
            _ => (BodyContent::Raw, media),
        };
        MediaBody {
            ident: setter(media),
            content: read,
            media: media.to_owned(),
        }
    }

    /// Returns the fields of a form that are not written in the default style.
    fn read_fields(&mut self, schema: &Schema, content: &Node<'a>) -> Vec<FormField> {
        let Some(Kind::Object(object)) = self.known_kind(&schema.kind).cloned() else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (name, property) in object.properties {
            let encoding = encoding(content, &name);
            let (style, explode) = match &encoding {
                Some(encoding) if media_of(encoding).is_some_and(|media| is_json(&media)) => {
                    (Style::Json, false)
                }
                Some(encoding) => self.style(encoding, &name, Location::Query),
                None => (Style::Form, true),
            };
            let deep = style == Style::DeepObject;
            if style != Style::Json && self.is_nested(&property.schema, deep, 0) {
                self.problems.warn(
                    &property.place,
                    format!("the field `{name}` contains a nested list or object"),
                    "no style can express it; the inner value is sent as JSON",
                );
            }
            let reserved = encoding.is_some_and(|it| it.flag("allowReserved"));
            if (style, explode, reserved) != (Style::Form, true, false) {
                fields.push(FormField {
                    name,
                    style,
                    explode,
                    reserved,
                });
            }
        }
        fields
    }

    fn read_parts(&mut self, content: &Node<'a>, hint: &str) -> Vec<FormPart> {
        let Some(described) = content.get("schema") else {
            return Vec::new();
        };
        let schema = self.bare_schema(&described, hint);
        let Some(Kind::Object(Object { properties, .. })) = self.known_kind(&schema.kind).cloned()
        else {
            return Vec::new();
        };
        let required = described.strings("required");
        let mut parts = Vec::new();
        for (name, property) in properties {
            let encoding = encoding(content, &name);
            let encoding = encoding.as_ref();
            let media = encoding.and_then(media_of);
            if let Some(headers) = encoding.and_then(|it| it.get("headers")) {
                self.problems.warn(
                    &headers.at,
                    format!("the part `{name}` declares headers"),
                    "they are not sent",
                );
            }
            let mut schema = property.schema.without_integer_text();
            if media.as_ref().is_some_and(|media| !is_json(media)) {
                self.leave_writing_to_caller(&mut schema);
            }
            let joined = encoding.filter(|it| *it.child("explode").value == Value::Bool(false));
            let separator = joined.map(|it| match self.style(it, &name, Location::Query).0 {
                Style::Space => " ",
                Style::Pipe => "|",
                Style::Tab => "\t",
                _ => ",",
            });
            parts.push(FormPart {
                place: property.place,
                argument: name.clone(),
                ident: argument_name(if property.given {
                    &property.ident
                } else {
                    &name
                }),
                given: property.given,
                required: property.required || required.contains(&name),
                separator: separator.filter(|_| matches!(schema.kind, Kind::Array(_))),
                max_bytes: encoding.and_then(|it| it.value.get(MAX_BYTES)?.as_u64()),
                file_endings: encoding.map_or_else(Vec::new, |it| it.strings(FILE_ENDINGS)),
                schema,
                media,
                name,
            });
        }
        parts
    }

    /// Replaces an object by a string if the part is not JSON.
    pub(super) fn leave_writing_to_caller(&self, schema: &mut Schema) {
        match self.known_kind(&schema.kind) {
            Some(Kind::Object(_) | Kind::Map(_) | Kind::Any | Kind::Union(_)) => {
                schema.kind = Kind::String;
            }
            Some(Kind::Array(_)) => {
                if let Kind::Array(items) = &mut schema.kind {
                    self.leave_writing_to_caller(items);
                }
            }
            _ => {}
        }
    }
}

/// Prefers JSON, then multipart, then forms, then anything else.
fn preference(media: &str) -> usize {
    match essence(media) {
        "application/json" => 0,
        MULTIPART => 2,
        FORM => 3,
        media if is_json(media) && !media.contains('*') => 1,
        _ => 4,
    }
}

fn encoding<'a>(content: &Node<'a>, part: &str) -> Option<Node<'a>> {
    let encoding = content.child("encoding").get(part)?;
    encoding.value.is_object().then_some(encoding)
}

/// Returns the first concrete media type of an encoding.
fn media_of(encoding: &Node<'_>) -> Option<String> {
    let declared = encoding.str("contentType")?;
    let mut media = declared.split(',').map(str::trim);
    media
        .find(|media| !media.is_empty() && !media.contains('*'))
        .map(str::to_owned)
}

/// Returns the setter of an alternative body, such as `body_xml`.
fn setter(media: &str) -> String {
    let (kind, subtype) = essence(media).split_once('/').unwrap_or(("", media));
    let name = match (kind, subtype) {
        (_, "x-www-form-urlencoded") => "form",
        ("text", "plain") => "text",
        ("*", _) => "any",
        (kind, "*") => kind,
        (_, subtype) => subtype,
    };
    argument_name(&format!("body {name}"))
}
