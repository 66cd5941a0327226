//! Request bodies: their media types, and the parts of forms.

use serde_json::{Map, Value};

use super::parameters::argument_name;
use super::{Reader, any, essence, flag, is_json, prose, strings};
use crate::model::{
    Body, BodyContent, FormField, FormPart, Kind, Location, Object, OtherBody, Schema, Style,
};
use crate::pointer::Pointer;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Extensions of the encoding of a part; the generator's README describes them.
const MAX_BYTES: &str = "x-max-bytes";
const FILE_ENDINGS: &str = "x-file-endings";

impl<'a> Reader<'a> {
    pub(super) fn read_body(
        &mut self,
        operation: &'a Map<String, Value>,
        at: &Pointer,
        hint: &str,
    ) -> Option<Body> {
        let value = operation.get("requestBody")?;
        let (value, at) = self.resolve(value, &at.at("requestBody"))?;
        let object = self.object(value, &at, "the request body")?;
        let content = object.get("content").and_then(Value::as_object);
        let Some(content) = content.filter(|content| !content.is_empty()) else {
            self.warn(
                &at,
                "the request body declares no media type",
                "no body is sent",
            );
            return None;
        };
        let mut declared: Vec<(&String, &Value)> = content.iter().collect();
        declared.sort_by_key(|(media, _)| preference(media));
        let example = declared.first().and_then(|(_, value)| value.get("example"));
        let example = example.cloned();
        let mut schemas = Vec::new();
        let mut bodies = Vec::new();
        for (media, value) in declared {
            let at = at.at("content").at(media);
            bodies.push(self.read_content(media, value, &at, hint, &mut schemas));
        }
        let mut bodies = bodies.into_iter();
        let preferred = bodies.next()?;
        Some(Body {
            place: String::from(&at),
            // Swagger has no optional body without a default, and FastAPI marks its own.
            required: flag(object, "required"),
            example,
            description: prose(object, "description"),
            content: preferred.content,
            media: preferred.media,
            others: bodies.collect(),
        })
    }

    fn read_content(
        &mut self,
        media: &str,
        value: &'a Value,
        at: &Pointer,
        hint: &str,
        known: &mut Vec<(&'a Value, Schema)>,
    ) -> OtherBody {
        let schema_at = at.at("schema");
        let hint = format!("{hint}Body");
        let mut schema = |reader: &mut Self| -> Schema {
            let Some(value) = value.get("schema") else {
                return any();
            };
            // The same schema under several media types becomes one type.
            if let Some((_, schema)) = known.iter().find(|(known, _)| *known == value) {
                return schema.clone();
            }
            let schema = reader.schema(value, &schema_at, &hint);
            let schema = schema.without_integer_text();
            known.push((value, schema.clone()));
            schema
        };
        let (content, media) = match essence(media) {
            FORM => {
                let schema = schema(self);
                let fields = self.read_fields(&schema, value, at);
                (BodyContent::Form(schema, fields), media)
            }
            MULTIPART => match self.read_parts(value, at, &hint) {
                parts if parts.is_empty() => {
                    self.warn(
                        &schema_at,
                        "the multipart body declares no parts",
                        "the caller provides the whole body, with a media type that contains the boundary",
                    );
                    (BodyContent::Raw, media)
                }
                parts => (BodyContent::Multipart(parts), media),
            },
            range if range.contains('*') => {
                let may_be_json = range.starts_with("*/") || range.starts_with("application/");
                let json = may_be_json && value.get("schema").is_some() && {
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
        OtherBody {
            ident: setter(media),
            content,
            media: media.to_owned(),
        }
    }

    /// Returns the fields of a form that are not written in the default style.
    fn read_fields(&mut self, schema: &Schema, value: &'a Value, at: &Pointer) -> Vec<FormField> {
        let at = at.at("encoding");
        let Some(Kind::Object(object)) = self.known_kind(&schema.kind).cloned() else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (name, property) in object.properties {
            let at = at.at(&name);
            let encoding = encoding(value, &name);
            let (style, explode) = match encoding {
                Some(encoding) if media_of(encoding).is_some_and(|media| is_json(&media)) => {
                    (Style::Json, false)
                }
                Some(encoding) => self.style(encoding, &at, &name, Location::Query),
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
            let reserved = encoding.is_some_and(|it| flag(it, "allowReserved"));
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

    fn read_parts(&mut self, value: &'a Value, at: &Pointer, hint: &str) -> Vec<FormPart> {
        let Some(described) = value.get("schema") else {
            return Vec::new();
        };
        let schema = self.bare_schema(described, &at.at("schema"), hint);
        let Some(Kind::Object(Object { properties, .. })) = self.known_kind(&schema.kind).cloned()
        else {
            return Vec::new();
        };
        let required = strings(described.get("required"));
        let mut parts = Vec::new();
        for (name, property) in properties {
            let encoding = encoding(value, &name);
            let media = encoding.and_then(media_of);
            if encoding.is_some_and(|encoding| encoding.contains_key("headers")) {
                self.warn(
                    &at.at("encoding").at(&name).at("headers"),
                    format!("the part `{name}` declares headers"),
                    "they are not sent",
                );
            }
            let mut schema = property.schema.without_integer_text();
            if media.as_ref().is_some_and(|media| !is_json(media)) {
                self.leave_writing_to_caller(&mut schema);
            }
            let joined = encoding.filter(|it| it.get("explode") == Some(&Value::Bool(false)));
            let separator = joined.map(|encoding| {
                let at = at.at("encoding").at(&name);
                match self.style(encoding, &at, &name, Location::Query).0 {
                    Style::Space => " ",
                    Style::Pipe => "|",
                    Style::Tab => "\t",
                    _ => ",",
                }
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
                max_bytes: encoding.and_then(|it| it.get(MAX_BYTES)?.as_u64()),
                file_endings: encoding.map_or_else(Vec::new, |it| strings(it.get(FILE_ENDINGS))),
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

fn encoding<'v>(content: &'v Value, part: &str) -> Option<&'v Map<String, Value>> {
    content.get("encoding")?.get(part)?.as_object()
}

/// Returns the first concrete media type of an encoding.
fn media_of(encoding: &Map<String, Value>) -> Option<String> {
    let declared = encoding.get("contentType")?.as_str()?;
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
