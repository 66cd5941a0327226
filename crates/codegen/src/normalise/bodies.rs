//! Bodies of requests: their media types, and the parts of forms.

use serde_json::{Map, Value};

use super::parameters::argument_name;
use super::{Reader, any, essence, flag, is_json, prose, strings};
use crate::model::{Body, BodyContent, Part};
use crate::names::NAME_OVERRIDE;
use crate::pointer::Pointer;

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
        let place = String::from(&at);
        let content = object.get("content").and_then(Value::as_object)?;
        let preferred = [
            "application/json",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
        ];
        let (media, value) = preferred
            .iter()
            .find_map(|wanted| content.iter().find(|(media, _)| essence(media) == *wanted))
            .or_else(|| content.iter().find(|(media, _)| is_json(media)))
            .or_else(|| content.iter().next())?;
        let at = at.at("content").at(media).at("schema");
        let schema = |reader: &mut Self| match value.get("schema") {
            Some(schema) => reader.schema(schema, &at, &format!("{hint}Body")),
            None => any(),
        };
        let content = match essence(media) {
            _ if is_json(media) => BodyContent::Json(schema(self).without_integer_text()),
            "application/x-www-form-urlencoded" => {
                BodyContent::Form(schema(self).without_integer_text())
            }
            "multipart/form-data" => {
                let parts = value
                    .get("schema")
                    .map_or_else(Vec::new, |schema| self.read_parts(schema, &at));
                if parts.is_empty() {
                    self.problem(
                        &at,
                        "the multipart body names no parts",
                        "give its schema `properties`",
                    );
                }
                BodyContent::Multipart(parts)
            }
            other => BodyContent::Raw(other.to_owned()),
        };
        // Swagger has no optional body without a default, and FastAPI marks its own.
        let required = flag(object, "required");
        Some(Body {
            place,
            required,
            description: prose(object, "description"),
            content,
        })
    }

    fn read_parts(&mut self, schema: &'a Value, at: &Pointer) -> Vec<Part> {
        let mut schema = schema;
        let mut at = at.clone();
        for _ in 0..16 {
            let Some((next, next_at)) = self.resolve(schema, &at) else {
                return Vec::new();
            };
            (schema, at) = (next, next_at);
            match schema
                .get("allOf")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                Some([only]) => (schema, at) = (only, at.at("allOf").at(0)),
                _ => break,
            }
        }
        let required = strings(schema.get("required"));
        let properties = schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, part)| Part {
                place: at.at("properties").at(name).into(),
                ident: argument_name(
                    part.get(NAME_OVERRIDE)
                        .and_then(Value::as_str)
                        .unwrap_or(name),
                ),
                given: part.get(NAME_OVERRIDE).is_some(),
                required: required.contains(name),
                file: part.get("format").and_then(Value::as_str) == Some("binary"),
                description: part.as_object().and_then(|part| prose(part, "description")),
                name: name.clone(),
            })
            .collect()
    }
}

impl Body {
    /// The parts that are arguments of their own.
    pub(super) fn parts_mut(&mut self) -> &mut [Part] {
        match &mut self.content {
            BodyContent::Multipart(parts) => parts,
            _ => &mut [],
        }
    }
}
